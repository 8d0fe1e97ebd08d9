"""Which findings first: impact is how bad times how sure times how much hangs on the file, by written formulas.

    rank = 100 · severity · confidence · (½ + ½ centrality) · (½ + ½ churn) · (½ + ½ age)

- severity: info 0.05, low 0.2, medium 0.4, high 0.7, critical 1
- centrality: the file's place among all files of the import graph by PageRank, 1 = most hangs on it
- churn: log₂(1 + commits of the last 180 days that touched the file) / 4, at most 1 (15 commits)
- age: ½ ^ (days since the file was last touched / 365): what is worked on now is mended by those who still know it

What is not known (no graph, no history) counts ½, so it neither lifts nor sinks a finding. Equal ranks stand in the
order of paths and lines: the same tree gives the same list.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from factory.codegraph.view import View
from factory.contracts.catch import Ranked
from factory.contracts.finding import Finding, Severity

WEIGHTS: Mapping[Severity, float] = {"info": 0.05, "low": 0.2, "medium": 0.4, "high": 0.7, "critical": 1.0}
RECENT, HALF_LIFE = 180.0, 365.0  # days
MANY = 4.0  # log2 of the commits that make churn 1


class Place(NamedTuple):
    """What is known of a file besides its text, each 0 to 1."""

    centrality: float = 0.5
    churn: float = 0.5
    age: float = 0.5


def rank(finding: Finding, place: Place) -> float:
    """0 to 100, by the formula above."""
    weight = 100 * WEIGHTS[finding.severity] * finding.confidence
    return round(weight * math.prod(0.5 + 0.5 * factor for factor in place), 2)


def ranked(findings: Iterable[Finding], places: Mapping[str, Place], known: frozenset[str] = frozenset(),
           mends: Mapping[str, str] | None = None) -> tuple[Ranked, ...]:  # fmt: skip
    """Highest rank first. `known`: ids in the baseline. `mends`: the codemod by finding id."""
    made = []
    for each in findings:
        place = places.get(each.path, Place())
        made.append(
            Ranked(finding=each, rank=rank(each, place), known=each.id in known, mend=(mends or {}).get(each.id, ""),
                   **place._asdict())
        )  # fmt: skip
    return tuple(sorted(made, key=lambda row: (-row.rank, row.finding.path, row.finding.start, row.finding.id)))


def places(view: View | None, paths: Iterable[str]) -> dict[str, Place]:
    """What graph and history say of these files."""
    if view is None:
        return {}
    central, (touched, days) = centrality(view), history(view)
    found = {}
    for path in set(paths):
        known = bool(days)
        churn = min(math.log2(1 + touched[path]) / MANY, 1.0) if known else 0.5
        age = 0.5 ** (days[path] / HALF_LIFE) if path in days else 0.5
        found[path] = Place(central.get(path, 0.5), churn, age)
    return found


def history(view: View) -> tuple[Counter[str], dict[str, float]]:
    """(commits of the last half year by path, days since the path was last touched)."""
    touched: Counter[str] = Counter()
    days: dict[str, float] = {}
    for commit in view.commits():
        for path in commit.paths:
            days.setdefault(path, max(commit.age, 0.0))
            touched[path] += commit.age <= RECENT
    return touched, days


def centrality(view: View) -> dict[str, float]:
    """Each file's place by PageRank over imports, 0 to 1: the share of files that it stands above or beside."""
    from factory.codegraph.rank.index import index_of
    from factory.codegraph.rank.links import imported, rank_of

    index = index_of(view)
    edges = {path: dict.fromkeys(imported(index, path), 1.0) for path, doc in view.docs.items() if doc.language}
    edges = {path: {other: 1.0 for other in out if other in edges and other != path} for path, out in edges.items()}
    scores = rank_of(dict.fromkeys(edges, 1.0), edges)
    ordered = sorted(set(scores.values()))
    at = {score: (n + 1) / len(ordered) for n, score in enumerate(ordered)}
    return {path: at[score] for path, score in scores.items()}
