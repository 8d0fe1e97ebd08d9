"""Code that nothing calls: what vulture and the graph suspect, and no word in the tree contradicts."""

from factory.hunt.dead import scripts, sifted
from factory.hunt.detector import Detector
from factory.hunt.source import SCRIPT

DETECTOR = Detector(
    id="dead-code",
    title="A definition that nobody uses",
    why="It is read, tested and kept alive for nobody.",
    severity="low",
    confidence=0.8,
    category="CWE-561",
    languages=("python", *SCRIPT),
    codes={"vulture": ("unused-function", "unused-method", "unused-class", "unused-property")},
    sift=sifted,
    survey=scripts,
)
