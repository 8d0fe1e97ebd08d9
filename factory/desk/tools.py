"""The tools of the loop, on a draft: a path is a key into a git tree and never a path on this disk."""

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from factory.contracts.errors import BadReply, EditProblem, GitProblem
from factory.contracts.grant import TESTS, Network, Ruling
from factory.contracts.record import Field, Json, Record, ValidationError, problems
from factory.contracts.seams import TreeReader
from factory.desk.grants import Gate, use_of
from factory.desk.graph_tool import AskGraph, GraphOf, ask_graph
from factory.desk.history_tool import AskHistory, Past, history
from factory.desk.mcp_tools import NO_SERVERS, Servers
from factory.desk.pieces import piece, pieces_found
from factory.desk.reason_tool import AskReason, Reasoner
from factory.desk.recall_tool import AskMemory, Recall, recall
from factory.desk.screenshot_tool import AskScreenshot, Screens
from factory.desk.window import Result
from factory.desk.withheld import notice
from factory.edits.blocks import parse
from factory.edits.draft import Draft, clean
from factory.edits.globs import is_literal, matches
from factory.edits.paths import INSTALLED, PathPolicy, escape
from factory.prompting import fence, printable, tame

READ_LINES = 400
READ_CHARS = 24_000
FOUND = 60
LISTED = 300
_PACKAGE = re.compile(r"@?[A-Za-z0-9][A-Za-z0-9._/-]{0,100}")
_TEST = re.compile(r"(?!-)[\w./:@,+=~()\[\]-]+")  # letters and signs that runners use in ids
LINE = 300  # characters of a found line
TEST_CHARS = 8_000


class ReadFile(Record):
    path: str
    start: int = Field(default=1, ge=1)
    end: int = Field(default=0, ge=0)  # 0 = READ_LINES further


class Search(Record):
    pattern: str = Field(max_length=500, pattern=r"^[^\x00]+$")  # no program takes a null byte in an argument
    glob: str = ""


class ListFiles(Record):
    glob: str = ""


class RunTests(Record):
    selection: str = Field(default="", max_length=500)


class RunCommand(Record):
    command: str = Field(min_length=1, max_length=1000)


class AskPackage(Record):
    name: str = Field(min_length=1, max_length=100)


def _nothing(text: str) -> str:
    return "error: there is nothing here that could answer."


@dataclass(frozen=True)
class Bench:
    """What the tools work on. Every use of one, edits too, goes through `gate` first."""

    draft: Draft
    trees: TreeReader
    run_tests: Callable[[str, str], str]  # tree, selection -> text
    note: Callable[[str, Json], None]
    gate: Gate
    withheld: Callable[[str], str] = lambda path: ""  # why a file's contents may not be shown, or ""
    graph: GraphOf | None = None
    lessons: Recall = lambda about: ()
    history: Past | None = None
    package: Callable[[str], str] = _nothing  # name -> text
    command: Callable[[str, str], str] = lambda tree, command: _nothing(command)
    reasoner: Reasoner | None = None
    screens: Screens | None = None
    servers: Servers = NO_SERVERS

    def use(self, name: str, arguments: Json) -> Result:
        """Raises BadReply when there is no such tool, or its arguments are not the ones it takes."""
        if self.servers.has(name):
            return self._serve(name, arguments)
        if name not in _TOOLS:
            there = [tool for tool in self.gate.grant.tools if tool in _TOOLS] + [*self.servers.names, "finish"]
            raise BadReply(f"there is no tool {name!r}; there are: {', '.join(there)}")
        record, work, needs = _TOOLS[name]
        try:
            values = record.model_validate({key: value for key, value in arguments.items() if value is not None})
        except ValidationError as error:
            raise BadReply(f"{name}: {'; '.join(problems(error))}") from None
        try:
            ruling = self.gate.rule(use_of(name, _text(arguments), **needs(self, values)))
            return work(self, values) if ruling.allowed else denied(ruling)
        except EditProblem as problem:
            return self._refused(problem)

    def edit(self, text: str) -> tuple[tuple[str, ...] | None, Result]:
        """Apply an answer's edit blocks, all or none: (notes, None when nothing was applied; what to tell)."""
        ruling = self.gate.rule(use_of("edit", text.encode("utf-8", "backslashreplace").decode()))
        if not ruling.allowed:
            return None, denied(ruling)
        try:
            notes = tuple(self.draft.apply(parse(text)))
        except EditProblem as problem:
            return None, Result(f"error: nothing was applied. {problem}", "[edits failed]")
        return notes, Result("\n".join(("edits applied.", *notes)), "[edits applied]")

    def network(self) -> Network:
        """What running the draft may need: a change of manifests or lock files has packages installed."""
        flags = (PathPolicy().flag(change.path) for change in self.draft.changes())
        return "index" if any(flag in INSTALLED for flag in flags) else "none"

    @property
    def spent(self) -> int:
        """Micro-dollars that tools have used."""
        return self.reasoner.spent if self.reasoner else 0

    def _serve(self, name: str, arguments: Json) -> Result:
        ruling = self.gate.rule(use_of(name, _text(arguments), server=self.servers.server(name)))
        return self.servers.use(name, arguments) if ruling.allowed else denied(ruling)

    def glob(self, text: str) -> str:
        """A glob without a folder is meant for all of them. Raises EditProblem when it leaves the repository."""
        glob = text.removeprefix("./").rstrip("/") or "**"
        reason = escape(glob)
        if reason:
            raise EditProblem(f"{text[:200]!r} {reason}.", text, "path_denied")
        here = "/" in glob or glob == "**" or (is_literal(glob) and any(matches(glob, p) for p in self.draft.paths()))
        return glob if here else f"**/{glob}"

    def _refused(self, problem: EditProblem) -> Result:
        """A path that may not be looked at is a line in the trail as well."""
        if problem.rule != "path_denied":
            return Result(f"error: {problem}", f"error: {problem}")
        self.note("path_denied", {"path": problem.path[:500], "reason": str(problem)[:500]})
        return Result(f"error: outside worktree: {problem}", "error: outside worktree")


