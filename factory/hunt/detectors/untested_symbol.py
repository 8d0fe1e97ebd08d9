"""Functions that were changed lately and that no test reaches."""

from factory.hunt.detector import Detector
from factory.hunt.source import SCRIPT
from factory.hunt.untested import untested

DETECTOR = Detector(
    id="untested-symbol",
    title="A changed function that no test reaches",
    why="What was just changed is what breaks, and nothing here would say so.",
    severity="low",
    confidence=0.5,
    category="",
    languages=("python", *SCRIPT),
    survey=untested,
)
