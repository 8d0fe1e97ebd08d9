"""One file cut to what a task needs of it: whole when it is short, else whole functions, else windows of lines."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from factory.codegraph.symbols import outline

SHORT = 160  # lines: shown whole
AROUND = 12
MAX_CHUNK = 120
MAX_PIECES = 6
MAX_FOCUS = 60


class Piece(NamedTuple):
    """1-based inclusive lines."""

    start: int
    end: int
    text: str


def cut(path: str, text: str, focus: Sequence[int], chars: int) -> list[Piece]:
    """Pieces of `text` of at most `chars` characters in all, in the order of their lines; [] when nothing fits."""
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    if not lines:
        return []
    if len(text) <= chars and (len(lines) <= SHORT or len(text) <= chars // 3):
        return [Piece(1, len(lines), text)]
    spans: list[tuple[int, int]] = []
    room = chars
    for start, end in _wanted(path, text, len(lines), focus):
        size = sum(len(line) + 1 for line in lines[start - 1 : end])
        if size <= room and not any(start <= b and end >= a for a, b in spans):
            spans.append((start, end))
            room -= size
        if len(spans) == MAX_PIECES:
            break
    return [Piece(a, b, "\n".join(lines[a - 1 : b]) + "\n") for a, b in _joined(sorted(spans))]


def _wanted(path: str, text: str, count: int, focus: Sequence[int]) -> Iterator[tuple[int, int]]:
    """For each line of interest its function, or the lines around it; for none the head of the file."""
    found = outline(path, text)
    chunks = found.chunks if found else ()
    for line in focus[:MAX_FOCUS] or (1,):
        inside = [chunk for chunk in chunks if chunk.start <= line <= chunk.end]
        smallest = min(inside, key=lambda chunk: chunk.end - chunk.start, default=None)
        if smallest and smallest.end - smallest.start < MAX_CHUNK:
            yield smallest.start, smallest.end
        else:
            low = max(smallest.start if smallest else 1, line - AROUND)
            yield low, min(smallest.end if smallest else count, low + (2 * AROUND if focus else SHORT // 2))


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbours become one piece."""
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and start <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
