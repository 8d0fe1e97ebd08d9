"""ruff's safe fixes, one finding's and no other's: unused imports, names bound twice.

The file is written alone into a folder of ours under its own name (rules differ for `__init__.py`), and the target's
configuration is not read.
"""

import json
import re
import tempfile
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from factory.hunt.engines.process import EngineProblem, program, run

CODES = ("F401", "F811")
_IMPORT = re.compile(r"`([^`]+)` imported but unused")
_DYNAMIC = re.compile(r"\b(eval|exec|globals|locals|vars)\(")


class Edit(NamedTuple):
    """Replace what stands between two places, 1-based, columns in characters."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


def mend(text: str, path: str, line: int) -> str | None:
    """Raises EngineProblem when ruff cannot be asked."""
    rows = [row for row in _asked(text, path) if row["location"]["row"] == line and row["code"] in CODES]
    safe = [row for row in rows if row.get("fix") and row["fix"].get("applicability") == "safe"]
    if not safe or _asked_for_by_name(text, str(safe[0]["message"])):
        return None
    return applied(text, [_edit(each) for each in safe[0]["fix"]["edits"]])


def _asked_for_by_name(text: str, message: str) -> bool:
    """May something use the import that no parser sees: a doctest, a type comment, eval; what `import a.b` does when
    it is loaded?"""
    match = _IMPORT.match(message)
    if not match:
        return False
    name = match[1].rpartition(" as ")[2]
    plain = re.search(rf"^[ \t]*import[^\n]*\b{re.escape(name)}\b", text, re.MULTILINE)
    if "." in name and plain:
        return True
    return bool(_DYNAMIC.search(text)) or len(re.findall(rf"\b{re.escape(name.rpartition('.')[2])}\b", text)) > 1


def applied(text: str, edits: list[Edit]) -> str | None:
    """The text with all of them, None when one does not fit."""
    starts = [0, *(found.end() for found in re.finditer(r"\r\n|\n|\r", text))]
    for edit in sorted(edits, reverse=True):
        try:
            begin, end = (starts[row - 1] + column - 1 for row, column in (edit.start, edit.end))
        except IndexError:
            return None
        if not 0 <= begin <= end <= len(text):
            return None
        text = text[:begin] + edit.text + text[end:]
    return text


@lru_cache(maxsize=4)
def _asked(text: str, path: str) -> list[dict]:  # type: ignore[type-arg]  # ruff's rows, looked at where they are used
    with tempfile.TemporaryDirectory(prefix="factory-mend-") as folder:
        file = Path(folder) / (PurePosixPath(path).name if path.endswith((".py", ".pyi")) else "mended.py")
        file.write_bytes(text.encode())
        done = run(
            [program("ruff"), "check", "--isolated", "--no-cache", "--exit-zero", "--output-format=json",
             f"--select={','.join(CODES)}", "--", str(file)],
            Path("/"), seconds=30,
        )  # fmt: skip
    try:
        found = json.loads(done.text)
        return [row for row in found if isinstance(row, dict)]
    except ValueError:
        raise EngineProblem("ruff's output is not what it was.") from None


def _edit(row: dict) -> Edit:  # type: ignore[type-arg]
    begin, end = row["location"], row["end_location"]
    return Edit((begin["row"], begin["column"]), (end["row"], end["column"]), str(row["content"]))
