"""What the repository's own ast-grep rules find."""

from factory.hunt.detector import Detector
from factory.hunt.repository_rules import hits

DETECTOR = Detector(
    id="repository-rule",
    title="A rule of the repository itself",
    why="The repository forbids this in a rule of its own.",
    severity="low",
    confidence=0.8,
    category="",
    languages=(),
    survey=hits,
    in_tests=True,
)
