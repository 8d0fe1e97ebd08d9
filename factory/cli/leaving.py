"""How a job's work ends: the bundle first, then what the next jobs and the reader of the log are told."""

import json
import sys
from typing import TYPE_CHECKING

from factory.cli.arriving import Order

if TYPE_CHECKING:
    from factory.app import State
    from factory.contracts.change import Change
    from factory.contracts.run import Run, Stop


def leave(order: Order, run: "Run", state: "State", bundled: bool) -> int:
    """Write run.json and the bundle, tell the workflow, return the exit code."""
    from factory.cli.go import code_of
    from factory.files import write_whole
    from factory.handover.bundle import pack

    write_whole(order.run, run.to_json(indent=2) + "\n")  # first: whatever happens to the bundle, this is there
    digest = pack(run, state, order.folder) if bundled else ""
    if digest:
        print(f"{digest}  {order.folder}")
    if run.stopped:
        print(f"factory: stopped ({run.stopped.reason}): {run.stopped.message}", file=sys.stderr)
    _tell(order, run, state, {
        "digest": digest, "units": json.dumps(next_units(run)), "stopped": run.stopped.reason if run.stopped else "",
        "done": str(_done(run)).lower(),
    })  # fmt: skip
    return _end(code_of(run) if run.stopped else 0)


def leave_unit(order: Order, run: "Run", state: "State", change: "Change", stopped: "Stop | None") -> int:
    """The same for one unit of a wave."""
    from factory.contracts.errors import EXIT_CODES
    from factory.handover.units import pack_unit

    digest = pack_unit(change, run, state, order.units, stopped)
    _tell(order, run, state, {
        "digest": digest, "units": "[]", "stopped": stopped.reason if stopped else "", "done": "false",
    }, change.error)  # fmt: skip
    return _end(EXIT_CODES[stopped.reason] if stopped else 1 if change.error else 0)


def next_units(run: "Run") -> list[str]:
    """Ids of the wave that comes next, for a matrix; none when the run stopped or only a plan was asked for."""
    from factory.stages.generate import missing

    if run.stopped or (run.ticket and run.ticket.dry_run):
        return []
    return [unit.id for unit in missing(run)]


def _done(run: "Run") -> bool:
    """Is all done that comes before the delivery?"""
    from factory.stages.deliver import deliver
    from factory.stages.line import following

    return not run.stopped and following(run) in (None, deliver)


def _tell(order: Order, run: "Run", state: "State", outputs: dict[str, str], error: str = "") -> None:
    """Outputs and a short summary, in a job of GitHub Actions only."""
    if not order.environment.get("GITHUB_OUTPUT"):
        return
    from factory.jobs.context import job_context
    from factory.ledger.spend import dollars
    from factory.ledger.travel import spent
    from factory.render.amount import many
    from factory.render.text import code, prose

    job = job_context(order.environment)
    job.output(**outputs)
    name = f"{order.name} {order.unit}".strip()
    lines = [f"### {prose(name)}: run {code(run.id)}", f"{dollars(spent(state.db, run.id))} used or reserved so far."]
    if run.plan:
        merged = len(run.waves)
        lines.append(
            f"{many(len(run.plan.units), 'unit')}, {many(merged, 'wave')} merged, "
            f"{many(len(run.rounds), 'round')} of review."
        )
    if outputs["units"] != "[]":
        lines.append(f"Next: {', '.join(code(unit) for unit in json.loads(outputs['units']))}.")
    if run.stopped:
        lines.append(f"Stopped ({run.stopped.reason}): {prose(run.stopped.message)}")
    if error:
        lines.append(f"No change: {prose(error)}")
    if outputs["digest"]:
        lines.append(f"Digest {code(outputs['digest'])}")
    job.summary("\n\n".join(lines) + "\n")


def _end(code: int) -> int:
    """Threads that wait for a model's answer must not hold an interrupted job: everything is written."""
    from factory.cli.go import leave_at_once

    return leave_at_once(code) if code == 130 else code
