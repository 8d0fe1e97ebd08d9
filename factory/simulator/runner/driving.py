"""How a run gets on: nodes open when their needs are done, legs wait for their group and a machine, results go up."""

import time
from typing import TYPE_CHECKING

from factory.contracts.errors import FactoryError
from factory.simulator.hub.runs import add_job
from factory.simulator.runner.concurrency import Wish
from factory.simulator.runner.graph import Frame, Leg, Node, Result, RunState
from factory.simulator.runner.opening import close_node, enter, frame_outputs, frame_result, open_node, wanted

if TYPE_CHECKING:
    from factory.simulator.runner.runner import Runner


def queue_up(runner: "Runner", run: RunState) -> None:
    """A new run enters its workflow's group."""
    run.started_once = True
    if run.top and run.top.wish:
        _join(runner, run.top.wish, run.top)


def drive(runner: "Runner", run: RunState) -> bool:
    """Everything that can happen now without waiting. True when something did."""
    if run.done or run.top is None or not run.top.nodes or not run.started_once:
        return False
    if run.top.wish and not runner.groups.holds(run.top):
        if run.cancelled:
            return _end(runner, run, "cancelled")
        waits = run.shown.status != "pending"
        run.shown.status = "pending"
        return waits
    moved = _frame(runner, run.top)
    if run.top.done:
        conclusion = "cancelled" if run.cancelled else frame_result(run.top)
        return _end(runner, run, conclusion)
    return moved


def _end(runner: "Runner", run: RunState, conclusion: str) -> bool:
    with runner.hub.changed:
        run.shown.status, run.shown.conclusion, run.shown.updated = "completed", conclusion, runner.hub.now()
        runner.hub.changed.notify_all()
    run.seconds = round(time.monotonic() - run.started, 3)
    runner.groups.leave(run.top)
    runner.announce(run, "completed")
    return True


def _frame(runner: "Runner", frame: Frame) -> bool:
    moved, again = False, True
    while again:
        again = False
        for node in frame.nodes.values():
            again = _node(runner, node) or again
        moved = moved or again
    return moved


def _node(runner: "Runner", node: Node) -> bool:
    if node.state == "waiting":
        if any(node.frame.nodes[name].state != "done" for name in node.needs):
            return False
        open_node(runner.bench, node)
        return True
    if node.state == "done":
        return False
    moved = False
    for leg in node.legs:
        moved = _leg(runner, leg) or moved
    if all(leg.state == "done" for leg in node.legs):
        close_node(runner.bench, node)
        return True
    return moved


def _leg(runner: "Runner", leg: Leg) -> bool:
    if leg.state == "created":
        if leg.shown is None and "uses" not in leg.node.spec:
            leg.shown = add_job(runner.hub, leg.node.frame.run.shown, leg.name, leg.labels)
        return _try_to_enter(runner, leg)
    if leg.state == "pending" and runner.groups.holds(leg):
        _ready(runner, leg)
        return True
    if leg.state == "running" and leg.frame:
        return _called(runner, leg, leg.frame)
    return False


def _try_to_enter(runner: "Runner", leg: Leg) -> bool:
    node = leg.node
    active = sum(each.state in ("pending", "queued", "running") for each in node.legs)
    if node.max_parallel and active >= node.max_parallel:
        return False
    if not leg.wish:
        _ready(runner, leg)
        return True
    leg.state = "pending"
    _show(runner, leg, "pending")
    _join(runner, leg.wish, leg)
    return True


def _join(runner: "Runner", wish: Wish, holder: "Leg | Frame") -> None:
    run = holder.run if isinstance(holder, Frame) else holder.node.frame.run
    for out in runner.groups.ask(run.shown.repo, wish, holder):
        if isinstance(out, Leg):
            _cancel_leg(runner, out)
        elif isinstance(out, Frame):
            _cancel_frame(runner, out)


def _cancel_frame(runner: "Runner", frame: Frame) -> None:
    if frame.caller:
        _cancel_leg(runner, frame.caller)
    else:
        cancel_run(runner, frame.run)


