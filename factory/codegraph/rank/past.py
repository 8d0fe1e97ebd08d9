"""Signals of history: past changes that sound like the issue, what changed together, what changes often."""

import math
from collections import defaultdict
from collections.abc import Mapping

from factory.codegraph.rank.index import Index

MOST_COMMITS = 400  # of one file
SIMILAR = 40  # commits


def similar(index: Index, words: Mapping[str, int]) -> tuple[dict[str, float], dict[str, str]]:
    """(likeliness, the best subject) of the files that past commits with such subjects changed."""
    past, scores = index.past, defaultdict[int, float](float)
    for word in words:
        numbers = index.past_of_word.get(word, ())
        if numbers:
            rarity = math.log(1 + len(past) / len(numbers))
            for number in numbers:
                scores[number] += rarity
    found: dict[str, float] = defaultdict(float)
    because: dict[str, str] = {}
    for number in sorted(scores, key=lambda number: (-_alike(scores[number], len(past[number].words)), number))[
        :SIMILAR
    ]:
        commit = past[number]
        alike = _alike(scores[number], len(commit.words)) / math.sqrt(len(commit.paths))
        for path in commit.paths:
            found[path] += alike**2
            because.setdefault(path, commit.subject)
    return found, because


def _alike(score: float, words: int) -> float:
    return score / math.sqrt(4 + words)


def together(index: Index, likely: Mapping[str, float]) -> dict[str, float]:
    """How often the likeliest files' changes touched others, against how often those change at all."""
    found: dict[str, float] = defaultdict(float)
    for path in likely:
        numbers = index.past_of_path.get(path, [])[:MOST_COMMITS]
        common: dict[str, int] = defaultdict(int)
        for number in numbers:
            for other in index.past[number].paths:
                common[other] += 1
        for other, count in common.items():
            if other != path and count > 1:
                whole = (2 + len(numbers)) * (2 + len(index.past_of_path[other]))
                found[other] += likely[path] * count / math.sqrt(whole)
    return found


def described(index: Index, words: Mapping[str, int]) -> dict[str, float]:
    """BM25 over what all past subjects say of each file."""
    found: dict[str, float] = defaultdict(float)
    sizes = index.past_sizes
    average = sum(sizes.values()) / max(1, len(sizes)) or 1.0
    for word in words:
        counts: dict[str, float] = defaultdict(float)
        for number in index.past_of_word.get(word, ()):
            commit = index.past[number]
            for path in commit.paths:
                counts[path] += 1 / math.sqrt(len(commit.paths))
        rarity = math.log(1 + (len(sizes) - len(counts) + 0.5) / (len(counts) + 0.5)) if counts else 0.0
        for path, count in counts.items():
            found[path] += rarity * 2.2 * count / (count + 1.2 * (0.4 + 0.6 * sizes[path] / average))
    return found


def recent(index: Index) -> dict[str, float]:
    """How lately each file changed."""
    return {path: index.past[numbers[0]].weight ** 4 for path, numbers in index.past_of_path.items()}
