"""The data flow of some files together: each function followed, and what it does known to those that call it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from factory.audit import python, script
from factory.audit.code import Expr, File, Function
from factory.audit.entries import Entry, entries_of
from factory.audit.follow import Follow
from factory.audit.tables import is_named, table
from factory.audit.taint import Origin, Reached, Step, Summary, Taint
from factory.hunt.source import SCRIPT, Source

DEPTH = 3  # calls deep
NOTHING = Summary((), ())
MOST_BYTES = 400_000  # of one file: what is longer was not written by hand


@dataclass
class Flow:
    files: dict[str, File] = field(default_factory=dict)
    entries: dict[str, list[Entry]] = field(default_factory=dict)  # by path
    summaries: dict[int, Summary] = field(default_factory=dict)  # by id of the function

    def reached(self) -> list[tuple[Function, Reached]]:
        """What strangers' values reach, with the function in which the way begins."""
        return [
            (function, each) for file in self.files.values() for function in file.functions
            for each in self.summaries.get(id(function), NOTHING).reached if each.origin.param < 0
        ]  # fmt: skip


def file_of(source: Source) -> File | None:
    """None for a language that is not followed, and for what cannot be read."""
    if len(source.data) > MOST_BYTES:
        return None
    try:
        if source.language == "python":
            return python.read(source)
        return script.read(source) if source.language in SCRIPT else None
    except RecursionError:
        return None


def flow_of(sources: Sequence[Source]) -> Flow:
    """Followed DEPTH times: each time what is called is known one call deeper."""
    files = {source.path: file for source in sources if (file := file_of(source))}
    flow = Flow(files, {path: entries_of(file) for path, file in files.items()})
    index = _Index(flow)
    for _ in range(DEPTH):
        flow.summaries |= {
            id(function): _followed(flow, file, function, index)
            for file in files.values()
            for function in file.functions
        }
    return flow


def _followed(flow: Flow, file: File, function: Function, index: "_Index") -> Summary:
    entry = next((each for each in flow.entries[file.path] if each.function == function.name and function.name), None)
    given: dict[str, Taint] = {}
    for n, name in enumerate(function.params):
        if entry and name in entry.theirs:
            clean = frozenset(("CWE-915",)) if name in entry.checked else frozenset()
            given[name] = (Origin("web", name, steps=(Step(file.path, function.start),), clean=clean),)
        else:
            given |= {each: (Origin("param", each, param=n, steps=()),) for each in name.split(",") if each}
    try:
        page = entry is not None and entry.kind == "route" and _flask(file)
        return Follow(file, function, table(file.script), given, index.resolve, page).run()
    except RecursionError:
        return NOTHING


def _flask(file: File) -> bool:
    """There a text that a route returns is a page; FastAPI makes JSON of it."""
    return not file.script and any(line.startswith(("from flask", "import flask")) for line in file.lines)


class _Index:
    """Functions by the last part of their full name."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.known: dict[str, list[tuple[str, Function]]] = defaultdict(list)
        for file in flow.files.values():
            module = script.module_name(file.path) if file.script else _module(file.path)
            for function in file.functions:
                if function.name:
                    self.known[function.name.rpartition(".")[2]].append((f"{module}.{function.name}", function))

    def resolve(self, file: File, within: Function, call: Expr) -> tuple[Function, Summary] | None:
        """The function of the tree that a call means, None when that is not sure."""
        found = self._meant(file, within, call.dotted)
        if found is None or found is within:
            return None
        return found, self.flow.summaries.get(id(found), NOTHING)

    def _meant(self, file: File, within: Function, dotted: str) -> Function | None:
        if not dotted or dotted.startswith("<"):
            return None
        last = dotted.rpartition(".")[2]
        rows = self.known.get(last, [])
        if not rows:
            return None
        here = [(name, each) for name, each in rows if each.path == file.path]
        if dotted in (f"self.{last}", f"this.{last}"):
            return next((each for _, each in here if each.owner and each.owner == within.owner), None)
        if "." not in dotted.lstrip("."):
            return next((each for _, each in here if not each.owner), None) if not dotted.startswith(".") else None
        wanted = dotted.lstrip(".") if not file.script else dotted
        meant = [each for name, each in rows if name == wanted or (not file.script and is_named(name, wanted))]
        return meant[0] if len(meant) == 1 else None


def _module(path: str) -> str:
    return path.rpartition(".")[0].replace("/", ".").removesuffix(".__init__")
