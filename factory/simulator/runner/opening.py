"""A job whose turn has come: its `if`, its matrix, its names, groups and labels, and the workflow that it calls."""

from collections.abc import Mapping
from typing import Any

from factory.contracts.errors import FactoryError
from factory.contracts.record import Json
from factory.simulator.runner import contexts
from factory.simulator.runner.bench import Bench
from factory.simulator.runner.calls import called, inputs_of, secrets_of
from factory.simulator.runner.concurrency import Wish
from factory.simulator.runner.graph import Frame, Leg, Node
from factory.simulator.runner.matrix import legs, title
from factory.simulator.runner.permissions import effective
from factory.simulator.runner.scope import as_text


def frame_contexts(bench: Bench, frame: Frame) -> Json:
    return {
        "github": contexts.github(bench.hub, frame), "inputs": frame.inputs,
        "vars": bench.variables(frame.run.shown.repo),
    }  # fmt: skip


def node_contexts(bench: Bench, node: Node) -> Json:
    return {**frame_contexts(bench, node.frame), "needs": node.needs_context}


def wanted(bench: Bench, node: Node, cancelled: bool) -> bool:
    """What the job's `if` says. Raises ExpressionProblem."""
    return bench.expressions.holds(node.spec.get("if"), node_contexts(bench, node), node.status(cancelled))


def open_node(bench: Bench, node: Node) -> None:
    """Skipped, failed for what is wrong with it, or open with its legs."""
    node.state = "done"
    try:
        if not wanted(bench, node, node.frame.run.cancelled):
            node.result = "skipped"
            return
        node.legs = _legs(bench, node)
        node.state = "open"
    except FactoryError as problem:
        node.result, node.problem = "failure", str(problem)


def _legs(bench: Bench, node: Node) -> list[Leg]:
    known = node_contexts(bench, node)
    strategy = bench.expressions.fill(node.spec.get("strategy") or {}, known, node.status(False))
    node.fail_fast = as_text(strategy.get("fail-fast", True)) != "false"
    node.max_parallel = int(float(strategy.get("max-parallel") or 0))
    matrix = strategy.get("matrix")
    found: list[Json | None] = list(legs(matrix)) if matrix is not None else [None]
    return [_leg(bench, node, at, each, len(found), known) for at, each in enumerate(found)]


def _leg(bench: Bench, node: Node, index: int, matrix: Json | None, total: int, known: Json) -> Leg:
    leg = Leg(node, index, matrix, total, node.id)
    known = {**known, "matrix": matrix, "strategy": contexts.strategy(leg)}
    named = node.spec.get("name")
    plain = as_text(bench.expressions.fill(named, known)) if named else node.id
    shown = plain if named and "${{" in str(named) else title(plain, matrix or {})
    leg.name = node.frame.prefix + shown
    leg.tolerated = as_text(bench.expressions.fill(node.spec.get("continue-on-error"), known)) == "true"
    leg.wish = wish_of(bench.expressions.fill(node.spec.get("concurrency"), known))
    frame = node.frame
    leg.work.permissions = effective(
        frame.document.get("permissions"), node.spec.get("permissions"), frame.cap, bench.options.permissions,
        frame.run.fork,
    )  # fmt: skip
    leg.labels = _labels(bench.expressions.fill(node.spec.get("runs-on"), known))
    return leg


def wish_of(said: Any) -> Wish | None:
    """A `concurrency:` after evaluation. Raises FactoryError for what GitHub refuses."""
    if not said:
        return None
    if not isinstance(said, Mapping):
        return Wish(as_text(said))
    cancel = as_text(said.get("cancel-in-progress")) == "true"
    queue = "max" if said.get("queue") == "max" else "single"
    if cancel and queue == "max":
        raise FactoryError("concurrency: `queue: max` and `cancel-in-progress: true` exclude each other.")
    group = as_text(said.get("group"))
    return Wish(group, cancel, "max" if queue == "max" else "single") if group else None


def _labels(said: Any) -> tuple[str, ...]:
    if isinstance(said, Mapping):
        said = said.get("labels") or []
    return (said,) if isinstance(said, str) else tuple(str(each) for each in said or ())


def enter(bench: Bench, leg: Leg) -> Frame:
    """The called workflow at work. Raises FactoryError with GitHub's reason not to start it."""
    node, frame = leg.node, leg.node.frame
    source, document = called(bench, frame.source, str(node.spec["uses"]))
    known = {**node_contexts(bench, node), "matrix": leg.matrix, "strategy": contexts.strategy(leg)}
    declared = (document.get("on") or {}).get("workflow_call") or {}
    given = bench.expressions.fill(node.spec.get("with") or {}, known)
    secrets = secrets_of(bench, node, declared, {**known, "secrets": dict(frame.secrets)})
    inside = Frame(
        frame.run, source, document, inputs_of(bench, declared, given, known), secrets, leg.work.permissions, leg
    )
    inside.nodes = {name: Node(inside, name, spec) for name, spec in document["jobs"].items()}
    inside.wish = wish_of(bench.expressions.fill(document.get("concurrency"), frame_contexts(bench, inside)))
    return inside


def close_node(bench: Bench, node: Node) -> None:
    """All legs are done: one result; outputs in the order of the legs, later ones win where they say something."""
    results = ["success" if leg.result == "failure" and leg.tolerated else leg.result for leg in node.legs]
    order = ("failure", "cancelled", "success", "skipped")
    node.result = next((each for each in order if each in results), "skipped")
    for leg in node.legs:
        node.outputs |= {name: value for name, value in leg.outputs.items() if value or name not in node.outputs}
    node.state = "done"


def frame_result(frame: Frame) -> str:
    results = [node.result for node in frame.nodes.values()]
    for each in ("failure", "cancelled", "success"):
        if each in results:
            return each
    return "skipped"


def frame_outputs(bench: Bench, frame: Frame) -> dict[str, str]:
    """`on.workflow_call.outputs` of a called workflow."""
    declared = ((frame.document.get("on") or {}).get("workflow_call") or {}).get("outputs") or {}
    jobs = {name: {"result": node.result, "outputs": node.outputs} for name, node in frame.nodes.items()}
    known = {**frame_contexts(bench, frame), "jobs": jobs}
    return {name: as_text(bench.expressions.fill((spec or {}).get("value"), known)) for name, spec in declared.items()}
