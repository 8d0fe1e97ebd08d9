"""Edit blocks in a model's reply: text, not JSON, because models write worse code inside JSON strings.

The format, and what happens to odd content, is described in docs/edits.md. Markers may be longer than seven signs;
a block then ends at markers of its own length only, so that a file with such lines in it can be edited too.
"""

import json
import re
from collections.abc import Iterable, Iterator

from factory.contracts.change import Edit
from factory.contracts.errors import EditProblem

_HEADER = re.compile(r"### (edit|write|delete|rename)[ \t]+(\S.*)")
_OPEN = re.compile(r"(<{7,}) ?(SEARCH|CONTENT)")
_STRAY = re.compile(r"(<{7,} ?(SEARCH|CONTENT)|>{7,} ?(REPLACE|END))")
_RUN = re.compile(r"<{7,}|={7,}|>{7,}")
_NO_NEWLINE = "\\ No newline at end of file"
_NEWLINE = "\\ Newline at end of file"  # only needed after a last line that reads like one of these two


class _Lines:
    """The reply's lines with a position; line numbers in messages are the reply's own."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.at = 0

    def next(self) -> str | None:
        if self.at >= len(self.lines):
            return None
        self.at += 1
        return self.lines[self.at - 1]


def parse(text: str) -> tuple[Edit, ...]:
    """The edits of a reply in order; () when it has none.

    Prose and Markdown fences around the blocks are skipped. Raises EditProblem, written for the model, when a block is
    malformed, cut off or ambiguous: nothing of the reply is to be used then.
    """
    return tuple(_edits(_Lines(text)))


def _edits(lines: _Lines) -> Iterator[Edit]:
    kind = path = ""
    used = True  # the current header already has its block
    while (line := lines.next()) is not None:
        header = _HEADER.fullmatch(line.rstrip())
        opened = _OPEN.fullmatch(line.strip())
        if header:
            _demand_block(kind, path, used, lines.at)
            kind, path, used = header[1], header[2], True
            if kind == "delete":
                yield Edit(kind="delete", path=_path(path))
            elif kind == "rename":
                yield _rename(path, lines.at)
            else:
                used = False
        elif opened:
            yield _block(lines, kind, path, used, opened, carriage=line.endswith("\r"))
            used = True
        elif _STRAY.fullmatch(line.strip()):
            raise _malformed(
                lines.at, f"the marker `{line.strip()}` stands outside a block", "If it is part of a file, " + _LONGER
            )
    _demand_block(kind, path, used, lines.at)


_LONGER = "write that file's block with longer markers (eight or more signs, the same number in all of its markers)."


def _malformed(line: int, what: str, remedy: str, rule: str = "malformed") -> EditProblem:
    return EditProblem(f"Line {line} of your answer: {what}. {remedy}", rule=rule)


def _demand_block(kind: str, path: str, used: bool, line: int) -> None:
    if not used:
        want = "<<<<<<< SEARCH" if kind == "edit" else "<<<<<<< CONTENT"
        raise _malformed(line, f"`### {kind} {path}` has no block after it", f"Follow it with `{want}`.")


def _block(lines: _Lines, kind: str, path: str, used: bool, opened: re.Match[str], carriage: bool) -> Edit:
    start, width, word = lines.at, len(opened[1]), opened[2]
    expected = {"edit": "SEARCH", "write": "CONTENT"}.get(kind, "")
    if word != expected or (kind == "write" and used):
        verb = "edit" if word == "SEARCH" else "write"
        raise _malformed(start, f"a {word} block without its header", f"Put `### {verb} path/to/file` before it.")
    if word == "CONTENT":
        text = _section(lines, start, width, ">" * width + " END", (), carriage)
        return Edit(kind="write", path=_path(path), text=text)
    search = _section(lines, start, width, "=" * width, (">" * width + " REPLACE",), carriage)
    text = _section(lines, start, width, ">" * width + " REPLACE", ("=" * width,), carriage)
    return Edit(kind="replace", path=_path(path), search=search, text=text)


def _section(
    lines: _Lines, start: int, width: int, end: str, never: tuple[str, ...], carriage: bool
) -> str:  # fmt: skip
    """The text up to the marker `end`. A marker that would make the block's meaning doubtful is refused by name."""
    found: list[str] = []
    nested = ("<" * width + " SEARCH", "<" * width + " CONTENT", ">" * width + " END", ">" * width + " REPLACE")
    while (line := lines.next()) is not None:
        mark = line.rstrip()
        if mark == end:
            return _joined([text.removesuffix("\r") for text in found] if carriage else found)
        if mark in never or mark in nested:
            raise _malformed(
                lines.at, f"`{mark}` inside the block that starts in line {start}, where `{end}` was expected",
                "Close each block; if the line is part of the file, " + _LONGER,
            )  # fmt: skip
        found.append(line)
    raise _malformed(
        start, f"the block that starts here has no `{end}`: the answer was cut off",
        "Send it again in full, or in smaller edits.", rule="truncated",
    )  # fmt: skip


def _joined(found: list[str]) -> str:
    if not found:
        return ""
    if found[-1].rstrip("\r") == _NO_NEWLINE:
        return "\n".join(found[:-1])
    if found[-1].rstrip("\r") == _NEWLINE:
        found = found[:-1]
    return "\n".join(found) + "\n"


def _path(text: str) -> str:
    """A path as the header names it: bare, in backticks, or as a JSON string when it is an odd one."""
    text = text.strip()
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        try:
            return str(json.loads(text))
        except ValueError:
            pass
    if len(text) > 2 and text[0] == text[-1] == "`":
        return text[1:-1]
    return text


def _rename(text: str, line: int) -> Edit:
    quoted = re.fullmatch(r'("(?:[^"\\]|\\.)*"|.+?)\s+=>\s+(\S.*)', text)
    if not quoted:
        raise _malformed(line, "a rename without a target", "Write `### rename old/path => new/path`.")
    return Edit(kind="rename", path=_path(quoted[1]), target=_path(quoted[2]))


def show(edits: Iterable[Edit]) -> str:
    """The edits as blocks: `parse(show(edits)) == edits`."""
    return "\n".join(map(_shown, edits))


def _shown(edit: Edit) -> str:
    path = _quoted(edit.path)
    if edit.kind == "delete":
        return f"### delete {path}\n"
    if edit.kind == "rename":
        return f"### rename {path} => {_quoted(edit.target)}\n"
    width = max([6, *(len(run) for run in _RUN.findall(edit.search + "\n" + edit.text))]) + 1
    text = _closed(edit.text)
    if edit.kind == "write":
        return f"### write {path}\n{'<' * width} CONTENT\n{text}{'>' * width} END\n"
    search = _closed(edit.search)
    return f"### edit {path}\n{'<' * width} SEARCH\n{search}{'=' * width}\n{text}{'>' * width} REPLACE\n"


def _closed(text: str) -> str:
    if not text:
        return ""
    last = text.removesuffix("\n").rpartition("\n")[2].rstrip("\r")
    if not text.endswith("\n"):
        return f"{text}\n{_NO_NEWLINE}\n"
    return f"{text}{_NEWLINE}\n" if last in (_NO_NEWLINE, _NEWLINE) else text


def _quoted(path: str) -> str:
    odd = path != path.strip() or not path.isprintable() or "=>" in path or path[:1] in ('"', "`") or not path
    return json.dumps(path) if odd else path
