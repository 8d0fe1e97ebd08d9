"""A unified diff read into files and numbered lines, for those who show it. The text is untrusted: nothing raises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
Kind = Literal["add", "del", "same", "hunk", "note"]


class Row(NamedTuple):
    """One line of a diff. `old` and `new` are 1-based line numbers, 0 where the line does not exist."""

    kind: Kind
    old: int
    new: int
    text: str


@dataclass
class FileDiff:
    path: str
    note: str = ""  # "new file", "deleted", "renamed from x", "binary"
    rows: list[Row] = field(default_factory=list)

    @property
    def added(self) -> int:
        return sum(row.kind == "add" for row in self.rows)

    @property
    def removed(self) -> int:
        return sum(row.kind == "del" for row in self.rows)


def parse(diff: str) -> tuple[FileDiff, ...]:
    """The files of a unified diff as git writes it."""
    lines = diff.split("\n")
    starts = [n for n, line in enumerate(lines) if line.startswith("diff --git ")]
    return tuple(_file(lines[start:end]) for start, end in pairwise([*starts, len(lines)]))


def _file(lines: list[str]) -> FileDiff:
    head = next((n for n, line in enumerate(lines) if line.startswith("@@ ")), len(lines))
    made = FileDiff(_path_of_header(lines[0]))
    for line in lines[1:head]:
        if line.startswith(("--- ", "+++ ")) and not line.endswith("/dev/null"):
            made.path = unquoted(line[4:])[2:]
        elif line.startswith("new file mode"):
            made.note = "new file"
        elif line.startswith("deleted file mode"):
            made.note = "deleted"
        elif line.startswith("rename from "):
            made.note = f"renamed from {unquoted(line[12:])}"
        elif line.startswith("rename to "):
            made.path = unquoted(line[10:])
        elif line.startswith("Binary files "):
            made.note = f"{made.note}, binary".removeprefix(", ")
    made.rows.extend(_rows(lines[head:]))
    return made


def _path_of_header(line: str) -> str:
    """`diff --git a/x b/x`: the two halves are the same path unless it was renamed."""
    names = line.removeprefix("diff --git ")
    return unquoted(names[len(names) // 2 + 1 :])[2:]


def _rows(lines: list[str]) -> Iterator[Row]:
    old = new = 0
    for line in lines:
        if line.startswith("@@") and (hunk := _HUNK.match(line)):
            old, new = int(hunk[1]), int(hunk[3])
            yield Row("hunk", 0, 0, line)
        elif line[:1] == "+":
            yield Row("add", 0, new, line)
            new += 1
        elif line[:1] == "-":
            yield Row("del", old, 0, line)
            old += 1
        elif line[:1] == "\\":
            yield Row("note", 0, 0, line)
        elif line:
            yield Row("same", old, new, line)
            old, new = old + 1, new + 1


def unquoted(path: str) -> str:
    """A path as git prints it: in C quotes when it has unusual characters; a tab ends names with spaces."""
    path = path.rstrip("\t")
    if len(path) < 2 or path[0] != '"' or path[-1] != '"':
        return path
    raw = _ESCAPED.sub(_unescaped, path[1:-1].encode("utf-8", "surrogateescape"))
    return raw.decode("utf-8", "surrogateescape")


def _unescaped(match: "re.Match[bytes]") -> bytes:
    said = match[1]
    return bytes([int(said, 8) & 0xFF]) if len(said) == 3 else _LETTERS.get(said, said)
