"""Documentation that the code or the configuration contradicts."""

from factory.hunt.detector import Detector
from factory.hunt.docs import contradictions

DETECTOR = Detector(
    id="docs-contradiction",
    title="Documentation that is not true",
    why="Who follows it fails, and trusts the rest less.",
    severity="low",
    confidence=0.55,
    category="CWE-1110",
    languages=(),
    survey=contradictions,
)
