"""Fixes without a model: what becomes of a file's text when one finding is mended, and nothing else in it changes.

A fix is taken only where the result is certainly right; where it is not, it says no (None), and the finding stays for
people or a model. Nothing here runs the code it reads.
"""

from collections.abc import Callable, Mapping
from importlib.util import find_spec

from factory.contracts.finding import Finding
from factory.hunt.detectors import all_detectors

Fix = Callable[[str, Finding], str | None]
LONGEST = 1_000_000  # characters of a file that is mended by itself


def _except_exception(text: str, finding: Finding) -> str | None:
    from factory.hunt.fixes.except_exception import mend

    return mend(text, finding.start, finding.end)


def _none_default(text: str, finding: Finding) -> str | None:
    from factory.hunt.fixes.none_default import mend

    return mend(text, finding.start, finding.end)


def _ruff(text: str, finding: Finding) -> str | None:
    from factory.hunt.fixes.ruff import mend

    return mend(text, finding.path, finding.start)


FIXES: Mapping[str, Fix] = {
    "except-exception": _except_exception,
    "none-default": _none_default,
    "ruff": _ruff,
}
"""By the name that a detector's `codemod` gives."""


def codemods() -> dict[str, str]:
    """Which fix mends which rule: the fix's name by the detector's id."""
    return {each.id: each.codemod for each in all_detectors() if each.codemod in FIXES}


def lacking(library: str = "libcst") -> str:
    """Why no fix can be tried here, "" = all can."""
    return "" if find_spec(library) else f"No fix was tried: {library} is not installed: install dark-factory[hunt]."


def mended(text: str, finding: Finding, codemod: str) -> str | None:
    """The text without this finding. None: no such fix, or it would not be certain to be right."""
    fix = FIXES.get(codemod)
    if fix is None or len(text) > LONGEST or "\0" in text:
        return None
    new = fix(text, finding)
    return new if new is not None and new != text and _parses(new) else None


def _parses(text: str) -> bool:
    """All of them mend Python; what does not parse afterwards is not taken."""
    import ast

    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
