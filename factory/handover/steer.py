"""A person's word on a run that was: approve, retry, redo, only, skip. A new run goes on from the old one's bundle.

What the old run paid for and what holds is kept; what the word is about is taken out, so that the line does it again.
"""

import shutil
import tempfile
from pathlib import Path

from factory.contracts.change import Change
from factory.contracts.errors import UsageProblem
from factory.contracts.evidence import Evidence
from factory.contracts.feedback import Feedback
from factory.contracts.plan import Plan
from factory.contracts.record import digest
from factory.contracts.run import Run
from factory.contracts.ticket import STEERING, Ticket
from factory.contracts.verdict import Round
from factory.edits.leases import waves
from factory.handover.bundle import State

MAX_ORDER = 20_000  # characters of a unit's instructions


def steers(ticket: Ticket) -> bool:
    return ticket.command is not None and ticket.command.verb in STEERING


def steered(old: Run, ticket: Ticket, said: Feedback | None = None, text: str = "") -> Run:
    """The run of `ticket`, from where its word leaves the old one.

    `said`: what stands below the word; `text`: the issue as the word's gate saw it, "" for as it was. Raises
    UsageProblem when the word does not fit.
    """
    assert ticket.command
    verb, unit = ticket.command.verb, ticket.command.unit
    if old.plan is None:
        raise UsageProblem("The run before has no plan yet: ask for the whole with `/factory fix` or a label.")
    new = old.but(id=ticket.run, created=ticket.issued, ticket=ticket, stopped=None, delivery=None, output=None,
                  event=old.event.but(feedback=said, text=text or old.event.text))  # fmt: skip
    new = _told(new, said, unit) if said else new
    old = old.but(plan=new.plan)
    assert old.plan
    if verb == "approve":
        return new
    if verb == "skip":
        return _skipped(new, ticket)
    if unit and unit not in {each.id for each in old.plan.units}:
        raise UsageProblem(f"The plan has no unit {unit}: it has {', '.join(each.id for each in old.plan.units)}.")
    if verb == "only":
        return _only(new, old.plan, unit)
    again = (unit,) if unit else _failed(old)
    return _from_wave_of(new, old.plan, again) if again else _judged_again(new)


def _told(run: Run, said: Feedback, unit: str) -> Run:
    """With a person's words in the task, for everybody, and in the orders of the units that they are about."""
    assert run.task
    assert run.plan
    body, units = run.task.body, run.plan.units
    for remark in said.remarks:
        body = f"{body}\n\n## Comment by {remark.author}\n\n{remark.text}".strip()
        more = f"\n\n{remark.author} adds: {remark.text}"
        units = tuple(
            each.but(instructions=each.instructions[: MAX_ORDER - len(more)] + more) if unit in ("", each.id) else each
            for each in units
        )
    task = run.task.but(body=body, digest=digest(run.event.text))
    return run.but(task=task, plan=run.plan.but(units=units))


def begin(old: Run, ticket: Ticket, state: State, said: Feedback | None = None, text: str = "") -> Run:
    """The same, with what lies beside the old run (blobs, git objects) beside the new one."""
    new = steered(old, ticket, said, text)
    folder = state.run_folder(new.id)
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".coming-") as half:
            whole = shutil.copytree(state.run_folder(old.id), Path(half) / "run")
            whole.rename(folder)
    return new


def _only(run: Run, plan: Plan, unit: str) -> Run:
    """The unit alone. What it wrote before is kept, unless it built on another one's work."""
    alone = next(each for each in plan.units if each.id == unit).but(after=())
    kept = _written(run).get(unit)
    on_base = kept is not None and kept.base == run.repo.tree
    criteria = tuple(item for item in plan.acceptance if item.id in alone.acceptance) or plan.acceptance
    fresh = _bare(run).but(plan=plan.but(units=(alone,), acceptance=criteria))
    return fresh.but(pending=(kept,)) if kept and on_base else fresh


def _from_wave_of(run: Run, plan: Plan, units: tuple[str, ...]) -> Run:
    """Back to before the first wave that holds one of them; its other units' work waits to be merged again."""
    order = waves(plan)
    n = next(k for k, wave in enumerate(order) if {each.id for each in wave} & set(units))
    before = run.waves[:n]
    written = _written(run)
    kept = tuple(
        written[each.id] for each in order[n] if each.id not in units and each.id in written and len(run.waves) > n
    )
    return _bare(run).but(waves=before, tree=before[-1].tree if before else "", pending=kept)


def _judged_again(run: Run) -> Run:
    """Nothing failed, or nothing was written yet: the judge's rounds begin anew, the proof stands."""
    return run.but(rounds=(), verdict=None)


def _skipped(run: Run, ticket: Ticket) -> Run:
    """Without the step, and said so: it is never shown as done. The pull request stays a draft."""
    assert ticket.command
    if not run.tree:
        raise UsageProblem("Nothing was written yet, so there is nothing to go on with: `/factory retry` first.")
    if ticket.command.step == "verify":
        return unproven(run)
    if run.evidence is None:
        raise UsageProblem("The tests have not run yet: `/factory retry` first, or `/factory skip verify`.")
    return run.but(rounds=(*run.rounds, _left_out(run, ticket)))


def unproven(run: Run) -> Run:
    """Without what was measured and judged. What a person left out by `skip` is put in anew, from the ticket alone."""
    bare = run.but(evidence=None, rounds=(), verdict=None)
    command = run.ticket.command if run.ticket else None
    if not run.ticket or not command or command.verb != "skip":
        return bare
    left_out = _left_out(bare, run.ticket)
    if command.step == "verify":
        return bare.but(evidence=Evidence(tree=run.tree, base=run.repo.tree, notes=(left_out.why,)))
    return bare.but(rounds=(left_out,))


def _left_out(run: Run, ticket: Ticket) -> Round:
    """The round that ends the judging; its `why` names who left out what."""
    assert ticket.command
    why = f"The step {ticket.command.step} was left out because {ticket.actor} said so."
    return Round(n=len(run.rounds) + 1, tree=run.tree, decision="stop", why=why)


def _bare(run: Run) -> Run:
    """With its plan, and nothing that came after it."""
    return run.but(waves=(), pending=(), tree="", fixes=(), fix_trees=(), evidence=None, rounds=(), verdict=None)


def _written(run: Run) -> dict[str, Change]:
    """What each unit brought, as far as it was accepted."""
    return {change.unit: change for wave in run.waves for change in wave.changes if change.files and not change.error}


def _failed(run: Run) -> tuple[str, ...]:
    good = _written(run)
    tried = [change.unit for wave in run.waves for change in wave.changes]
    return tuple(name for name in tried if name not in good)
