"""Text that is run as code: JavaScript and TypeScript."""

from factory.hunt.detector import Detector
from factory.hunt.script.keep import kept
from factory.hunt.source import SCRIPT

DETECTOR = Detector(
    id="eval-call",
    title="Text that is run as code",
    why="Who writes that text runs code with this program's rights. Use a parser, a table of functions, JSON.parse.",
    severity="high",
    confidence=0.75,
    category="CWE-95",
    languages=SCRIPT,
    codes={"ast-grep": ("js-eval",)},
    keep=kept,
)
