"""The tracking issue of a plan with several units: a checklist of what was to be written and what came in."""

from factory.contracts.run import Run
from factory.contracts.story import Story
from factory.render import facts, sections
from factory.render.pull import fit
from factory.render.pull import title as pull_title
from factory.render.status import UnitState, units
from factory.render.text import quote

LIMIT = 60_000


def title(run: Run) -> str:
    return f"Plan: {pull_title(run)}"


def body(story: Story, issue: int, pull: int) -> str:
    """Markdown without a marker, at most 60,000 characters. `issue` and `pull`: numbers of ours, 0 = none."""
    run = story.run
    assert run.plan
    about = [f"For #{issue}." if issue else "", f"Delivered in #{pull}." if pull else "Not delivered yet."]
    head = " ".join(part for part in about if part)
    parts = [
        ("Units", units(unit_states(run)), 0),
        ("Plan", quote(run.plan.summary), 2),
        ("Acceptance criteria", sections.acceptance(story), 1),
    ]
    foot = "\n\nKept up to date by Dark Factory until the pull request is merged or closed."
    return f"{head}\n\n{fit([part for part in parts if part[1]], LIMIT - len(head) - len(foot) - 2)}{foot}"


def unit_states(run: Run) -> tuple[UnitState, ...]:
    """Each unit of the plan: did it come in, did it fail and why, or is it still to come?"""
    if run.plan is None:
        return ()
    wrong = {row.unit: row.why for row in facts.failed(run)}
    written = {change.unit for wave in run.waves for change in wave.changes}
    return tuple(
        UnitState(
            id=unit.id, title=unit.title, role=unit.role, note=wrong.get(unit.id, ""),
            state="failed" if unit.id in wrong else "done" if unit.id in written else "waiting",
        )
        for unit in run.plan.units
    )  # fmt: skip