def denied(ruling: Ruling) -> Result:
    text = f"denied: {ruling.why}. Allowed instead: {ruling.instead or 'nothing'}."
    return Result(text, f"denied: {ruling.why}.")


def _text(arguments: Json) -> str:
    return json.dumps(arguments, sort_keys=True, default=str)


def _read(bench: Bench, wanted: ReadFile) -> Result:
    path = clean(wanted.path)
    if why := bench.withheld(path):
        return Result(f"error: {notice(path, why)}", "[withheld]")
    lines = bench.draft.read(path).splitlines(keepends=True)
    start = min(wanted.start, max(1, len(lines)))
    last = min(max(start, wanted.end) if wanted.end else len(lines), start + READ_LINES - 1, len(lines))
    body = "".join(lines[start - 1 : last])[:READ_CHARS]
    end = start + max(0, len(body.splitlines()) - 1)
    where = f"{path}, lines {start} to {end} of {len(lines)}"
    return Result(f"{where}:\n{body}", f"[output dropped: {where}; read it again if you need it]",
                  (piece(path, start, end, body),))  # fmt: skip


def _search(bench: Bench, wanted: Search) -> Result:
    glob = bench.glob(wanted.glob) if wanted.glob else ""
    tree, pattern = bench.draft.tree(), _posix(wanted.pattern)
    try:
        found = bench.trees.grep(tree, pattern or wanted.pattern, glob, literal=not pattern)
    except GitProblem:
        found = bench.trees.grep(tree, wanted.pattern, glob, literal=True)
    paths = frozenset(bench.draft.paths())
    found = tuple(line for line in found if not any(map(bench.withheld, _places(line, paths))))
    title = f"{len(found)} lines match {wanted.pattern!r}" + (f" in {glob}" if glob else "")
    body = "\n".join(line[:LINE] for line in found[:FOUND])
    if not body:
        return Result(f"{title}.", f"{title}.")
    more = f"\n(only the first {FOUND} are shown: search for less)" if len(found) > FOUND else ""
    return Result(f"{title}:\n{body}{more}", f"[output dropped: {title}]", pieces_found(body))


def _places(found: str, paths: Collection[str]) -> Iterator[str]:
    """Each path that `path:line:text` can be about: a path may hold a colon too."""
    for sign in re.finditer(r":(?=\d+:)", found):
        if found[: sign.start()] in paths:
            yield found[: sign.start()]


def _posix(pattern: str) -> str:
    """A model's pattern as POSIX writes it; '' (take it literally) when it could cost time: a hostile one may."""
    if re.search(r"\\[1-9]|\)\s*\{|\}\s*\{|\{\d{3,}|\{\d*,\d{3,}", pattern):
        return ""
    return re.sub(r"\(\?(?::|[a-zA-Z]+\))", lambda m: "(" if m[0] == "(?:" else "", pattern).replace(r"\d", "[0-9]")


