"""Signals of history: past changes that sound like the issue, what changed together, what changes often."""

import math
from collections import defaultdict
from collections.abc import Mapping

from factory.codegraph.rank_index import Index

TOGETHER = 12  # likely files whose company is looked at
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
    """How often the likeliest files' changes touched others."""
    found: dict[str, float] = defaultdict(float)
    best = sorted(likely, key=lambda path: (-likely[path], path))[:TOGETHER]
    for path in best:
        numbers = index.past_of_path.get(path, [])[:MOST_COMMITS]
        whole = 2.0 + sum(index.past[number].weight for number in numbers)
        for number in numbers:
            commit = index.past[number]
            for other in commit.paths:
                if other != path:
                    found[other] += likely[path] * commit.weight / whole / math.sqrt(len(commit.paths) - 1)
    return found


def often(index: Index) -> dict[str, float]:
    """How much each file changed of late."""
    return {
        path: math.log1p(sum(index.past[number].weight for number in numbers[:MOST_COMMITS]))
        for path, numbers in index.past_of_path.items()
    }
