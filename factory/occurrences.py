"""Where any of many strings stands in a text, in time that grows with the text and hardly with their number."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

HEAD = 6  # characters by which a place is chosen at which one could begin
FEW = 24  # so many are faster looked for one by one
LONG = 1024  # characters; of longer ones a text holds few: one by one

Span = tuple[int, int]


class Occurrences:
    """The places of `wanted`. Where several begin at one place, the longest counts."""

    def __init__(self, wanted: Iterable[str], few: int = FEW) -> None:
        every = sorted({each for each in wanted if each})
        many = [each for each in every if HEAD <= len(each) <= LONG] if len(every) > few else []
        self._alone = [each for each in every if not many or not HEAD <= len(each) <= LONG]
        self._sorted = many
        self._sizes = [*map(len, many), 0]  # the last one, -1, stands for none
        self._up, self._jump = _ways_up(many)
        self._heads: dict[str, int] = {}  # -> characters of the longest that begins so
        for each in many:
            self._heads[each[:HEAD]] = max(len(each), self._heads.get(each[:HEAD], 0))

    def places(self, text: str) -> Iterator[Span]:
        """In no order. They may overlap."""
        for each in self._alone:
            at = text.find(each)
            while at >= 0:
                yield at, at + len(each)
                at = text.find(each, at + 1)
        if self._heads:
            heads = self._heads
            for at in range(len(text) - HEAD + 1):
                most = heads.get(text[at : at + HEAD])
                size = self._longest(text[at : at + most]) if most else 0
                if size:
                    yield at, at + size

    def _longest(self, here: str) -> int:
        """Characters of the longest that `here` begins with, 0 for none.

        All that stand in order between one that `here` begins with and `here` itself begin with that one too: so it
        is the last one before `here`, or a beginning of that.
        """
        n, sizes = bisect_right(self._sorted, here) - 1, self._sizes
        size = shared(self._sorted[n], here) if n >= 0 else 0
        while sizes[n] > size:
            n = self._jump[n] if sizes[self._jump[n]] > size else self._up[n]
        return sizes[n]


def merged(places: Iterable[Span]) -> list[Span]:
    """In order, those that overlap as one."""
    found: list[Span] = []
    for start, end in sorted(places):
        if found and start < found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _ways_up(ordered: list[str]) -> tuple[list[int], list[int]]:
    """(for each string the longest other one that it begins with, one further up): a long way up takes few steps."""
    up, jump, depth = [-1] * (len(ordered) + 1), [-1] * (len(ordered) + 1), [0] * (len(ordered) + 1)
    open_: list[int] = []
    for n, each in enumerate(ordered):
        while open_ and not each.startswith(ordered[open_[-1]]):
            open_.pop()
        parent = open_[-1] if open_ else -1
        far = jump[parent]
        even = depth[parent] - depth[far] == depth[far] - depth[jump[far]]
        up[n], jump[n], depth[n] = parent, jump[far] if even else parent, depth[parent] + 1
        open_.append(n)
    return up, jump


def shared(one: str, other: str) -> int:
    """Characters that both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low