def _ready(runner: "Runner", leg: Leg) -> None:
    """Its group is free: to the machines, or into the called workflow."""
    if "uses" not in leg.node.spec:
        leg.state, leg.queued = "queued", runner.hub.epoch()
        _show(runner, leg, "queued")
        return
    leg.state = "running"
    try:
        leg.frame = enter(runner.bench, leg)
    except FactoryError as problem:
        leg.node.problem = str(problem)
        finish(runner, leg, "failure")
        return
    if leg.frame.wish:
        leg.frame.waits = True
        _join(runner, leg.frame.wish, leg.frame)


def _called(runner: "Runner", leg: Leg, frame: Frame) -> bool:
    if frame.waits:
        if not runner.groups.holds(frame):
            return False
        frame.waits = False
    moved = _frame(runner, frame)
    if frame.done and leg.state != "done":
        leg.outputs = frame_outputs(runner.bench, frame)
        result = frame_result(frame)
        finish(runner, leg, "cancelled" if leg.cancel.is_set() else result)  # type: ignore[arg-type]  # a Result
        runner.groups.leave(frame)
        return True
    return moved


def begin_job(runner: "Runner", leg: Leg) -> None:
    leg.state = "running"
    run = leg.node.frame.run
    runner.tell(f"{run.shown.name}: {leg.name} runs on {leg.machine}")
    with runner.hub.changed:
        if run.shown.status != "in_progress":
            run.shown.status, run.shown.started = "in_progress", run.shown.started or runner.hub.now()
        if leg.shown:
            leg.shown.status, leg.shown.started, leg.shown.runner = "in_progress", runner.hub.now(), leg.machine
        runner.hub.changed.notify_all()


def finish(runner: "Runner", leg: Leg, result: Result) -> None:
    """A leg is over: its group is free, its siblings may have to stop."""
    leg.state, leg.result = "done", result
    if "uses" not in leg.node.spec:
        leg.outputs = leg.work.outputs
        runner.tell(f"{leg.node.frame.run.shown.name}: {leg.name}: {result} after {leg.work.seconds:.1f} s")
    runner.groups.leave(leg)
    _show(runner, leg, "completed")
    if result == "failure" and not leg.tolerated and leg.node.fail_fast and len(leg.node.legs) > 1:
        for other in leg.node.legs:
            if other.state != "done":
                _cancel_leg(runner, other)


def _show(runner: "Runner", leg: Leg, status: str) -> None:
    if not leg.shown:
        return
    with runner.hub.changed:
        leg.shown.status = status  # type: ignore[assignment]  # one of GitHub's
        if status == "completed":
            leg.shown.conclusion, leg.shown.completed = leg.result, runner.hub.now()
            leg.shown.log = leg.work.log.read_text(encoding="utf-8") if leg.work.log else ""
            leg.shown.steps = [
                {"name": step.name, "status": "completed", "conclusion": step.conclusion, "number": step.number}
                for step in leg.work.steps
            ]
        leg.node.frame.run.shown.updated = runner.hub.now()
        runner.hub.changed.notify_all()


def cancel_run(runner: "Runner", run: RunState) -> None:
    """Cancel: what has not begun ends, what runs is interrupted, a job whose `if` says so goes on."""
    run.cancelled = True
    if run.top is None:
        return
    _cancel_jobs(runner, run.top)


def _cancel_jobs(runner: "Runner", frame: Frame) -> None:
    for node in frame.nodes.values():
        if node.state != "open" or wanted(runner.bench, node, True):
            continue
        for leg in node.legs:
            _cancel_leg(runner, leg)


def _cancel_leg(runner: "Runner", leg: Leg) -> None:
    leg.cancel.set()
    if leg.state == "done":
        return
    if leg.frame:
        _cancel_jobs(runner, leg.frame)
        for node in leg.frame.nodes.values():
            if node.state == "waiting":
                node.state, node.result = "done", "cancelled"
    elif leg.state != "running":
        finish(runner, leg, "cancelled")
