"""plan: Pack -> Plan. Atlas proposes; the validator decides."""

from factory.contracts.errors import Stopped
from factory.contracts.plan import MAX_UNITS, SMALL, Criterion, Plan, Unit
from factory.contracts.roster import PlanFacts
from factory.contracts.run import Run
from factory.edits.leases import plan_problems
from factory.edits.paths import escape
from factory.render.amount import many
from factory.stages.gather import pack_of
from factory.stages.mend import mend_plan
from factory.stages.shop import Shop

TRIES = 3
ONE_UNIT = ("demiurge", "revise")  # purposes that need no architect: one fix


def plan(run: Run, shop: Shop) -> Run:
    """A plan whose leases are disjoint and inside the repository. Raises Stopped('plan_rejected') after three tries."""
    assert run.task
    if run.task.kind == "tidy":
        return run.but(plan=tidy_plan())
    if run.task.kind == "mend":
        return mend_plan(run, shop)
    if run.remarks:
        return run.but(plan=revision_plan(run), tree=run.repo.tree)
    if run.ticket and run.ticket.purpose in ONE_UNIT:
        return run.but(plan=one_unit_plan(run))
    scope = shop.journal.scope(run.id, "plan")
    problems: tuple[str, ...] = ()
    for attempt in range(TRIES):
        desk = shop.desk("atlas", scope, run)
        answer = shop.roster.atlas(desk, PlanFacts(task=run.task, pack=pack_of(run, shop), problems=problems))
        proposed, most = as_asked(answer.value, run)
        problems = plan_problems(proposed, shop.trees.entries(run.repo.tree), shop.policy, most_units=most)
        if not problems:
            return run.but(plan=proposed)
        shop.watcher.tell("note", text=f"plan {attempt + 1} refused: {problems[0]}")
        shop.journal.note(run.id, "plan_refused", problems=problems)
    raise Stopped("plan_rejected", f"No valid plan after {TRIES} tries; the last one: {'; '.join(problems[:3])}")


def as_asked(plan: Plan, run: Run) -> tuple[Plan, int]:
    """(the plan with the effort that the asker named, the most units that the asker allows)."""
    if run.ticket is None:
        return plan, MAX_UNITS
    return plan.but(effort=run.ticket.effort or plan.effort), run.ticket.max_units


def one_unit_plan(run: Run) -> Plan:
    """The plan of a single fix: who writes it reads what was gathered and may write anywhere that is not protected."""
    assert run.task
    wanted = f"{run.task.title}\n\n{run.task.body}".strip()[:20_000]
    asked = run.ticket.effort if run.ticket else 0
    reads = tuple(path for path in (run.pack.files if run.pack else ()) if not escape(path))
    return Plan(
        summary=run.task.title or "Do what the issue says.",
        effort=min(asked or SMALL, SMALL),
        acceptance=(Criterion(id="A1", text=f"What was asked for is done: {run.task.title}"[:2000]),),
        units=(
            Unit(id="fix", role="integration", title=(run.task.title or "Do what the issue says")[:200],
                 instructions=wanted or "Do what the issue says.", owns=("**",), reads=reads[:64],
                 acceptance=("A1",)),
        ),
    )  # fmt: skip


def revision_plan(run: Run) -> Plan:
    """The plan of a revision: nobody plans, each remark is one fix, anywhere that is not protected."""
    asked = run.ticket.effort if run.ticket else 0
    return Plan(
        summary=f"Answer {many(len(run.remarks), 'remark')} on pull request {run.event.pull}.",
        effort=asked or SMALL,
        acceptance=(Criterion(id="A1", text="What the remarks ask for is done, and nothing else has changed."),),
        units=(
            Unit(id="fix", role="integration", title="Answer the remarks", owns=("**",), acceptance=("A1",),
                 instructions="Each remark is a finding of its own."),
        ),
    )  # fmt: skip


def tidy_plan() -> Plan:
    """The built-in plan of `--task tidy`: one unit, whose coder is ruff."""
    return Plan(
        summary="Apply the safe automatic fixes of ruff to the Python files, nothing else.",
        effort=1,
        acceptance=(Criterion(id="tests-hold", text="The repository's own tests pass as they did before."),),
        units=(
            Unit(id="tidy", role="integration", title="Apply ruff's safe fixes", owns=("**",),
                 acceptance=("tests-hold",), instructions="ruff check --fix-only, with its own configuration."),
        ),
    )  # fmt: skip
