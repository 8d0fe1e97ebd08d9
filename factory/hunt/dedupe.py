"""What somebody has already: findings in groups that are one issue each, and whether people wrote of one before us.

Everything compared here is text of strangers, and all it can do is keep the hunt from filing something: never make it
file, close or change anything.
"""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from factory.codegraph.words import query_words
from factory.contracts.catch import Ranked, Rule
from factory.contracts.record import digest

ALIKE = 0.6  # share of common words from which two texts may be about the same
LEAST = 4  # words that a text must have to be compared at all


class Group(NamedTuple):
    """All that one rule finds in one file: one issue. `id` stays when lines move and findings come or go."""

    id: str
    rule: str
    path: str
    rows: tuple[Ranked, ...]  # highest rank first

    @property
    def sure(self) -> float:
        """The confidence of its surest finding."""
        return max(row.finding.confidence for row in self.rows)


def groups(ranked: Iterable[Ranked]) -> tuple[Group, ...]:
    """The group with the highest rank first."""
    rows = sorted(ranked, key=lambda row: (row.finding.rule, row.finding.path, -row.rank, row.finding.start))
    made = []
    for (rule, path), found in groupby(rows, key=lambda row: (row.finding.rule, row.finding.path)):
        made.append(Group(digest(f"{rule}\0{path}")[:12], rule, path, tuple(found)))
    return tuple(sorted(made, key=lambda group: (-group.rows[0].rank, group.rule, group.path)))


def speaks_of(text: str, group: Group, rule: Rule | None) -> bool:
    """Does a text that somebody wrote name this file, and the rule by its id or all the words of its title?"""
    if not group.path or not re.search(rf"(?<![\w./-]){re.escape(group.path)}(?![\w-]|[./]\w)", text):
        return False
    if re.search(rf"(?<![\w-]){re.escape(group.rule)}(?![\w-])", text):
        return True
    words = set(query_words(rule.title)) if rule else set()
    return len(words) >= 2 and words <= set(query_words(text))


def alike(one: str, two: str) -> float:
    """The share of words that two texts have in common (Jaccard, stemmed, words that say nothing left out), 0 to 1."""
    first, second = set(query_words(one)), set(query_words(two))
    if min(len(first), len(second)) < LEAST:
        return 0.0
    return len(first & second) / len(first | second)
