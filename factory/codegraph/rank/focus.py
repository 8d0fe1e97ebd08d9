"""The lines of a file that are worth showing for an issue: where its best symbols stand, where its names are used."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from factory.codegraph.facts import Facts, Symbol
from factory.codegraph.words import words_in

SYMBOLS, USES = 8, 8
OWN = 3.0  # times that a word in a symbol's name counts against one in its body
USUAL = 25  # lines of a symbol
K1, B, LONGEST = 1.2, 0.75, 8.0

Spots: TypeAlias = list[tuple[int, tuple[str, ...]]]  # (line, words of the issue that stand there)


class Focus:
    """For the words of one issue, by how much each says; what a name holds of them is kept."""

    def __init__(self, rare: Mapping[str, float], names: Iterable[str]) -> None:
        self._rare = rare
        self._names = frozenset(names)
        self._held: dict[str, tuple[str, ...]] = {}

    def lines(self, facts: Facts) -> tuple[int, ...]:
        """Best first: symbols by BM25 over their names, signatures and what they use, then uses of the names."""
        spots = sorted((use.line, words) for use in facts.uses if (words := self._words(use.name)))
        scored = [(self._symbol(symbol, spots), symbol.line) for symbol in facts.symbols]
        best = sorted((item for item in scored if item[0] > 0), key=lambda item: (-item[0], item[1]))[:SYMBOLS]
        used = [use.line for use in facts.uses if use.name in self._names][:USES]
        return tuple(dict.fromkeys([*(line for _, line in best), *used]))

    def _words(self, name: str) -> tuple[str, ...]:
        found = self._held.get(name)
        if found is None:
            found = self._held[name] = tuple(word for word in words_in(name) if word in self._rare)
        return found

    def _symbol(self, symbol: Symbol, spots: Spots) -> float:
        inside = spots[bisect_left(spots, (symbol.start,)) : bisect_left(spots, (symbol.end + 1,))]
        own = self._words(symbol.name)
        if not (inside or own):
            return 0.0
        counts: dict[str, float] = dict.fromkeys(own, OWN)
        texts = [word for name in symbol.doc.split() for word in self._words(name)]
        for word in (*texts, *(word for _, words in inside for word in words)):
            counts[word] = counts.get(word, 0.0) + 1.0
        size = 1 - B + B * min(LONGEST, (symbol.end - symbol.start + 1) / USUAL)
        return sum(self._rare[word] * (K1 + 1) * count / (count + K1 * size) for word, count in counts.items())
