"""Which parts of a paragraph are code for every reader of markdown. In doubt a part is none, and is made harmless."""

import re

_RUN = re.compile(r"`+")
_HTML = re.compile(r"^[ \t>*+\-0-9.)]*<", re.MULTILINE)


def spans(text: str) -> list[tuple[bool, str]]:
    """(is it a span of code?, part), one after the other."""
    found: list[tuple[bool, str]] = []
    for chunk in re.split(r"(\n[ \t]*\n)", text):
        found += _chunk(chunk)
    return [(is_code, part) for is_code, part in found if part]


def _chunk(chunk: str) -> list[tuple[bool, str]]:
    """Lines without an empty one between them. Each line must pair its own backticks: then it does not matter where
    one block ends and the next begins. A line of HTML may make all of them HTML."""
    if "`" not in chunk or _HTML.search(chunk):
        return [(False, chunk)]
    found: list[tuple[bool, str]] = []
    for row in chunk.splitlines(keepends=True):
        parts = _row(row)
        if parts is None:
            return [(False, chunk)]
        found += parts
    return found


def _row(row: str) -> list[tuple[bool, str]] | None:
    """None: a backtick of this line has no partner in it."""
    found: list[tuple[bool, str]] = []
    place = 0
    while match := _RUN.search(row, place):
        before = row[place : match.start()]
        if before.endswith(("\\", "$")):
            return None
        close = next((run for run in _RUN.finditer(row, match.end()) if len(run[0]) == len(match[0])), None)
        if close is None or "|" in row[match.end() : close.start()]:  # a table's cell ends before a span does
            return None
        found += [(False, before), (True, row[match.start() : close.end()])]
        place = close.end()
    return [*found, (False, row[place:])]
