"""What of the repository stands in a prompt: the pieces that the egress ledger counts."""

import re
from collections.abc import Iterable

from factory.contracts.model import Piece
from factory.contracts.record import digest
from factory.contracts.task import Pack
from factory.desk.sources import Now

_PART = re.compile(r"^(?=diff --git )", re.MULTILINE)
_SIGNS = ("--- ", "+++ ", "rename from ", "rename to ", "copy from ", "copy to ")
_ESCAPED = re.compile(r"\\([0-7]{3}|.)")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_FOUND = re.compile(r"(.+?):\d+:")


def piece(path: str, start: int, end: int, text: str) -> Piece:
    """Lines `start` to `end` of a file (0, 0: not lines of the file, but of a diff or a listing)."""
    raw = text.encode("utf-8", "backslashreplace")
    return Piece(path=path, start=start, end=end, bytes=len(raw), sha256=digest(raw))


def pieces_of(facts: Iterable[object]) -> tuple[Piece, ...]:
    """The pieces in a prompt's facts: files, map and advice of each pack, current files, each file's part of a diff."""
    found: list[Piece] = []
    for fact in facts:
        if isinstance(fact, Pack | Now):
            found += [piece(file.path, file.start, file.end, file.text) for file in fact.files]
        if isinstance(fact, Pack):
            found += [piece(path, 0, 0, text) for path, text in blocks_of(fact.map)]
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


def blocks_of(outline: str) -> list[tuple[str, str]]:
    """A pack's map by file: (path, its part of the text). A part begins with `path:`, its other lines are indented."""
    parts: list[tuple[str, str]] = []
    for line in outline.splitlines(keepends=True):
        if line.startswith("  ") and parts:
            path, text = parts[-1]
            parts[-1] = path, text + line
        elif line.rstrip("\n").endswith(":"):
            parts.append((line.rstrip("\n").removesuffix(":"), line))
    return parts


def parts_of(diff: str) -> list[tuple[tuple[str, ...], str]]:
    """A diff of git's by file: (its paths, the former one first, () when none can be read; its part of the text)."""
    return [(_paths(part), part) for part in _PART.split(diff) if part]


def _of_diff(diff: str) -> list[Piece]:
    return [piece(paths[-1], 0, 0, part) for paths, part in parts_of(diff) if paths]


def _paths(part: str) -> tuple[str, ...]:
    """From all lines of the head that name one."""
    found: dict[str, None] = {}
    lines = part.split("\n")
    for line in lines[1:]:
        if line.startswith("@@"):
            break
        sign = next((sign for sign in _SIGNS if line.startswith(sign)), "")
        path = _unquoted(line.removeprefix(sign)) if sign else ""
        path = re.sub(r"^[ab]/", "", path) if sign in _SIGNS[:2] else path
        if path and path != "/dev/null":
            found[path] = None
    head = re.fullmatch(r"diff --git a/(.+) b/\1", lines[0])  # an empty file, a mode: both names are the same
    return tuple(found) or ((head[1],) if head else ())


def _unquoted(name: str) -> str:
    """Git writes a path with special characters as a C string."""
    name = name.rstrip("\t")
    if not (len(name) > 1 and name.startswith('"') and name.endswith('"')):
        return name
    return _ESCAPED.sub(lambda m: chr(int(m[1], 8)) if m[1].isdigit() else _LETTERS.get(m[1], m[1]), name[1:-1])
