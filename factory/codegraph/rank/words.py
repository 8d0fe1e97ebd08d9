"""Lexical signals: BM25 over the words of whole files, what their paths say, the names that they define and hold."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from factory.codegraph.rank.index import Index
from factory.codegraph.rank.issue import Issue

K1, B = 1.2, 0.75
MAX_TERMS = 60  # words that are looked for, the rarest
COMMON_DEFINED, COMMON_HELD = 30, 300  # files: a name that more define or hold says nothing
UNSURE = 0.3  # what a word counts that only may be a name


class Bodies(NamedTuple):
    """By the number of the contents: BM25 for the whole issue and for its first line, how much of that it holds."""

    body: dict[int, float]
    title: dict[int, float]
    cover: dict[int, float]


class Places(NamedTuple):
    """By path: how much of its name and of its folders the issue says (0 to 1), how much of the issue they say."""

    stem: dict[str, float]
    folder: dict[str, float]
    place: dict[str, float]


class Names(NamedTuple):
    """By the number of the contents: rare names of the issue that they define or hold, and which they define."""

    defined: dict[int, float]
    held: dict[int, float]
    which: dict[int, list[str]]


def rarities(index: Index, words: Iterable[str]) -> dict[str, float]:
    """How much each word says, of those that stand in any source."""
    found = {}
    for word in words:
        held = sum(doc in index.sources for doc, _ in index.view.postings("word", word))
        if held:
            found[word] = index.rarity(held)
    return dict(sorted(found.items(), key=lambda item: -item[1])[:MAX_TERMS])


def bodies(index: Index, rare: Mapping[str, float], issue: Issue) -> Bodies:
    found = Bodies(defaultdict(float), defaultdict(float), defaultdict(float))
    lengths = {doc: K1 * (1 - B + B * words / index.average) for doc, words in index.lengths.items()}
    for word, rarity in rare.items():
        weight = rarity * (K1 + 1) * (1 + math.log(issue.words.get(word, 1)))
        title = word in issue.title
        for doc, count in index.view.postings("word", word):
            score = weight * count / (count + lengths[doc])
            found.body[doc] += score
            if title:
                found.title[doc] += score
                found.cover[doc] += rarity
    return found


def paths(index: Index, rare: Mapping[str, float]) -> Places:
    found = Places({}, {}, {})
    wanted = rare.keys()
    for path, (name, folders) in index.places.items():
        hits, above = wanted & name, wanted & folders
        if hits or above:
            found.stem[path] = _share(name, hits, index)
            found.folder[path] = _share(folders, above, index)
            found.place[path] = sum(rare[word] for word in hits) + sum(rare[word] for word in above - hits) / 2
    return found


def _share(part: Iterable[str], said: Iterable[str], index: Index) -> float:
    """By what each word tells of a path among all paths."""
    whole = sum(index.path_rarity(word) for word in part)
    return sum(index.path_rarity(word) for word in said) / whole if whole else 0.0


def names(index: Index, issue: Issue) -> Names:
    found = Names(defaultdict(float), defaultdict(float), defaultdict(list))
    for name in issue.names:
        sure = name in issue.sure
        definers = index.view.postings("def", name)
        if len(definers) <= COMMON_DEFINED:
            for doc, _ in definers:
                found.defined[doc] += (1.0 if sure else UNSURE) * index.rarity(len(definers))
                found.which[doc].append(name)
        holders = index.view.postings("name", name) if sure else ()
        if len(holders) <= COMMON_HELD:
            for doc, count in holders:
                found.held[doc] += index.rarity(len(holders)) * min(1.0, (1 + math.log(count)) / 3)
    return found
