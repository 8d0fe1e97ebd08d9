"""What hangs on a delivered pull request: tracking issue, inline review, check run, labels. Each once, in counts that
the settings bound."""

from typing import TYPE_CHECKING

from factory.contracts.errors import HubForbidden
from factory.contracts.finding import Finding
from factory.contracts.hub import PullInfo
from factory.contracts.run import Run
from factory.contracts.story import Story
from factory.forge.labels import label
from factory.jobs.wire import Site
from factory.render import check, facts, inline, tracking

if TYPE_CHECKING:
    from factory.stages.shop import Shop


def publish(here: Site, run: Run, shop: "Shop", pull: PullInfo, extra: tuple[str, ...] = ()) -> None:
    """Everything but branch and pull request. Raises HubProblem."""
    here.effects.may_name(pull.number)
    story = shop.story(run)
    assert run.delivery
    head = run.delivery.commits[-1].sha
    found = [item for item in facts.findings(run) if facts.is_open(item)]
    _track(here, story, pull)
    _review(here, story, pull, head, found)
    _check(here, story, head, found)
    mark(here, pull, "factory:draft" if run.delivery.pull and run.delivery.pull.draft else "factory:ready", extra)


def _track(here: Site, story: Story, pull: PullInfo) -> None:
    """A checklist of units, for plans that have more than one."""
    run = story.run
    if run.plan is None or len(run.plan.units) < 2 or (run.task and run.task.mechanical):
        return
    body = tracking.body(story, here.ticket.issue, pull.number)
    ensure(here, "factory:tracking")
    here.effects.tracking(tracking.title(run), body, ("factory:tracking",))


def _review(here: Site, story: Story, pull: PullInfo, head: str, found: list[Finding]) -> None:
    if not found:
        return
    placed = inline.placed(found, story.diff, here.settings.github.max_inline)
    text = inline.summary(placed.rest, len(placed.notes))
    here.effects.review(pull.number, head, "factory", text, placed.notes)


def _check(here: Site, story: Story, head: str, found: list[Finding]) -> None:
    """Where the token may not write checks, the pull request says it all the same."""
    try:
        here.effects.check(
            check.NAME, head, story.run.id, check.conclusion(story), check.title(story), check.summary(story),
            check.annotations(found),
        )  # fmt: skip
    except HubForbidden as problem:
        here.say("warning", f"No check run: {problem}")


def mark(here: Site, pull: PullInfo, state: str, extra: tuple[str, ...] = ()) -> None:
    """One label that says where it stands, and those a person should see."""
    wanted = [name for name in (state, *extra) if name not in pull.labels]
    for name in wanted:
        ensure(here, name)
    if wanted:
        here.effects.label(pull.number, *wanted)
    for name in ("factory:draft", "factory:ready", "factory:failed"):
        if name != state and name in pull.labels:
            here.effects.unlabel(pull.number, name)


def ensure(here: Site, name: str) -> None:
    found = label(name)
    here.hub.ensure_label(found.name, found.color, found.description)
