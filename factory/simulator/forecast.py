"""`--dry`: which jobs an event would start, with what in hand, without running a step."""

import contextlib
from collections.abc import Iterator
from typing import Any

from factory.contracts.errors import FactoryError
from factory.simulator.hub.nouns import Event
from factory.simulator.runner.bench import Bench
from factory.simulator.runner.calls import called
from factory.simulator.runner.graph import Frame, Node
from factory.simulator.runner.job import DEFAULT_MINUTES
from factory.simulator.runner.opening import node_contexts, wanted
from factory.simulator.runner.permissions import Held, effective
from factory.simulator.runner.starting import begin, triggers
from factory.simulator.story import Forecast


def forecast(bench: Bench, event: Event) -> tuple[Forecast, ...]:
    """Every job of every workflow that the event starts; a condition on earlier jobs stays open."""
    found: list[Forecast] = []
    for trigger in triggers(bench, event):
        run = begin(bench, event, trigger)
        if run.problem or run.top is None:
            raise FactoryError(f"{trigger.source.path} would not start: {run.problem}")
        found += _of(bench, run.top, run.shown.name, "", bench.options.permissions)
    return tuple(found)


def _of(bench: Bench, frame: Frame, workflow: str, prefix: str, default: Any) -> Iterator[Forecast]:
    for name, node in frame.nodes.items():
        runs = _runs(bench, node)
        if runs == "no":
            node.state, node.result = "done", "skipped"
        held = effective(
            frame.document.get("permissions"), node.spec.get("permissions"), frame.cap, default, frame.run.fork
        )
        if "uses" in node.spec:
            yield from _of(bench, _inside(bench, node, held, runs), workflow, f"{prefix}{name} / ", default)
            continue
        yield Forecast(
            workflow=workflow, job=prefix + name, runs=runs, machine=_machine(bench, node),
            permissions=held, minutes=_minutes(node.spec.get("timeout-minutes")),
        )  # fmt: skip


def _inside(bench: Bench, node: Node, held: Held, runs: str) -> Frame:
    source, document = called(bench, node.frame.source, str(node.spec["uses"]))
    inside = Frame(node.frame.run, source, document, {}, {}, held)
    inside.nodes = {name: Node(inside, name, dict(spec)) for name, spec in document["jobs"].items()}
    if runs != "yes":
        for each in inside.nodes.values():
            each.spec.setdefault("needs", [])
            each.problem = runs
    else:
        inside.inputs = bench.expressions.fill(node.spec.get("with") or {}, node_contexts(bench, node))
    return inside


def _runs(bench: Bench, node: Node) -> str:
    if node.problem:
        return node.problem
    if any(node.frame.nodes[name].result != "skipped" for name in node.needs):
        shown = ", ".join(node.needs[-2:])
        return f"after {shown}" + (f" and {len(node.needs) - 2} more" if len(node.needs) > 2 else "")
    try:
        return "yes" if wanted(bench, node, False) else "no"
    except FactoryError as problem:
        return f"fails: {problem}"


def _machine(bench: Bench, node: Node) -> str:
    said = node.spec.get("runs-on")
    with contextlib.suppress(FactoryError):
        said = bench.expressions.fill(said, node_contexts(bench, node))
    if isinstance(said, dict):
        said = said.get("labels") or said.get("group")
    return ", ".join(map(str, said)) if isinstance(said, list) else str(said)


def _minutes(said: Any) -> float:
    try:
        return float(said if said is not None else DEFAULT_MINUTES)
    except (TypeError, ValueError):
        return DEFAULT_MINUTES
