"""What a detector is: one thing that is wrong in code, how to see it, and how sure that is.

A detector is a module of `detectors/` with one constant, `DETECTOR`. It looks in one of three ways: through rules of an
engine (`codes`), at one file (`look`), or at everything (`survey`). All of them give hits; findings are made of them in
one place (`findings.py`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from factory.contracts.finding import Severity
from factory.hunt.ground import Ground
from factory.hunt.source import Source

Engine = Literal["ruff", "vulture", "ast-grep", "zizmor"]


@dataclass(frozen=True)
class Hit:
    """One place. Lines are 1-based and inclusive; what is None or empty comes from the detector."""

    path: str
    start: int
    message: str
    end: int = 0  # 0: one line
    quoted: str = ""  # what the fingerprint rests on; "" = the lines themselves
    severity: Severity | None = None
    confidence: float | None = None
    fix: str = ""  # what to do, in words
    code: str = ""  # the engine's own rule


@dataclass(frozen=True)
class Detector:
    id: str  # kebab-case, the finding's rule and the heading in docs/hunt.md
    title: str  # what is wrong, as a short phrase
    why: str  # one or two sentences: what it costs, and what to write instead
    severity: Severity
    confidence: float
    category: str  # CWE-…, or "" for what is no weakness
    languages: tuple[str, ...]  # names of `source.LANGUAGES`; () = files of any kind
    codes: Mapping[Engine, tuple[str, ...]] = field(default_factory=dict)
    keep: Callable[[Source, Hit], Hit | None] | None = None  # an engine's hit as it counts here; None drops it
    sift: Callable[[Ground, Sequence[Hit]], Iterable[Hit]] | None = None  # the engines' hits together, before `keep`
    look: Callable[[Source], Iterable[Hit]] | None = None
    survey: Callable[[Ground], Iterable[Hit]] | None = None
    codemod: str = ""  # name of the safe fix in `fixes/`, "" = none: a model must write it
    in_tests: bool = False  # does it count in test files too?
