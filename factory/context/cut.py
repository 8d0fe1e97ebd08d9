"""One file cut to what a task needs of it: whole when it is short, else whole symbols with what they stand in."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from factory.codegraph.facts import Facts, Symbol

AROUND = 12  # lines shown around one that stands in no symbol, or in one too long
MAX_SYMBOL = 150  # lines of a symbol that is shown whole
MAX_FOCUS, MAX_SPANS, MAX_NEAR = 60, 40, 60
MAX_HEAD, MAX_IMPORTS = 4, 30  # lines of what encloses a symbol, and of imports
GAP = 3  # lines between two pieces that are shown too, so that they become one
NAMED = 3  # cut symbols that a piece names
VALUES = ("field", "constant", "variable")
HOLDERS = ("class", "interface", "trait", "struct", "enum", "union", "type", "module")

Span = tuple[int, int]


class Piece(NamedTuple):
    """1-based inclusive lines. `said` is what a reader must know: which symbols it shows only a part of."""

    start: int
    end: int
    text: str
    said: str = ""


def cut(
    text: str, facts: Facts, focus: Sequence[int], room: int, size: Callable[[int, int, str, str], int],
    full: bool = False,
) -> list[Piece]:  # fmt: skip
    """Pieces in the order of their lines; [] when nothing fits. `focus`: lines of interest, the best first.

    `full`: what room is left goes to what the shown symbols use in this file, and to what stands near them.

    `size(start, end, text, said)` is what a piece costs in a prompt; all together cost at most `room`.
    """
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    if not lines:
        return []
    whole = Piece(1, len(lines), text)
    cost = size(*whole)
    if cost <= room:
        return [whole]
    chosen: list[Span] = []
    pieces: list[Piece] = []
    for group in chain(_wanted(lines, facts, focus), _near(facts, focus) if full else ()):
        more = [_piece(span, lines, facts) for span in joined([*chosen, *group])]
        if sum(size(*piece) for piece in more) <= room:
            chosen, pieces = [*chosen, *group], more
        if len(chosen) >= MAX_SPANS:
            break
    return pieces


def _wanted(lines: Sequence[str], facts: Facts, focus: Sequence[int]) -> Iterable[list[Span]]:
    """What goes in together or not at all: first the symbol of each line of interest, with the heads around it."""
    imports = _imports(lines, facts)
    for n, line in enumerate([at for at in focus if 1 <= at <= len(lines)][:MAX_FOCUS] or [1]):
        spans = [_around(line, len(lines), facts)]
        heads = _heads(spans[0], facts)
        if n == 0 and imports:
            yield [*spans, *heads, imports]
        yield [*spans, *heads]
        yield spans
    if imports:
        yield [imports]


def _near(facts: Facts, focus: Sequence[int]) -> Iterable[list[Span]]:
    """The other functions of the file: first those that the best symbols mention, then by their distance."""
    best = [_around(line, facts.lines, facts) for line in focus[:NAMED]]
    used = {use.name for use in facts.uses if any(start <= use.line <= end for start, end in best)}

    def distance(one: Symbol) -> tuple[bool, int]:
        return one.name not in used, min((abs(one.line - start) for start, _ in best), default=0)

    others = [one for one in facts.symbols if one.kind not in (*VALUES, *HOLDERS) and one.end - one.start < MAX_SYMBOL]
    for one in sorted(others, key=distance)[:MAX_NEAR]:
        yield [(one.start, one.end), *_heads((one.start, one.end), facts)]


def _around(line: int, count: int, facts: Facts) -> Span:
    """The smallest symbol that holds the line, or lines around it when there is none or it is too long."""
    inside = [one for one in facts.symbols if one.start <= line <= one.end]
    smallest = min(inside, key=lambda one: one.end - one.start, default=None)
    if smallest and smallest.end - smallest.start < MAX_SYMBOL:
        return smallest.start, smallest.end
    low, high = (smallest.start, smallest.end) if smallest else (1, count)
    low, high = max(low, line - AROUND), min(high, line + 2 * AROUND)
    between = [one for one in facts.symbols if not one.start <= line <= one.end]
    low = max([low, *(one.end + 1 for one in between if low <= one.end < line)])
    return low, min([high, *(one.start - 1 for one in between if line < one.start <= high)])


def _heads(span: Span, facts: Facts) -> list[Span]:
    """The first lines of what a span stands in: `class Cart:`."""
    outer = [one for one in facts.symbols if one.start < span[0] and one.end >= span[1] and one.kind not in VALUES]
    return [(one.line, min(one.line, one.start + MAX_HEAD)) for one in outer if one.line < span[0]]


def _imports(lines: Sequence[str], facts: Facts) -> Span | None:
    """From the first import at the top of the file to the end of the last one that is near."""
    found = sorted({one.line for one in facts.imports})
    if not found:
        return None
    start = last = found[0]
    for line in found:
        if line - last > GAP * 3 or line - start >= MAX_IMPORTS:
            break
        last = line
    end, depth = last, 0
    for end in range(last, min(last + 15, len(lines)) + 1):
        depth += sum(lines[end - 1].count(sign) for sign in "({") - sum(lines[end - 1].count(sign) for sign in ")}")
        if depth <= 0:
            break
    return start, end


def joined(spans: Iterable[Span]) -> list[Span]:
    """In order, and neighbours as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1] + 1 + GAP:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _piece(span: Span, lines: Sequence[str], facts: Facts) -> Piece:
    start, end = span
    return Piece(start, end, "\n".join(lines[start - 1 : end]) + "\n", parts(span, facts.symbols))


def parts(span: Span, symbols: Iterable[Symbol]) -> str:
    """Which symbols the lines hold only a part of, and in which classes they stand; '' when all are whole."""
    start, end = span
    holders, partial = [], []
    for one in symbols:
        if (start <= one.start and one.end <= end) or one.end < start or one.start > end:
            continue
        if one.kind in HOLDERS:
            holders.append(f"{one.full} (lines {one.start} to {one.end})")
        else:
            partial.append(f"{one.full} is cut: it is lines {one.start} to {one.end}")
    more = len(partial) - NAMED
    if more > 0:
        partial[NAMED:] = [f"{more} more are cut"]
    return "; ".join([*(f"part of {name}" for name in holders[-NAMED:]), *partial])
