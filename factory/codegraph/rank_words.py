"""Lexical signals: BM25 over the words of files, of the symbols they define, of their best part, and of their paths."""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from factory.codegraph.facts import Facts, Symbol
from factory.codegraph.issue_words import Issue
from factory.codegraph.rank_index import Index
from factory.codegraph.words import words_in

K1, B = 1.2, 0.75
MAX_TERMS = 60
COMMON_NAME = 30  # files: a name that more define or hold says nothing


def rarities(index: Index, words: Iterable[str]) -> dict[str, float]:
    """How much each word says, of those that stand in any source."""
    found = {}
    for word in words:
        held = sum(1 for doc, _ in index.view.postings("word", word) if doc in index.sources)
        if held:
            found[word] = index.rarity(held)
    return dict(sorted(found.items(), key=lambda item: -item[1])[:MAX_TERMS])


def bodies(index: Index, rare: Mapping[str, float], times: Mapping[str, int]) -> dict[int, float]:
    """BM25 of whole files, by the number of their contents."""
    scores: dict[int, float] = defaultdict(float)
    lengths, average = index.lengths, index.average
    for word, rarity in rare.items():
        weight = rarity * (K1 + 1) * _repeated(times.get(word, 1))
        for doc, count in index.view.postings("word", word):
            scores[doc] += weight * count / (count + K1 * (1 - B + B * lengths[doc] / average))
    return scores


def _repeated(times: int) -> float:
    return 1 + math.log(times)


def paths(index: Index, rare: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """(what of its name, what of its folders the words say) for every path that has any of them, each 0 to 1."""
    found = {}
    wanted = rare.keys()
    total = len(index.places)
    for path, (name, folders) in index.places.items():
        if not wanted.isdisjoint(name) or not wanted.isdisjoint(folders):
            found[path] = tuple(_share(part, wanted, index.place_counts, total) for part in (name, folders))
    return found  # type: ignore[return-value]


def _share(part: Iterable[str], wanted: Iterable[str], counts: Mapping[str, int], total: int) -> float:
    weight = {word: math.log(1 + total / counts[word]) for word in part}
    whole = sum(weight.values())
    return sum(weight[word] for word in part if word in wanted) / whole if whole else 0.0


class Parts(NamedTuple):
    """Of one file: what the names of its symbols and its best symbol say, how much of the issue it holds; `lines`
    are those of its best symbols."""

    names: float
    best: float
    lines: tuple[int, ...]
    symbols: tuple[str, ...]


class Reader:
    """Looks into files for the words of one issue; what a name holds of them is kept."""

    def __init__(self, rare: Mapping[str, float]) -> None:
        self._rare = rare
        self._held: dict[str, tuple[str, ...]] = {}

    def held(self, name: str) -> tuple[str, ...]:
        found = self._held.get(name)
        if found is None:
            found = self._held[name] = tuple(word for word in words_in(name) if word in self._rare)
        return found

    def parts(self, facts: Facts) -> Parts:
        """Symbols are judged by the words in them, nested ones for themselves too."""
        held = self.held
        spots = [(use.line, words) for use in facts.uses if (words := held(use.name))]
        spots.sort()
        scored = []
        named: dict[str, float] = {}
        for symbol in facts.symbols:
            own = held(symbol.name)
            for word in own:
                named[word] = max(named.get(word, 0.0), self._rare[word] / len(words_in(symbol.name)) ** 0.5)
            score = self._symbol(symbol, own, spots)
            if score:
                scored.append((score, symbol))
        scored.sort(key=lambda item: (-item[0], item[1].line))
        return Parts(
            sum(named.values()), scored[0][0] if scored else 0.0,
            tuple(symbol.line for _, symbol in scored[:6]), tuple(symbol.name for _, symbol in scored[:3]),
        )  # fmt: skip

    def _symbol(self, symbol: Symbol, own: tuple[str, ...], spots: list[tuple[int, tuple[str, ...]]]) -> float:
        counts: dict[str, float] = {}
        for word in own:
            counts[word] = counts.get(word, 0.0) + 3.0
        for name in (*symbol.signature.split(), *symbol.doc.split()) if symbol.doc or own else ():
            for word in self.held(name):
                counts[word] = counts.get(word, 0.0) + 1.0
        for _, words in _between(spots, symbol.start, symbol.end):
            for word in words:
                counts[word] = counts.get(word, 0.0) + 1.0
        size = 1 - B + B * min(8.0, (symbol.end - symbol.start + 1) / 25)
        return sum(self._rare[word] * 2.2 * count / (count + K1 * size) for word, count in counts.items())


def _between(spots: list[tuple[int, tuple[str, ...]]], start: int, end: int) -> list[tuple[int, tuple[str, ...]]]:
    return spots[bisect_left(spots, (start,)) : bisect_left(spots, (end + 1,))]


def names(index: Index, issue: Issue) -> tuple[dict[int, float], dict[int, float], dict[int, list[str]]]:
    """(defined, held, which) by contents: names of the issue that a file defines or holds, rare ones for more."""
    defined: dict[int, float] = defaultdict(float)
    held: dict[int, float] = defaultdict(float)
    which: dict[int, list[str]] = defaultdict(list)
    for name in issue.names:
        sure = name in issue.sure
        found = index.view.postings("def", name)
        if 0 < len(found) <= COMMON_NAME:
            for doc, _ in found:
                defined[doc] += (1.0 if sure else 0.3) * index.rarity(len(found))
                which[doc].append(name)
        if sure:
            users = index.view.postings("name", name)
            for doc, count in users if len(users) <= COMMON_NAME * 10 else ():
                held[doc] += index.rarity(len(users)) * min(1.0, (1 + math.log(count)) / 3)
    return defined, held, which
