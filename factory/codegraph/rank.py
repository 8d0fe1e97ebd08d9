"""Which files an issue is about: a lexical first pass over all of them, then the likely ones weighed by every signal.

Same view and text, same order. The weights are data (`weights.toml`), fitted on real history.
"""

import tomllib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

from factory.codegraph import rank_links, rank_past, rank_words
from factory.codegraph.issue_words import Issue, read_issue
from factory.codegraph.rank_index import Index, index_of
from factory.codegraph.view import View

Embed: TypeAlias = Callable[[Sequence[str]], Sequence[Sequence[float]]]
Weights: TypeAlias = Mapping[str, float]
POOL, POOL_TESTS, POOL_PLAIN, WIDER = 100, 15, 10, 25


class Ranked(NamedTuple):
    """`focus` are the 1-based lines that made the file interesting, the best first."""

    path: str
    score: float
    why: str
    focus: tuple[int, ...]


class Signals(NamedTuple):
    """Of each file of the pool, by the signal's name, each 0 to 1; what to show of it."""

    pool: tuple[str, ...]
    table: Mapping[str, Mapping[str, float]]
    focus: Mapping[str, tuple[int, ...]]
    said: Mapping[str, Mapping[str, str]]


def ranked(
    view: View, issue: str, *, limit: int = 20, weights: Weights | None = None, embed: Embed | None = None
) -> list[Ranked]:
    """The files that matter most for an issue's text, best first. Tests and prose come after code that is as likely."""
    found = signals(view, issue)
    weights = weights if weights is not None else fitted()
    scores = {
        path: sum(weights.get(name, 0.0) * by.get(path, 0.0) for name, by in found.table.items()) for path in found.pool
    }
    order = sorted(found.pool, key=lambda path: (-scores[path], path))[:limit]
    return [
        Ranked(path, round(scores[path], 4), _why(found, weights, path), found.focus.get(path, ())) for path in order
    ]


@lru_cache(maxsize=1)
def fitted() -> Weights:
    """The weights that come with the program."""
    found: dict[str, float] = tomllib.loads((Path(__file__).parent / "weights.toml").read_text())["signals"]
    return found


def signals(view: View, text: str) -> Signals:
    """What is known of the files that come into question."""
    index, issue = index_of(view), read_issue(text)
    rare = rank_words.rarities(index, issue.words)
    bodies = _by_path(index, rank_words.bodies(index, rare, issue.words))
    defined, held, which = rank_words.names(index, issue)
    table: dict[str, dict[str, float]] = {"body": bodies}
    places = rank_words.paths(index, rare)
    table["stem"] = {path: name for path, (name, _) in places.items()}
    table["folder"] = {path: folders for path, (_, folders) in places.items()}
    table["defines"], table["holds"] = _by_path(index, defined), _by_path(index, held)
    table["named"], table["traced"], focus = _named(index, issue)
    table["similar"], subjects = rank_past.similar(index, issue.words)
    pool = _pool(index, table)
    _look_inside(index, rank_words.Reader(rare), pool, table, focus)
    pool = _graph(index, pool, table)
    table["often"] = rank_past.often(index)
    table["test"] = {path: 1.0 for path in pool if view.docs[path].test}
    table["plain"] = {path: 1.0 for path in pool if not view.docs[path].language}
    names = {path: ", ".join(which[view.docs[path].doc][:3]) for path in pool}
    return Signals(tuple(pool), {name: _scaled(by, pool) for name, by in table.items()}, focus,
                   {"defines": names, "similar": subjects})  # fmt: skip


def _by_path(index: Index, scores: Mapping[int, float]) -> dict[str, float]:
    return {path: score for doc, score in scores.items() for path in index.view.paths(doc)}


def _scaled(by: Mapping[str, float], pool: Sequence[str]) -> dict[str, float]:
    most = max((by.get(path, 0.0) for path in pool), default=0.0)
    return {path: by[path] / most for path in pool if by.get(path)} if most > 0 else {}


def _pool(index: Index, table: Mapping[str, Mapping[str, float]]) -> list[str]:
    """The likeliest by words, names, paths and history; code, tests and prose apart, best first."""
    rough: dict[str, float] = defaultdict(float)
    for name, weight in (("body", 1.0), ("stem", 0.3), ("folder", 0.15), ("defines", 0.3), ("holds", 0.1),
                         ("named", 3.0), ("similar", 0.2)):  # fmt: skip
        by = table[name]
        most = max(by.values(), default=0.0)
        if most:
            for path, value in by.items():
                rough[path] += weight * value / most
    order = sorted((path for path in rough if path in index.view.docs), key=lambda path: (-rough[path], path))
    room = {"code": POOL, "test": POOL_TESTS, "plain": POOL_PLAIN}
    pool = []
    for path in order:
        doc = index.view.docs[path]
        kind = "test" if doc.test else "code" if doc.language else "plain"
        if room[kind] > 0:
            room[kind] -= 1
            pool.append(path)
    return pool


