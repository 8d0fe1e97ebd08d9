"""Which files an issue is about: a lexical first pass over all of them, then the likely ones weighed by every signal.

Same view and text, same order. The weights are data (`weights.toml`), fitted on real history.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

from factory.codegraph.rank.embeddings import Embed, meaning
from factory.codegraph.rank.focus import Focus
from factory.codegraph.rank.index import index_of
from factory.codegraph.rank.issue import read_issue
from factory.codegraph.rank.signals import Signals, scaled, signals_of
from factory.codegraph.view import View

Weights: TypeAlias = Mapping[str, float]
REASONS = 4  # that are told of one file


class Ranked(NamedTuple):
    """`focus` are the 1-based lines that made the file interesting, the best first."""

    path: str
    score: float
    why: str
    focus: tuple[int, ...]


def ranked(
    view: View, issue: str, *, limit: int = 20, weights: Weights | None = None, embed: Embed | None = None
) -> list[Ranked]:
    """The files that matter most for an issue's text, best first. Tests and prose come after code that is as likely.

    `embed` gives a vector for each text (of any /v1/embeddings endpoint; `embeddings.kept` keeps them); without it
    nothing is asked of a model.
    """
    weights = weights if weights is not None else fitted()
    read = read_issue(issue)
    found = signals_of(index_of(view), read)
    if embed and found.pool:
        found.table["embedded"] = scaled(meaning(view, issue, found.pool, embed), found.pool)
    scores = scored(found.table, found.pool, weights)
    focus = Focus(found.rare, read.names)
    return [
        Ranked(path, round(scores[path], 4), _why(found, weights, path),
               tuple(dict.fromkeys((*found.lines.get(path, ()), *focus.lines(view.facts(path))))))
        for path in list(scores)[:limit]
    ]  # fmt: skip


def scored(table: Mapping[str, Mapping[str, float]], pool: Sequence[str], weights: Weights) -> dict[str, float]:
    """The pool's files, best first, by the weighted sum of their signals; paths decide between equals."""
    scores = dict.fromkeys(pool, 0.0)
    for name, by in table.items():
        weight = weights.get(name, 0.0)
        for path, value in by.items():
            scores[path] += weight * value
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


@lru_cache(maxsize=1)
def fitted() -> Weights:
    """The weights that come with the program."""
    found: dict[str, float] = tomllib.loads((Path(__file__).parent / "weights.toml").read_text())["signals"]
    return found


_SAYS = {
    "named": "named by the issue", "traced": "in the issue's trace", "body": "holds its words",
    "title": "holds the title's words", "cover": "holds most of the title", "stem": "its name", "place": "its path",
    "folder": "its folder", "defines": "defines", "holds": "uses its names", "kin": "among likely files",
    "beside": "beside likely files", "similar": "like", "described": "past changes speak of it so",
    "recent": "changed of late", "together": "changes with likely files", "pagerank": "near likely files",
    "uses": "uses likely files", "tested": "matching tests test it", "embedded": "close in meaning", "size": "large",
    "aside": "aside", "test": "a test", "plain": "no code",
}  # fmt: skip


def _why(found: Signals, weights: Weights, path: str) -> str:
    """The signals that brought it here, strongest first."""
    gains = {name: weights.get(name, 0.0) * by.get(path, 0.0) for name, by in found.table.items()}
    best = [name for name in sorted(gains, key=lambda name: (-gains[name], name)) if gains[name] > 0]
    said = []
    for name in best[:REASONS]:
        detail = found.said.get(name, {}).get(path, "")
        said.append(f"{_SAYS[name]} {detail}".rstrip())
    return ", ".join(said)
