"""What the ranking derives from a view once: lengths, the words of paths, the words of past commits' subjects."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple

from factory.codegraph.view import View
from factory.codegraph.words import words_in

FORGOTTEN = 365.0  # days after which a past commit counts half
WIDE = 20  # files: a commit of more says little about each


class Past(NamedTuple):
    """`words` of the subject; `paths` that are in the tree, tests left out."""

    subject: str
    words: tuple[str, ...]
    paths: tuple[str, ...]
    weight: float


class Index:
    """Of one view. `sources` are numbers of contents that are code and no test: what an issue is mostly about."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.lengths: dict[int, int] = {}
        self.sources: set[int] = set()
        self._defined: dict[str, frozenset[str]] = {}
        for doc in view.docs.values():
            self.lengths[doc.doc] = doc.words
            if doc.language and not doc.test:
                self.sources.add(doc.doc)
        counted = self.sources or set(self.lengths)
        self.count = max(1, len(counted))
        self.average = sum(self.lengths[doc] for doc in counted) / self.count or 1.0

    def rarity(self, found: int) -> float:
        """BM25's idf of a word that `found` sources hold."""
        return math.log(1 + (self.count - min(found, self.count) + 0.5) / (found + 0.5))

    @cached_property
    def places(self) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
        """(words of its own name, words of its folders) by path."""
        return {path: _path_words(path) for path in self.view.docs}

    @cached_property
    def _path_rarities(self) -> Mapping[str, float]:
        counts: Counter[str] = Counter()
        for name, folders in self.places.values():
            counts.update(name | folders)
        return {word: math.log(1 + len(self.places) / count) for word, count in counts.items()}

    def path_rarity(self, word: str) -> float:
        """What a word tells of a path among all paths."""
        return self._path_rarities[word]

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for path in self.view.docs:
            found[path.rpartition("/")[2]].append(path)
        return found

    @cached_property
    def by_stem(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for path in self.view.docs:
            found[stem_of(path)].append(path)
        return found

    @cached_property
    def past(self) -> list[Past]:
        found = []
        for commit in self.view.commits():
            paths = tuple(path for path in commit.paths if self.is_source(path))
            if 0 < len(paths) <= WIDE:
                words = tuple(dict.fromkeys(word for part in commit.subject.split() for word in subject_words(part)))
                found.append(Past(commit.subject, words, paths, 0.5 ** (commit.age / FORGOTTEN)))
        return found

    @cached_property
    def past_of_word(self) -> dict[str, list[int]]:
        """Places in `past` by word."""
        found: dict[str, list[int]] = defaultdict(list)
        for number, commit in enumerate(self.past):
            for word in commit.words:
                found[word].append(number)
        return found

    @cached_property
    def past_of_path(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for number, commit in enumerate(self.past):
            for path in commit.paths:
                found[path].append(number)
        return found

    @cached_property
    def past_sizes(self) -> dict[str, float]:
        """How many words past subjects have for each path."""
        found: dict[str, float] = defaultdict(float)
        for commit in self.past:
            for path in commit.paths:
                found[path] += len(commit.words) / math.sqrt(len(commit.paths))
        return found

    def defined(self, path: str) -> frozenset[str]:
        """Names of a file's symbols; those of one or two letters say nothing."""
        found = self._defined.get(path)
        if found is None:
            names = (symbol.name for symbol in self.view.facts(path).symbols)
            found = self._defined[path] = frozenset(name for name in names if len(name) > 2)
        return found

    def is_source(self, path: str) -> bool:
        doc = self.view.docs.get(path)
        return doc is not None and bool(doc.language) and not doc.test


def stem_of(path: str) -> str:
    """The name without its last ending."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


@lru_cache(maxsize=2)  # more would keep views of runs that are over
def index_of(view: View) -> Index:
    return Index(view)


@lru_cache(maxsize=50_000)
def subject_words(part: str) -> tuple[str, ...]:
    return tuple(word for name in _split(part) for word in words_in(name))


def _split(part: str) -> list[str]:
    return "".join(char if char.isalnum() or char == "_" else " " for char in part).split()


@lru_cache(maxsize=50_000)
def _path_words(path: str) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(subject_words(stem_of(path))), frozenset(subject_words(path.rpartition("/")[0]))
