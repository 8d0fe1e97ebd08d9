"""A comparison that converts its sides: JavaScript and TypeScript."""

from factory.hunt.detector import Detector
from factory.hunt.script.keep import kept
from factory.hunt.source import SCRIPT

DETECTOR = Detector(
    id="loose-equality",
    title="A comparison that converts its sides",
    why="`0 == ''` and `'1' == 1` are true here, so a wrong type is not noticed.",
    severity="low",
    confidence=0.75,
    category="CWE-1024",
    languages=SCRIPT,
    codes={"ast-grep": ("js-loose-equality",)},
    keep=kept,
)