def _list(bench: Bench, wanted: ListFiles) -> Result:
    glob = bench.glob(wanted.glob)
    paths = [path for path in bench.draft.paths() if matches(glob, path)]
    more = [f"(and {len(paths) - LISTED} more: give a narrower glob)"] if len(paths) > LISTED else []
    title = f"{len(paths)} files match {glob}"
    return Result(printable("\n".join([f"{title}:", *paths[:LISTED], *more])), f"[output dropped: {title}]")


def _graph(bench: Bench, wanted: AskGraph) -> Result:
    return ask_graph(bench.graph, bench.draft, bench.withheld, wanted)


def _recall(bench: Bench, wanted: AskMemory) -> Result:
    return recall(bench.lessons, wanted)


def _tests(bench: Bench, wanted: RunTests) -> Result:
    """Files and test ids only: what could be an option, a command or a way out is the model's error."""
    for name in wanted.selection.split():
        path = name.partition("::")[0]
        if not _TEST.fullmatch(name) or escape(path.rstrip("/")):
            problem = f"{name[:200]!r} is no test file and no test id: name files like tests/test_a.py::test_b"
            raise EditProblem(f"{problem}, or nothing to run all.", name, "bad_selection")
    text = bench.run_tests(bench.draft.tree(), wanted.selection)
    if len(text) > TEST_CHARS:
        text = f"{text[: TEST_CHARS // 3]}\n[... cut ...]\n{text[-TEST_CHARS * 2 // 3 :]}"
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    return Result(text, f"[output dropped: tests {wanted.selection or '(all)'}: {last[:200]}]")


def _package(bench: Bench, wanted: AskPackage) -> Result:
    if not _PACKAGE.fullmatch(wanted.name) or ".." in wanted.name:
        raise EditProblem(f"{wanted.name!r} is no name of a package.", wanted.name, "bad_package")
    return _fenced(f"package {wanted.name}, as it is installed for the tests", bench.package(wanted.name))


def _command(bench: Bench, wanted: RunCommand) -> Result:
    return _fenced(f"output of {wanted.command!r}", bench.command(bench.draft.tree(), wanted.command))


def _reason(bench: Bench, wanted: AskReason) -> Result:
    if bench.reasoner is None:
        return Result("error: there is no reasoning model here.", "[reason: not answered]")
    return bench.reasoner.ask(wanted)


def _screenshot(bench: Bench, wanted: AskScreenshot) -> Result:
    if bench.screens is None:
        return Result("error: there is no browser here.", "[no screenshot]")
    return bench.screens.take(bench.draft, bench.withheld, wanted)


def _looks(bench: Bench, wanted: AskScreenshot) -> Json:
    """A server of pages runs with what its tests need installed; a file needs nothing."""
    return {"network": bench.network()} if wanted.server else {"paths": (wanted.path,)}


def _fenced(title: str, text: str) -> Result:
    body = tame(printable(text))
    mark = fence(body)
    return Result(f"{title}:\n{mark}\n{body}\n{mark}", f"[output dropped: {title}]")


_Needs = Callable[[Bench, Any], Json]

_TOOLS: dict[str, tuple[type[Record], Callable[[Bench, Any], Result], _Needs]] = {
    "read_file": (ReadFile, _read, lambda bench, wanted: {"paths": (clean(printable(wanted.path)),)}),
    "search": (Search, _search, lambda bench, wanted: {}),
    "list_files": (ListFiles, _list, lambda bench, wanted: {}),
    "graph": (AskGraph, _graph, lambda bench, wanted: {}),
    "recall": (AskMemory, _recall, lambda bench, wanted: {}),
    "history": (
        AskHistory,
        lambda bench, wanted: history(bench.history, bench.withheld, wanted),
        lambda bench, wanted: {"paths": (clean(wanted.path),)},
    ),
    "package": (AskPackage, _package, lambda bench, wanted: {}),
    "reason": (AskReason, _reason, lambda bench, wanted: {}),
    "screenshot": (AskScreenshot, _screenshot, _looks),
    "run_tests": (RunTests, _tests, lambda bench, wanted: {"execute": TESTS, "network": bench.network()}),
    "run_command": (
        RunCommand,
        _command,
        lambda bench, wanted: {"execute": wanted.command, "network": bench.network()},
    ),
}  # fmt: skip  search, list_files and graph leave out what may not be read
