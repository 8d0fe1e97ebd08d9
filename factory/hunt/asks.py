"""What no rule mends, as tasks for the line: findings of one detector in one package, few enough to be read."""

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from factory.contracts.catch import Ranked
from factory.hunt.themes import package_of

MOST = 5  # findings of a task: a model reads them all, and somebody reads what it made of them


class Ask(NamedTuple):
    rule: str
    package: str  # folder, "" = the root
    rows: tuple[Ranked, ...]  # highest rank first


def asks(ranked: Iterable[Ranked], taken: frozenset[str], most: int, sure: float) -> tuple[Ask, ...]:
    """Of the first `most` findings that are new, at least `sure` (a confidence) and that no codemod mends, those that
    nobody has (`taken`: ids): what is asked for keeps its place, so no more than `most` wait for people. The highest
    rank first."""
    fresh = (row for row in ranked if not row.known and not row.mend and row.finding.path)
    rows = [row for row in fresh if row.finding.confidence >= sure][:most]
    made = []
    for (rule, package), group in groupby(sorted(rows, key=_key), key=lambda row: _key(row)[:2]):
        left = [row for row in group if row.finding.id not in taken]
        made += [Ask(rule, package, tuple(left[at : at + MOST])) for at in range(0, len(left), MOST)]
    return tuple(sorted(made, key=lambda ask: (-ask.rows[0].rank, ask.rule, ask.package)))


def _key(row: Ranked) -> tuple[str, str, float, str, int]:
    item = row.finding
    return item.rule, package_of(item.path), -row.rank, item.path, item.start
