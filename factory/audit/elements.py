"""The elements of a change's data flow: entries, boundaries that its lines cross, and the ways between them."""

from collections.abc import Iterator

from factory.audit.change import Change
from factory.audit.code import Expr, File, Function, expressions
from factory.audit.entries import Entry
from factory.audit.flow import Flow
from factory.audit.tables import Sink, stride, table
from factory.contracts.audit import Audited, Element, Way

MOST_ELEMENTS, MOST_WAYS = 24, 12


def elements_of(flow: Flow, change: Change) -> tuple[tuple[Element, ...], int]:
    """(entries first, then boundaries, in the order of the files; how many did not fit)."""
    entries = [entry for path in change.added for entry in flow.entries.get(path, ()) if _touched(change, entry)]
    found = [_entry(n, entry) for n, entry in enumerate(entries, start=1)]
    seen: set[tuple[str, int, str]] = set()
    for path in change.added:
        file = flow.files.get(path)
        for function, call, sink in _calls(file) if file else ():
            key = (path, call.line, sink.boundary)
            near = change.touches(path, call.line) or _new_in(change, function)
            if near and key not in seen and (sink.boundary != "database" or _is_database(sink, call)):
                seen.add(key)
                found.append(_boundary(len(seen), path, function, call, sink))
    return tuple(found[:MOST_ELEMENTS]), max(0, len(found) - MOST_ELEMENTS)


def ways_of(flow: Flow, change: Change) -> tuple[Way, ...]:
    found: dict[tuple[str, str, bool], Way] = {}
    for _, each in flow.reached():
        if any(change.touches(step.path, step.line) for step in each.origin.steps):
            steps = tuple(f"{step.path}:{step.line}" for step in each.origin.steps)
            to = f"{each.name} ({each.sink.boundary}) {each.path}:{each.line}"
            way = Way(
                id=f"W{len(found) + 1}", source=each.origin.label[:200], steps=steps, to=to[:200], checked=each.checked
            )
            found.setdefault((way.source, way.to, way.checked), way)
    return tuple(found.values())[:MOST_WAYS]


def listed(audited: Audited) -> str:
    """For a model: one element a line, what to ask of it, then the ways. "" when the change has none."""
    lines = [
        f"{each.id} {each.kind}: {each.name}, {each.path}:{each.line}{f' in {each.within}' if each.within else ''}"
        f" | ask {' '.join(each.asks)}"
        for each in audited.elements
    ]
    lines += [f"and {audited.omitted} more that are not listed"] if audited.omitted else []
    lines += [
        f"{each.id} way: {each.source} -> {each.to} by {', '.join(each.steps)} | "
        + ("checked or made harmless, as far as rules can see" if each.checked else "NOT CHECKED")
        for each in audited.ways
    ]
    return "\n".join(lines)


def _entry(n: int, entry: Entry) -> Element:
    name = f"{entry.kind} {entry.name}" + (f", through {', '.join(entry.marks)}" if entry.marks else "")
    return Element(id=f"E{n}", kind="entry", name=name[:200], path=entry.path, line=entry.line,
                   within=entry.function[:200], asks=stride("entry"))  # fmt: skip


def _boundary(n: int, path: str, function: Function, call: Expr, sink: Sink) -> Element:
    return Element(id=f"B{n}", kind=sink.boundary, name=call.dotted.lstrip(".")[:200], path=path, line=call.line,
                   within=function.name[:200], asks=stride(sink.boundary))  # fmt: skip


def _calls(file: File) -> Iterator[tuple[Function, Expr, Sink]]:
    for function in file.functions:
        for expr in expressions(function.body):
            for sink in table(file.script).sinks_of(expr)[:1] if expr.kind == "call" else ():
                yield function, expr, sink


def _is_database(sink: Sink, call: Expr) -> bool:
    """`.get()` and `.run()` are methods of everything: what they hang on, or the text they get, must say it."""
    base, words = call.base.dotted if call.base else "", " ".join(_constants(call))
    return not sink.raw_on or bool(sink.raw_on.search(base) or (sink.built and sink.built.search(words)))


def _constants(call: Expr) -> Iterator[str]:
    from factory.audit.code import inside

    return (part.text for arg in call.args[:1] for part in inside(arg) if part.kind == "const")


def _touched(change: Change, entry: Entry) -> bool:
    return any(entry.line <= line <= entry.end for line in change.added.get(entry.path, ()))


def _new_in(change: Change, function: Function) -> bool:
    return bool(function.name) and any(function.start <= line <= function.end
                                       for line in change.added.get(function.path, ()))  # fmt: skip
