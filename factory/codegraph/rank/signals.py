"""All signals of the files that come into question, each from 0 to 1: what the weights are laid on."""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from factory.codegraph.rank import links, past, places, words
from factory.codegraph.rank.index import Index
from factory.codegraph.rank.issue import Issue

POOL = {"code": 80, "test": 15, "plain": 10}  # files that are looked at closely
WIDER = 25  # more that history, tests and the graph bring in
ROUGH = {"body": 1.0, "title": 0.2, "stem": 0.3, "folder": 0.15, "defines": 0.3, "holds": 0.1, "described": 0.3,
         "named": 3.0, "traced": 3.0}  # fmt: skip # what the first pass goes by
SEEDED = {"body": 1.0, "title": 0.3, "stem": 0.3, "holds": 0.3, "described": 0.3, "traced": 2.0}  # where the graph's
SEEDS = 12  # walk begins; files whose imports may widen the pool
STANDING_OUT = 5  # files whose company is looked at
KIN = 4  # files of one folder
_ASIDE = re.compile(
    r"(^|/)(scripts?|tools?|build|dist|hack|docs?|website|examples?|bench(es|marks?)?|samples|ci|contrib|\.github)/"
    r"|\.d\.[cm]?ts$",
    re.IGNORECASE,
)


class Signals(NamedTuple):
    """`table`: signal -> path -> 0 to 1, of the `pool`. `rare`: what each word of the issue says. `lines`: those that
    traces name. `said`: signal -> path -> what of it can be told."""

    pool: tuple[str, ...]
    table: dict[str, dict[str, float]]
    rare: Mapping[str, float]
    lines: Mapping[str, tuple[int, ...]]
    said: Mapping[str, Mapping[str, str]]


def signals_of(index: Index, issue: Issue) -> Signals:
    docs = index.view.docs
    rare = words.rarities(index, issue.words)
    table = {name: _by_path(index, by) for name, by in words.bodies(index, rare, issue)._asdict().items()}
    table |= words.paths(index, rare)._asdict()
    names = words.names(index, issue)
    table["defines"], table["holds"] = _by_path(index, names.defined), _by_path(index, names.held)
    named = places.named(index, issue)
    table["named"], table["traced"] = named.named, named.traced
    table["similar"], subjects = past.similar(index, issue.words)
    table["described"], table["recent"] = past.described(index, issue.words), past.recent(index)
    first = _pool(index, table)
    pool = _graph(index, first, table)
    table["size"] = {path: math.log1p(docs[path].words) for path in pool}
    table["kin"] = _kin(table["body"], pool)
    table["aside"] = {path: 1.0 for path in pool if _ASIDE.search(path)}
    table["test"] = {path: 1.0 for path in pool if docs[path].test}
    table["plain"] = {path: 1.0 for path in pool if not docs[path].language}
    defined = {path: ", ".join(names.which.get(docs[path].doc, ())[:3]) for path in pool}
    said = {"defines": defined, "similar": {path: f"“{subject[:60]}”" for path, subject in subjects.items()}}
    return Signals(tuple(pool), {name: scaled(by, pool) for name, by in table.items()}, rare, named.lines, said)


def scaled(by: Mapping[str, float], pool: Sequence[str]) -> dict[str, float]:
    """Shares of the most."""
    most = max((by.get(path, 0.0) for path in pool), default=0.0)
    return {path: by[path] / most for path in pool if by.get(path, 0.0) > 0} if most > 0 else {}


def _by_path(index: Index, scores: Mapping[int, float]) -> dict[str, float]:
    return {path: score for doc, score in scores.items() for path in index.view.paths(doc)}


def _mixed(table: Mapping[str, Mapping[str, float]], weights: Mapping[str, float]) -> dict[str, float]:
    """A weighted sum of signals, each against its most."""
    found: dict[str, float] = defaultdict(float)
    for name, weight in weights.items():
        by = table[name]
        most = max(by.values(), default=0.0)
        for path, value in by.items() if most > 0 else ():
            found[path] += weight * value / most
    return found


def _pool(index: Index, table: Mapping[str, Mapping[str, float]]) -> list[str]:
    """The first pass: the likeliest files, code, tests and prose apart, best first."""
    rough = _mixed(table, ROUGH)
    room = dict(POOL)
    pool = []
    for path in sorted(rough, key=lambda path: (-rough[path], path)):
        doc = index.view.docs[path]
        kind = "test" if doc.test else "code" if doc.language else "plain"
        if room[kind] > 0:
            room[kind] -= 1
            pool.append(path)
    return pool


def _graph(index: Index, first: Sequence[str], table: dict[str, dict[str, float]]) -> list[str]:
    """Adds the signals of the graph; returns the pool, widened by what the likeliest files lead to."""
    inside = set(first)
    likely = {path: value**2 for path, value in _mixed(table, SEEDED).items() if path in inside}
    sources = {path: likely[path] for path in first if path in likely and index.is_source(path)}
    tests = {path: likely[path] for path in first if path in likely and index.view.docs[path].test}
    best = _best(sources)
    table["together"] = past.together(index, best)
    table["beside"] = _beside(first, best)
    table["tested"] = links.tested(index, tests)
    more = _mixed(table, {"together": 1.0, "tested": 1.0})
    for path in sorted(sources, key=lambda path: (-sources[path], path))[:SEEDS]:
        for other in links.imported(index, path):
            more[other] = more.get(other, 0.0) + 0.3 * sources[path]
    new = [path for path in more if path not in inside and index.is_source(path)]
    pool = [*first, *sorted(new, key=lambda path: (-more[path], path))[:WIDER]]
    edges = links.edges(index, [path for path in pool if index.is_source(path)])
    table["pagerank"] = links.rank_of(sources, edges)
    table["uses"] = links.uses(sources, edges)
    return pool


def _best(likely: Mapping[str, float]) -> dict[str, float]:
    """The few that stand out, the best as 1: whose company says something."""
    order = sorted((path for path in likely if likely[path] > 0), key=lambda path: (-likely[path], path))
    return {path: (likely[path] / likely[order[0]]) ** 4 for path in order[:STANDING_OUT]}


def _beside(pool: Sequence[str], best: Mapping[str, float]) -> dict[str, float]:
    """The best of the other files in its folder that stand out."""
    folders = {path: path.rpartition("/")[0] for path in (*pool, *best)}
    return {
        path: max((score for one, score in best.items() if one != path and folders[one] == folders[path]), default=0.0)
        for path in pool
    }


def _kin(body: Mapping[str, float], pool: Sequence[str]) -> dict[str, float]:
    """How much the best files of its folder hold of the words."""
    folders: dict[str, list[float]] = defaultdict(list)
    for path in pool:
        folders[path.rpartition("/")[0]].append(body.get(path, 0.0))
    best = {folder: sum(sorted(scores, reverse=True)[:KIN]) for folder, scores in folders.items()}
    return {path: best[path.rpartition("/")[0]] for path in pool}
