"""Run again: all jobs, or the failed ones with what depends on them; the others keep results, outputs, artifacts."""

from dataclasses import replace
from typing import TYPE_CHECKING

from factory.contracts.record import Json
from factory.simulator.runner import driving
from factory.simulator.runner.graph import Frame, Leg, Node, RunState
from factory.simulator.runner.record import record_of

if TYPE_CHECKING:
    from factory.simulator.runner.runner import Runner

KEPT = ("success", "skipped")


def restart(runner: "Runner", run: RunState) -> None:
    """`shown.rerun` says what: all, failed, or a job's number. The attempt has been counted up already."""
    what, run.shown.rerun = run.shown.rerun, ""
    before: Json = record_of(run).model_dump(mode="json")
    run.past.append({**before, "attempt": run.shown.attempt - 1})
    run.cancelled = False
    if run.top:
        _reset(run.top, what)
        _carry_over(runner, run, run.top)
    run.started_once = False
    driving.queue_up(runner, run)


def _carry_over(runner: "Runner", run: RunState, frame: Frame) -> None:
    """Jobs that are kept are listed in the new attempt too, under new numbers."""
    for leg in frame.jobs():
        if leg.state == "done" and leg.shown:
            with runner.hub.lock:
                leg.shown = replace(leg.shown, id=runner.hub.next_id(), attempt=run.shown.attempt)
                runner.hub.jobs[leg.shown.id] = leg.shown


def _reset(frame: Frame, what: str) -> None:
    """Nodes that are to run again begin anew, and so does every node that needs one of them."""
    chosen = {name for name, node in frame.nodes.items() if _again(node, what)}
    affected = {name for name, node in frame.nodes.items() if chosen & {each.id for each in node.ancestors}}
    for name, node in frame.nodes.items():
        if name in affected or (name in chosen and what == "all"):
            node.state, node.legs, node.result, node.outputs, node.problem = "waiting", [], "", {}, ""
        elif name in chosen:
            _some_legs(node, what)


def _again(node: Node, what: str) -> bool:
    if what == "all":
        return True
    if what == "failed":
        return node.result not in KEPT or any(leg.result not in KEPT for leg in node.legs)
    inside = [each for leg in node.legs if leg.frame for each in leg.frame.nodes.values()]
    return any(_number(leg) == what for leg in node.legs) or any(_again(each, what) for each in inside)


def _some_legs(node: Node, what: str) -> None:
    """Of a matrix only the failed legs; of a called workflow only its failed jobs."""
    node.result, node.problem, node.outputs = "", "", {}
    if not node.legs:
        node.state = "waiting"
        return
    node.state = "open"
    for at, leg in enumerate(node.legs):
        keep = leg.result in KEPT if what == "failed" else _number(leg) != what and not leg.frame
        if keep:
            continue
        if leg.frame and leg.result:
            _reset(leg.frame, what)
            leg.state, leg.result = "running", ""
            leg.cancel.clear()
        else:
            node.legs[at] = Leg(
                node, leg.index, leg.matrix, leg.total, leg.name, tolerated=leg.tolerated, wish=leg.wish,
                labels=leg.labels, attempt=leg.attempt + 1,
            )  # fmt: skip
            node.legs[at].work.permissions = leg.work.permissions


def _number(leg: Leg) -> str:
    return str(leg.shown.id) if leg.shown else ""
