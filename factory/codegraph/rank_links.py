"""Signals of the graph: what the likely files use and import, who they are used by, what matching tests test."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from factory.codegraph.rank_index import Index
from factory.codegraph.resolve import resolve

SHARED_NAME = 4  # files of the pool: a name that more define links none of them
DAMPING, ENOUGH, MOST_PUSHES = 0.6, 1e-4, 4000
SEEDS = 40  # files whose imports are followed
TESTS = 15

Edges = dict[str, dict[str, float]]


def edges(index: Index, pool: Sequence[str]) -> Edges:
    """Who leads to whom among the pool and how strongly: rare names used, bases, imports. `pool`: best first."""
    view = index.view
    defines: dict[str, list[str]] = defaultdict(list)
    for path in pool:
        for name in {symbol.name for symbol in view.facts(path).symbols}:
            defines[name].append(path)
    found: Edges = {path: {} for path in pool}
    telling = {name: paths for name, paths in defines.items() if len(paths) <= SHARED_NAME and len(name) > 2}
    for path in pool:
        idents = view.facts(path).idents
        out = found[path]
        for name in telling.keys() & idents.keys():
            for other in telling[name]:
                if other != path:
                    out[other] = out.get(other, 0.0) + 1.0 / len(telling[name])
    for path in pool[:SEEDS]:
        for other in imported(index, path):
            if other in found:
                found[path][other] = found[path].get(other, 0.0) + 2.0
    return {path: {other: math.sqrt(weight) for other, weight in out.items()} for path, out in found.items()}


def imported(index: Index, path: str) -> list[str]:
    """Files that a file imports, of an import that means many only the first."""
    view = index.view
    found: dict[str, None] = {}
    for import_ in view.facts(path).imports[:60]:
        found.update(dict.fromkeys(resolve(view, path, import_)[:5]))
    return list(found)


def rank_of(seeds: Mapping[str, float], edges: Edges) -> dict[str, float]:
    """Personalised PageRank by forward push (Andersen, Chung, Lang 2006), over the edges in both directions."""
    both: Edges = defaultdict(dict)
    for path, out in edges.items():
        for other, weight in out.items():
            both[path][other] = both[path].get(other, 0.0) + weight
            both[other][path] = both[other].get(path, 0.0) + weight / 2
    whole = sum(seeds.values()) or 1.0
    left = {path: value / whole for path, value in seeds.items() if value > 0}
    rank: dict[str, float] = defaultdict(float)
    queue = sorted(left, key=lambda path: (-left[path], path))
    for _ in range(MOST_PUSHES):
        if not queue:
            break
        path = queue.pop(0)
        amount = left.pop(path, 0.0)
        if amount < ENOUGH:
            continue
        rank[path] += (1 - DAMPING) * amount
        out = both.get(path, {})
        total = sum(out.values())
        for other, weight in out.items():
            if other not in left:
                queue.append(other)
            left[other] = left.get(other, 0.0) + DAMPING * amount * weight / total
    return rank


def near(seeds: Mapping[str, float], edges: Edges) -> tuple[dict[str, float], dict[str, float]]:
    """(likeliness of those that use a file, of those that it uses), the strongest counted most."""
    used_by: dict[str, float] = defaultdict(float)
    uses: dict[str, float] = defaultdict(float)
    for path, out in edges.items():
        total = sum(out.values())
        for other, weight in out.items():
            used_by[other] += seeds.get(path, 0.0) * weight / total
            uses[path] += seeds.get(other, 0.0) * weight / total
    return used_by, uses


def tested(index: Index, tests: Mapping[str, float], pool: Sequence[str]) -> dict[str, float]:
    """What the likely tests say of the files that they import, use or are named after."""
    stems: dict[str, list[str]] = defaultdict(list)
    for path in pool:
        stems[_stem(path)].append(path)
    found: dict[str, float] = defaultdict(float)
    best = sorted(tests, key=lambda path: (-tests[path], path))[:TESTS]
    for place, test in enumerate(best):
        score = tests[test] / (1 + place / 5)
        targets = [path for path in imported(index, test) if index.is_source(path)][:20]
        for path in targets:
            found[path] += score / (1 + math.log(len(targets)))
        for path in stems.get(_subject(test), ())[:3]:
            found[path] += 2 * score
    return found


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0].lower()


def _subject(test: str) -> str:
    stem = _stem(test)
    for mark in ("test_", "tests_", "_test", "_tests", "-test", "tests", "test", "spec"):
        if stem.startswith(mark) and mark.endswith("_"):
            return stem[len(mark) :]
        if stem.endswith(mark) and not mark.endswith("_"):
            return stem[: -len(mark)].rstrip("-_")
    return stem