def _look_inside(
    index: Index, reader: rank_words.Reader, pool: Sequence[str], table: dict[str, dict[str, float]],
    focus: dict[str, tuple[int, ...]],
) -> None:  # fmt: skip
    table["names"], table["part"] = {}, {}
    for path in pool:
        parts = reader.parts(index.view.facts(path))
        table["names"][path], table["part"][path] = parts.names, parts.best
        focus[path] = tuple(dict.fromkeys((*focus.get(path, ()), *parts.lines)))


def _graph(index: Index, pool: Sequence[str], table: dict[str, dict[str, float]]) -> list[str]:
    """The pool, widened by what the likeliest lead to."""
    seeds = _scaled(table["body"], pool)
    for name in ("stem", "names", "part", "defines"):
        for path, value in _scaled(table[name], pool).items():
            seeds[path] = seeds.get(path, 0.0) + 0.3 * value
    seeds = {path: value**2 for path, value in seeds.items()}
    docs = index.view.docs
    sources = {path: value for path, value in seeds.items() if index.is_source(path)}
    tests = {path: value for path, value in seeds.items() if docs[path].test}
    table["together"] = rank_past.together(index, sources)
    table["tested"] = rank_links.tested(index, tests, [path for path in docs if index.is_source(path)])
    more: dict[str, float] = defaultdict(float)
    for by in (table["together"], table["tested"]):
        for path, value in _scaled(by, list(by)).items():
            more[path] += value
    for path in sorted(sources, key=lambda path: (-sources[path], path))[:10]:
        for other in rank_links.imported(index, path):
            more[other] += 0.3 * sources[path]
    inside = set(pool)
    new = [
        path
        for path in sorted(more, key=lambda path: (-more[path], path))
        if path not in inside and index.is_source(path)
    ]
    wide = [*pool, *new[:WIDER]]
    code = [path for path in wide if index.is_source(path)]
    links = rank_links.edges(index, code)
    table["pagerank"] = rank_links.rank_of(sources, links)
    table["used_by"], table["uses"] = rank_links.near(sources, links)
    return wide


def _named(index: Index, issue: Issue) -> tuple[dict[str, float], dict[str, float], dict[str, tuple[int, ...]]]:
    """Files that the issue names, those that its traces name, and their lines."""
    named: dict[str, float] = {}
    traced: dict[str, float] = {}
    focus: dict[str, tuple[int, ...]] = {}
    if not (issue.paths or issue.places):
        return named, traced, focus
    for written in issue.paths:
        for path in _meant(index, written):
            named[path] = 1.0
    for written, line in issue.places:
        for path in _meant(index, written.lstrip("./")):
            traced[path] = 1.0
            focus[path] = (*focus.get(path, ()), line)
    return named, traced, focus


def _meant(index: Index, written: str) -> list[str]:
    """Paths as the issue writes them: whole, the end of one (`shop/cart.py`), or a module (`shop.cart`)."""
    docs = index.view.docs
    whole = [path for path in docs if path == written or path.endswith("/" + written) or written.endswith("/" + path)]
    if whole:
        return whole[:3]
    parts = written.split(".")
    for size in (len(parts), len(parts) - 1):  # a.b.c may be a module or a name in one
        if size > 1:
            module = "/" + "/".join(parts[:size])
            near = [path for path in docs if f"/{path}".rpartition(".")[0].endswith(module)]
            if near:
                return near[:3]
    return []


_SAYS = {
    "named": "named by the issue", "traced": "in the issue's trace", "body": "holds its words", "stem": "its name",
    "folder": "its folder", "names": "names its symbols so", "part": "one part holds the words",
    "holds": "holds its names",
    "together": "changed with likely files", "often": "changes often", "pagerank": "near likely files",
    "used_by": "used by likely files", "uses": "uses likely files", "tested": "matching tests test it",
    "embedded": "close in meaning", "test": "a test", "plain": "no code",
}  # fmt: skip


def _why(found: Signals, weights: Weights, path: str) -> str:
    """The signals that brought it here, strongest first."""
    gains = {name: weights.get(name, 0.0) * by.get(path, 0.0) for name, by in found.table.items()}
    best = [name for name in sorted(gains, key=lambda name: (-gains[name], name)) if gains[name] > 0][:4]
    said = []
    for name in best:
        detail = found.said.get(name, {}).get(path, "")
        said.append({"defines": f"defines {detail}", "similar": f"like “{detail[:60]}”"}.get(name) or _SAYS[name])
    return ", ".join(said)
