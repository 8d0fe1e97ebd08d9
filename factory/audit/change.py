"""A change as an audit sees it: which lines are new, and which files around them are read too."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from factory.hunt.source import LANGUAGES, Source

MOST_FILES = 60  # that are followed together, the changed ones first
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@")


@dataclass(frozen=True)
class Change:
    """`before` and `after` give a file's bytes in the base and in the candidate, None when it is not there.

    `near` are paths that use what the changed files define, or are used by them: the code graph's word.
    """

    before: Callable[[str], bytes | None]
    after: Callable[[str], bytes | None]
    added: dict[str, frozenset[int]]  # path -> lines of the candidate that are new or changed, 1-based
    near: Sequence[str] = ()
    paths: Sequence[str] = field(default_factory=tuple)  # of the candidate's tree

    def sources(self, read: Callable[[str], bytes | None], tests: bool = False) -> list[Source]:
        """The changed files and those near them, as far as an audit reads them."""
        names = dict.fromkeys((*self.added, *self.near))
        found = (Source(path, data) for path in names if (data := read(path)) is not None)
        return [one for one in found if tests or not one.is_test][:MOST_FILES]

    def touches(self, path: str, *lines: int) -> bool:
        new = self.added.get(path, frozenset())
        return any(line in new for line in lines)


def added_lines(diff: str) -> dict[str, frozenset[int]]:
    """From a unified diff of git's: new lines by path. A file that only lost lines is there with none."""
    found: dict[str, set[int]] = {}
    path, line, in_hunk = "", 0, False
    for row in diff.splitlines():
        if row.startswith("diff --git "):
            path, in_hunk = "", False
        elif not in_hunk and row.startswith("+++ "):
            name = row[4:].split("\t")[0].strip('"')
            path = name[2:] if name.startswith("b/") else ""
            if path:
                found.setdefault(path, set())
        elif hunk := _HUNK.match(row):
            line, in_hunk = int(hunk[1]), True
        elif in_hunk and path:
            if row.startswith("+"):
                found[path].add(line)
            line += not row.startswith(("-", "\\"))
    return {path: frozenset(lines) for path, lines in found.items()}


def is_read(path: str) -> bool:
    return bool(Source(path, b"").language) or path.startswith(".github/workflows/") or path.endswith(tuple(LANGUAGES))
