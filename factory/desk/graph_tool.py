"""The tool `graph`: questions about a draft's code, as it is now, answered in lines of `path:line: what`."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from factory.codegraph.graph.graph import Graph
from factory.contracts.codegraph import Call, CoveredBy, Definition, Listed, Neighbour, Reference
from factory.contracts.errors import EditProblem, FactoryError
from factory.contracts.record import Field, Record
from factory.desk.pieces import piece, pieces_found
from factory.desk.window import Result
from factory.desk.withheld import Withheld, notice
from factory.edits.draft import Draft
from factory.edits.paths import escape
from factory.prompting import printable

ROWS = 40  # of one answer
TIES = 6  # of each kind, around a symbol
OUTLINE = 150
BODY = 60  # lines of a definition that are shown at once
CODE = 160  # characters of a line of code
WIDE = 12_000  # characters of one answer
GONE = "the code graph cannot be read here: use search and read_file instead."

GraphOf = Callable[[str], Graph]
"""The graph of a git tree. Raises FactoryError when the store cannot be had."""


class AskGraph(Record):
    ask: Literal["definition", "references", "callers", "callees", "tests", "outline", "neighbours"]
    of: str = Field(min_length=1, max_length=300)
    depth: int = Field(default=1, ge=1, le=3)


def ask_graph(graph_of: GraphOf | None, draft: Draft, withheld: Withheld, wanted: AskGraph) -> Result:
    """Raises EditProblem (path_denied) for a path that leads out of the repository."""
    of = wanted.of.strip()
    if "/" in of or of.startswith((".", "~")):
        path = of.removeprefix("./").partition(":")[0]
        if reason := escape(path):
            raise EditProblem(f"{of[:200]!r} {reason}.", path, "path_denied")
        if why := withheld(path):
            return Result(f"error: {notice(path, why)}", "[withheld]")
    if graph_of is None:
        return Result(f"error: {GONE}", "[no graph]")
    try:
        return _Answers(graph_of(draft.tree()), draft, withheld).give(wanted.ask, of, wanted.depth)
    except EditProblem:
        raise
    except (FactoryError, OSError):  # a full disk, a store that is damaged: the work goes on without
        return Result(f"error: {GONE}", "[no graph]")


class _Answers:
    """One graph's answers as text. What is withheld is left out, its names too."""

    def __init__(self, graph: Graph, draft: Draft, withheld: Withheld) -> None:
        self._graph, self._draft, self._withheld = graph, draft, withheld
        self._lines: dict[str, list[str]] = {}

    def give(self, ask: str, of: str, depth: int) -> Result:
        path = self._graph.path(of)
        if not path and (ask == "outline" or not self._graph.names.find(of)):
            near = [one for one in self._graph.near(of) if not self._withheld(one)]
            hint = f"; near to it are: {', '.join(near)}" if near else ""
            what = "file" if ask == "outline" else "symbol or file"
            return self._said(f"no {what} is called {of}{hint}. Search finds plain text.", ())
        if path and ask in ("definition", "outline"):
            found = self._graph.outline(path, OUTLINE)
            return self._listed(f"outline of {path}", found, [_outlined(one) for one in found.items])
        if path and ask in ("references", "callers", "callees"):
            return self._said(f"{path} is a file: ask about a symbol in it, or for its neighbours.", ())
        return self._about(ask, of, depth)

    def _about(self, ask: str, of: str, depth: int) -> Result:
        graph = self._graph
        if ask == "definition":
            return self._defined(of)
        asks: dict[str, Callable[[], Listed[Any]]] = {
            "references": lambda: graph.references(of, ROWS),
            "callers": lambda: graph.callers(of, depth, ROWS),
            "callees": lambda: graph.callees(of, depth, ROWS),
            "tests": lambda: graph.tests_of(of, ROWS // 2),
            "neighbours": lambda: graph.neighbours(of, TIES),
        }
        found = asks[ask]()
        seen = found.but(items=tuple(one for one in found.items if not self._hidden(one)))
        return self._listed(f"{ask} of {of}", seen, [self._row(one, ask) for one in seen.items])

    def _defined(self, of: str) -> Result:
        """Where it is; a single one with its lines, so that it need not be read afterwards."""
        found = self._graph.symbols(of, ROWS // 2)
        seen = [one for one in found.items if not self._withheld(one.path)]
        rows = [f"{one.path}:{one.line}: {one.kind} {one.name} (lines {one.start} to {one.end})"
                f"{f': {one.signature}' if len(seen) > 1 else ''}" for one in seen]  # fmt: skip
        listed = self._listed(f"{len(seen)} of {of}" if len(seen) > 1 else f"definition of {of}", found, rows)
        if len(seen) != 1:
            return listed
        one = seen[0]
        end = min(one.end, one.start + BODY - 1)
        body = "".join(f"{line}\n" for line in self._code(one.path)[one.start - 1 : end])
        more = f"(lines {end + 1} to {one.end}: use read_file)\n" if end < one.end else ""
        shown = (piece(one.path, one.start, end, body),) if body else ()
        return Result(f"{listed.text}\n{body}{more}", listed.gone, listed.pieces + shown)

    def _row(self, one: Any, ask: str) -> str:
        if isinstance(one, Reference):
            inside = f" [in {one.symbol}]" if one.symbol else ""
            return f"{one.path}:{one.line}: {self._line(one.path, one.line)}{inside}{_unsure(one.sure)}"
        if isinstance(one, Call):
            caller = one.of if ask == "callees" else f"{one.path}:{one.symbol}"
            path, _, symbol = caller.rpartition(":")
            called = f"{one.path}:{one.symbol}" if ask == "callees" else one.of
            step = f" (depth {one.depth})" if one.depth > 1 else ""
            return f"{path}:{one.line}: {symbol or 'top level'} calls {called}{step}{_unsure(one.sure)}"
        if isinstance(one, CoveredBy):
            names = ", ".join(one.tests[:8]) or "the whole file"
            return f"{one.path}:{one.lines[0] if one.lines else 1}: {names} ({', '.join(one.why)})"
        assert isinstance(one, Neighbour)
        times = f", {one.count} times" if one.count > 1 and one.relation != "changed" else ""
        what = one.symbol or one.why or "file"
        return f"{one.path}:{one.line or 1}: {one.relation}: {what}{times}{_unsure(one.sure)}"

    def _listed(self, title: str, found: Listed[Any], rows: Sequence[str]) -> Result:
        kept: list[str] = []
        size = 0
        for row in rows:
            size += len(row) + 1
            if size > WIDE:
                break
            kept.append(row)
        cut = found.cut + len(rows) - len(kept)
        more = [f"({cut} more are not shown: ask for something narrower)"] if cut else []
        body = "\n".join([*kept, *more])
        return self._said(f"{title}: none known." if not rows and not cut else f"{title}:", kept, body)

    def _said(self, title: str, rows: Iterable[str], body: str = "") -> Result:
        found = pieces_found("\n".join(printable(row) for row in rows))
        gone = f"[output dropped: graph, {title.rstrip(':')}]" if body else title
        return Result(printable(f"{title}\n{body}" if body else title), gone, found)

    def _hidden(self, one: Any) -> bool:
        other = getattr(one, "to", "") or getattr(one, "of", "")
        return bool(self._withheld(one.path) or (other and self._withheld(other.rpartition(":")[0])))

    def _line(self, path: str, line: int) -> str:
        lines = self._code(path)
        return lines[line - 1].strip()[:CODE] if 0 < line <= len(lines) else ""

    def _code(self, path: str) -> list[str]:
        """A file's lines; none of a file that a draft does not read (binary, too large)."""
        if path not in self._lines:
            try:
                self._lines[path] = self._draft.read(path).split("\n")
            except EditProblem:
                self._lines[path] = []
        return self._lines[path]


def _outlined(one: Definition) -> str:
    depth = "  " * one.name.count(".")
    doc = f"  # {one.doc}" if one.doc else ""
    return f"{one.path}:{one.start}: {depth}{one.signature or one.name} (to line {one.end}){doc}"


def _unsure(sure: bool) -> str:
    return "" if sure else " [only the name agrees]"
