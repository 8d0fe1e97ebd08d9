"""Answers of the code graph on the terminal: tables, paths or JSON on stdout, remarks on stderr."""

import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from factory.contracts.codegraph import Call, CoveredBy, Definition, Listed, Neighbour, Reference
from factory.contracts.errors import ModelProblem, UsageProblem

if TYPE_CHECKING:
    from factory.codegraph.graph.graph import Graph
    from factory.codegraph.rank.embeddings import Embed
    from factory.codegraph.rank.rank import Ranked
    from factory.codegraph.view import View

COLUMNS = {
    "symbols": ("where", "kind", "symbol", "signature"),
    "outline": ("lines", "kind", "symbol", "signature"),
    "references": ("where", "in", "kind", "means", "by"),
    "callers": ("depth", "where", "caller", "calls", "by"),
    "callees": ("depth", "where", "caller", "calls", "by"),
    "neighbours": ("tie", "where", "symbol", "times", "by", "why"),
    "tests": ("file", "tests", "lines", "why", "score"),
}
SURE, NAME = "import", "name only"


def rank(
    open_view: "Callable[[], View]", issue: str, limit: int, paths: bool, as_json: bool, embed: "Embed | None" = None
) -> int:
    """The files an issue is about, best first. The issue is read before anything is built."""
    from factory.cli.options import issue_event

    text = issue_event(issue).text
    found = _ranked(open_view(), text, limit, embed)
    if paths:
        _paths([one.path for one in found])
    elif as_json:
        print(json.dumps([one._asdict() for one in found], indent=2))
    else:
        listed(found, sys.stdout)
    if not found:
        print("factory: nothing in the repository is like this issue.", file=sys.stderr)
    return 0


def listed(found: "Sequence[Ranked]", stream: IO[str]) -> None:
    """A table; on a terminal two lines a file, so that a path is never broken and its reasons keep to one line."""
    from factory.render.stream import is_terminal
    from factory.render.terminal import console, table
    from factory.render.text import clip, line

    if not is_terminal(stream):
        rows = [(number, one.path, f"{one.score:.3f}", ",".join(map(str, one.focus[:3])), one.why)
                for number, one in enumerate(found, 1)]  # fmt: skip
        table(rows, ("", "file", "score", "lines", "why"), stream)
        return
    drawn = console(stream)
    for number, one in enumerate(found, 1):
        drawn.print(f"{number:3}  {line(one.path, 4096)}", style="bold", soft_wrap=True)  # the terminal breaks it
        lines = f"lines {', '.join(map(str, one.focus[:3]))}; " if one.focus else ""
        drawn.print(clip(f"     {one.score:.3f}  {lines}{line(one.why, 400)}", drawn.width), style="dim")


def _ranked(view: "View", text: str, limit: int, embed: "Embed | None") -> "list[Ranked]":
    """Without closeness in meaning when the endpoint for it gives none, and a word on stderr."""
    from factory.codegraph.rank.embeddings import UNUSABLE
    from factory.codegraph.rank.rank import ranked

    try:
        return ranked(view, text, limit=limit, embed=embed)
    except (ModelProblem, *UNUSABLE) as problem:
        if embed is None:
            raise
        print(f"factory: files are ranked without embeddings: {problem}", file=sys.stderr)
        return ranked(view, text, limit=limit)


def answer(view: "View", what: str, name: str, depth: int, limit: int, paths: bool, as_json: bool) -> int:
    """One question about one name. Raises UsageProblem for a name that is not there, with the nearest that are."""
    from factory.codegraph.graph.graph import Graph
    from factory.render.terminal import table

    graph = Graph(view)
    path = graph.path(name)
    what = "outline" if what == "symbols" and path else what
    _check(graph, what, name, path)
    asks: dict[str, Callable[[], Listed[Any]]] = {
        "symbols": lambda: graph.symbols(name, limit),
        "outline": lambda: graph.outline(name, limit),
        "references": lambda: graph.references(name, limit),
        "callers": lambda: graph.callers(name, depth, limit),
        "callees": lambda: graph.callees(name, depth, limit),
        "neighbours": lambda: graph.neighbours(name, limit),
        "tests": lambda: graph.tests_of(name, limit),
    }
    found = asks[what]()
    if paths:
        _paths(list(dict.fromkeys(one.path for one in found.items)))
    elif as_json:
        print(found.to_json(indent=2))
    elif found.items:
        table([_row(one, what) for one in found.items], COLUMNS[what], sys.stdout)
    else:
        print(f"factory: {name} is there, but has no {what}.", file=sys.stderr)
    if found.cut:
        print(f"factory: {found.cut:,} more are not shown: raise --limit.", file=sys.stderr)
    return 0


def draw(view: "View", name: str, depth: int, out: Path) -> int:
    """Write the picture of a neighbourhood. Raises UsageProblem as `answer` does."""
    from factory.cli.options import write_out
    from factory.codegraph.graph.graph import Graph
    from factory.codegraph.graph.picture import picture

    graph = Graph(view)
    _check(graph, "neighbours", name, graph.path(name))
    write_out(out, picture(graph, name, depth))
    print(out)
    return 0


def _check(graph: "Graph", what: str, name: str, path: str) -> None:
    """What is asked about must be there, and a file where only a file will do."""
    if what == "outline" and not path:
        raise UsageProblem(f"There is no file {name} in the graph{_near(graph, name)}.")
    if path and what in ("references", "callers", "callees"):
        raise UsageProblem(f"{name} is a file: ask about a symbol in it, for example {_first(graph, path)}.")
    if not path and not graph.names.find(name):
        raise UsageProblem(f"Nothing in the graph is called {name}{_near(graph, name)}.")


def _near(graph: "Graph", name: str) -> str:
    near = graph.near(name)
    return f": did you mean {' or '.join(near)}" if near else ""


def _first(graph: "Graph", path: str) -> str:
    return next((one.key for one in graph.outline(path, 1).items), "NAME")


def _row(one: Any, what: str) -> Sequence[object]:
    if isinstance(one, Definition):
        where = f"{one.start}-{one.end}" if what == "outline" else f"{one.path}:{one.line}"
        return where, one.kind, one.name, one.signature
    if isinstance(one, Reference):
        return f"{one.path}:{one.line}", one.symbol or "-", one.kind, one.to, _by(one.sure)
    if isinstance(one, Call) and what == "callees":
        path, _, caller = one.of.rpartition(":")
        return str(one.depth), f"{path}:{one.line}", caller, f"{one.path}:{one.symbol}", _by(one.sure)
    if isinstance(one, Call):
        return str(one.depth), f"{one.path}:{one.line}", one.symbol or "-", one.of, _by(one.sure)
    if isinstance(one, Neighbour):
        where = f"{one.path}:{one.line}" if one.line else one.path
        return one.relation, where, one.symbol or "-", str(one.count), _by(one.sure), one.why
    assert isinstance(one, CoveredBy)
    lines = ",".join(map(str, one.lines[:5]))
    return one.path, ", ".join(one.tests[:5]) or "-", lines or "-", ", ".join(one.why), f"{one.score:.1f}"


def _by(sure: bool) -> str:
    return SURE if sure else NAME


def _paths(paths: Sequence[str]) -> None:
    """One a line and nothing else, as bytes: a path need not be text, and a line end in one is written \\n."""
    for path in paths:
        shown = re.sub(r"[\x00-\x1f\x7f]", lambda sign: repr(sign[0])[1:-1], path)
        sys.stdout.buffer.write(os.fsencode(shown) + b"\n")
    sys.stdout.flush()
