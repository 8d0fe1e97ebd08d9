"""Signals of the graph: what the likely files use and import, what is near them, what matching tests test."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from factory.codegraph.imports.resolve import resolve
from factory.codegraph.rank.index import Index, stem_of

SHARED_NAME = 4  # files: a name that more of them define links none
GRAPH, IMPORTING = 60, 25  # files of the graph, and those of them whose imports are followed
IMPORT = 2.0  # what an import counts against a name that is used
STAY, ROUNDS = 0.4, 10  # of the walk: back to where it began; a tenth round moves less than 1 %
TESTS, SUBJECTS = 15, 20

Edges: TypeAlias = dict[str, dict[str, float]]


def edges(index: Index, pool: Sequence[str]) -> Edges:
    """Who leads to whom among the first of the pool and how strongly: rare names used, imports. `pool`: best first."""
    view, pool = index.view, pool[:GRAPH]
    defines: dict[str, list[str]] = defaultdict(list)
    for path in pool:
        for name in index.defined(path):
            defines[name].append(path)
    telling = {name: paths for name, paths in defines.items() if len(paths) <= SHARED_NAME}
    found: Edges = {path: defaultdict(float) for path in pool}
    for path, out in found.items():
        for name in telling.keys() & view.facts(path).idents.keys():
            definers = telling[name]
            share = 1.0 / len(definers)
            for other in definers:
                out[other] += share
    for path in pool[:IMPORTING]:
        for other in imported(index, path):
            if other in found:
                found[path][other] += IMPORT
    for path, out in found.items():
        out.pop(path, None)
    return {path: {other: math.sqrt(out[other]) for other in sorted(out)} for path, out in found.items()}


def imported(index: Index, path: str) -> list[str]:
    """Files that a file imports; of an import that means many only the first."""
    view = index.view
    found: dict[str, None] = {}
    for import_ in view.facts(path).imports[:60]:
        found.update(dict.fromkeys(resolve(view, path, import_)[:5]))
    return list(found)


def rank_of(seeds: Mapping[str, float], edges: Edges) -> dict[str, float]:
    """Personalised PageRank over the edges in both directions, by rounds: the graph is small."""
    both: Edges = {path: defaultdict(float) for path in edges}
    for path, out in edges.items():
        for other, weight in out.items():
            both[path][other] += weight
            both[other][path] += weight / 2
    steps = {path: [(other, weight / sum(out.values())) for other, weight in out.items()] for path, out in both.items()}
    whole = sum(seeds.get(path, 0.0) for path in edges) or 1.0
    home = {path: seeds.get(path, 0.0) / whole for path in edges}
    rank = dict(home)
    for _ in range(ROUNDS):
        moved = {path: STAY * share for path, share in home.items()}
        for path, going in steps.items():
            for other, share in going:
                moved[other] += (1 - STAY) * rank[path] * share
        rank = moved
    return rank


def uses(seeds: Mapping[str, float], edges: Edges) -> dict[str, float]:
    """How likely the files are that a file uses."""
    found = {}
    for path, out in edges.items():
        whole = sum(out.values())
        found[path] = sum(seeds.get(other, 0.0) * weight for other, weight in out.items()) / whole if whole else 0.0
    return found


def tested(index: Index, tests: Mapping[str, float]) -> dict[str, float]:
    """What the likely tests say of the files that they import or are named after."""
    found: dict[str, float] = defaultdict(float)
    for place, test in enumerate(sorted(tests, key=lambda path: (-tests[path], path))[:TESTS]):
        score = tests[test] / (1 + place / 5)
        targets = [path for path in imported(index, test) if index.is_source(path)][:SUBJECTS]
        for path in targets:
            found[path] += score / (1 + math.log(len(targets)))
        for path in index.by_stem.get(_subject(test), ())[:3]:
            if index.is_source(path):
                found[path] += 2 * score
    return found


def _subject(test: str) -> str:
    """cart of test_cart.py, cart_test.go, cart.spec.ts; Cart of CartTest.java."""
    stem = stem_of(test)
    for mark in ("_test", "_tests", "-test", ".test", ".spec", "_spec", "Tests", "Test"):
        stem = stem.removesuffix(mark)
    return stem.removeprefix("test_").removeprefix("tests_")
