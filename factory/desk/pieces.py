"""What of the repository stands in a prompt: the pieces that the egress ledger counts."""

import re
from collections.abc import Iterable

from factory.contracts.model import Piece
from factory.contracts.record import digest
from factory.contracts.task import Pack

_HEADER = re.compile(r"^diff --git a/.* b/(.*)$", re.MULTILINE)

_FOUND = re.compile(r"(.+?):\d+:")


def piece(path: str, start: int, end: int, text: str) -> Piece:
    """Lines `start` to `end` of a file (0, 0: not lines of the file, but of a diff or a listing)."""
    raw = text.encode("utf-8", "backslashreplace")
    return Piece(path=path, start=start, end=end, bytes=len(raw), sha256=digest(raw))


def pieces_of(facts: Iterable[object]) -> tuple[Piece, ...]:
    """The pieces in a prompt's facts: files and advice of each pack, each file's part of each diff."""
    found: list[Piece] = []
    for fact in facts:
        if isinstance(fact, Pack):
            found += [piece(file.path, file.start, file.end, file.text) for file in fact.files]
            found += [piece(advice.path, 1, advice.text.count("\n") + 1, advice.text) for advice in fact.advice]
        elif isinstance(fact, str) and fact.startswith("diff --git "):
            found += _of_diff(fact)
    return tuple(dict.fromkeys(found))


def pieces_found(lines: str) -> tuple[Piece, ...]:
    """The pieces in a search's output, `path:line: text` a line: what was found in one file is one piece."""
    files: dict[str, list[str]] = {}
    for line in lines.splitlines():
        found = _FOUND.match(line)
        if found:
            files.setdefault(found[1], []).append(line)
    return tuple(piece(path, 0, 0, "\n".join(part)) for path, part in files.items())


def _of_diff(diff: str) -> list[Piece]:
    heads = list(_HEADER.finditer(diff))
    ends = [head.start() for head in heads[1:]] + [len(diff)]
    return [piece(head[1], 0, 0, diff[head.start() : end]) for head, end in zip(heads, ends, strict=True)]
