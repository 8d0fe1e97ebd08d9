"""plan: Pack -> Plan. Atlas proposes; the validator decides."""

from factory.contracts.errors import Stopped
from factory.contracts.plan import Criterion, Plan, Unit
from factory.contracts.roster import PlanFacts
from factory.contracts.run import Run
from factory.edits.leases import plan_problems
from factory.stages.gather import pack_of
from factory.stages.shop import Shop

TRIES = 3


def plan(run: Run, shop: Shop) -> Run:
    """A plan whose leases are disjoint and inside the repository. Raises Stopped('plan_rejected') after three tries."""
    assert run.task
    if run.task.kind == "tidy":
        return run.but(plan=tidy_plan())
    scope = shop.journal.scope(run.id, "plan")
    problems: tuple[str, ...] = ()
    for attempt in range(TRIES):
        desk = shop.desk("atlas", scope, run)
        answer = shop.roster.atlas(desk, PlanFacts(task=run.task, pack=pack_of(run, shop), problems=problems))
        problems = plan_problems(answer.value, shop.trees.entries(run.repo.tree), shop.policy)
        if not problems:
            return run.but(plan=answer.value)
        shop.watcher.tell("note", text=f"plan {attempt + 1} refused: {problems[0]}")
        shop.journal.note(run.id, "plan_refused", problems=problems)
    raise Stopped("plan_rejected", f"No valid plan after {TRIES} tries; the last one: {'; '.join(problems[:3])}")


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
