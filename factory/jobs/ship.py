"""ship: what was handed over is checked as if a stranger sent it, then becomes a branch, a pull request and the rest.

Where it goes is the ticket's word alone: repository, base and the pull request to revise. Nothing that a person closed
or deleted meanwhile is opened again, and a second run changes nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from factory.contracts.errors import FactoryError, Refusal, Stopped
from factory.contracts.record import digest
from factory.contracts.run import Run
from factory.contracts.seams import BranchForge, Clock
from factory.jobs.announced import Announced
from factory.jobs.context import JobContext
from factory.jobs.minutes import runner_minutes
from factory.jobs.shipped import Shipped
from factory.jobs.wire import CONFIG, Site, site

if TYPE_CHECKING:
    from factory.app import State
    from factory.handover.arrival import Inspection
    from factory.stages.shop import Shop

_LABELS = {
    "dependency-change": "factory:dependency-change",
    "needs-attention": "factory:needs-person",
}
_CALM = ("delivered", "answered", "nothing_to_do", "cancelled_by_human")
_NOT_PERMITTED = "not permitted to create"
_PULLS_OFF = (
    'The branch is pushed. Allow it in Settings, Actions, General: "Allow GitHub Actions to create and approve pull '
    'requests", then run the job again; or open the pull request from the branch yourself.'
)
NOT_STARTED = (
    "Checks on the pull request do not start by themselves: it was pushed with GITHUB_TOKEN. Click "
    '"Approve workflows to run" there, or close and reopen it.'
)
STARTS = "Checks on the pull request start by themselves: they run generated code with what they are given."
NEVER_STARTS = (
    "Checks on the pull request do not start by themselves, since they would run generated code: click "
    '"Approve workflows to run" there. With github.start_ci = "auto" and an App they would.'
)


def ship(context: JobContext, bundle: Path, digest: str, *, config: Path = CONFIG, clock: Clock | None = None) -> int:
    """Outputs pull, branch, head_sha, send. What is refused is said by `close`; the artifact keeps it."""
    here = site(context, config, clock)
    try:
        shipped = brought(here, bundle, digest)
    except FactoryError as problem:
        sentence = f"Shipping failed: {problem} {_PULLS_OFF if _NOT_PERMITTED in str(problem) else ''}".rstrip()
        _leave(context, Shipped(code="failed", stand="failed", sentence=sentence))
        raise
    _leave(context, shipped)
    return 0 if shipped.code in _CALM else 1


def brought(here: Site, bundle: Path, digest: str) -> Shipped:
    """One bundle of several, checked and shipped: what is refused is said in what comes back. Raises HubProblem."""
    try:
        return _shipped(here, bundle, digest)
    except (Refusal, Stopped) as no:
        return _refused(no)


def _leave(context: JobContext, shipped: Shipped) -> None:
    shipped.save(context.temp)
    context.output(
        pull=str(shipped.pull or ""), branch=shipped.branch, head_sha=shipped.head_sha,
        send=str(shipped.send).lower(), code=shipped.code,
    )  # fmt: skip
    if shipped.code != "delivered":
        context.say("notice" if shipped.code in _CALM else "error", f"{shipped.code}: {shipped.sentence}")


def _refused(no: Refusal | Stopped) -> Shipped:
    code = no.code if isinstance(no, Refusal) else no.reason
    return Shipped(code=code, stand="stopped" if code in ("cancelled_by_human", "branch_moved") else "failed",
                   sentence=str(no))  # fmt: skip


def _shipped(here: Site, bundle: Path, digest: str) -> Shipped:
    from factory.app import open_state, store_of
    from factory.handover.bundle import unpack
    from factory.jobs.moved import REPLAYED, flapping, onto_branch
    from factory.places import state_folder

    if not digest:
        raise Refusal("untrusted_artifact", "No digest was handed over with the bundle: it is not acted on.")
    state = open_state(state_folder(here.context.environment))
    run = _of_the_ticket(unpack(bundle, state, here.context.workspace, digest), here)
    why = _nothing_to_ship(run)
    if why:
        return _answered(here, run, why)
    state.journal.lease(run.id)
    shop, seen = _shop(here, run, state)
    store = store_of(run, state)
    moved = onto_branch(here, run, store)
    _still_wanted(here, moved, shop)
    why_not = flapping(here, moved, store)
    if why_not:
        return _answered(here, run, Shipped(code="flapping", stand="stopped", sentence=why_not))
    made = _delivered(here, moved, shop, seen, "" if moved is run else REPLAYED.format(head=moved.repo.commit[:12]))
    state.journal.release(run.id)
    return made


def _of_the_ticket(run: Run, here: Site) -> Run:
    """The bundle's run with everything that decides where it goes taken from the ticket."""
    from factory.handover.admitted import pinned

    ticket = here.ticket
    revised = ticket.purpose == "revise"
    there = (run.id, run.repo.commit, run.event.pull, run.event.branch, run.event.number)
    number = str(ticket.issue or ticket.pull or "")
    feedback = digest(run.event.feedback.to_json()) if run.event.feedback else ""
    if feedback != ticket.feedback:
        raise Refusal("stale_input", "What the bundle answers is not what the gate has heard: it is not acted on.")
    wanted = (ticket.run, pinned(ticket), *((ticket.pull, ticket.head) if revised else (0, "")), number)
    if there != wanted:
        raise Refusal("not_allowed", f"The bundle is of {there}, the ticket of {wanted}: it is not acted on.")
    task = run.task.but(number=number or "task") if run.task else None
    repo = run.repo.but(ref=ticket.base or run.repo.ref)
    return run.but(ticket=ticket, task=task, repo=repo, delivery=None, replaces=_delivered_before(here))


def _delivered_before(here: Site) -> tuple[str, ...]:
    """Heads that earlier runs of this task left on its branch, as the books have them: what a bundle says of itself
    never decides over which commits a branch may be moved."""
    ticket = here.ticket
    if not ticket.origin:
        return ()
    rows = here.books.read().rows
    return tuple(row.head for row in rows if row.head and ticket.origin in (row.run, row.origin))


def _nothing_to_ship(run: Run) -> Shipped | None:
    """Runs that end without a delivery. Work that was checked before a stop is kept as a draft."""
    from factory.stages.deliver import worth_keeping

    stop = run.stopped
    if stop and not worth_keeping(run):
        stand = "done" if stop.reason == "nothing_to_do" else "failed"
        return Shipped(code=stop.reason, stand=stand, sentence=stop.message, run=run)
    if run.ticket and run.ticket.dry_run:
        return Shipped(code="nothing_to_do", stand="plan", sentence="A dry run: nothing was written.", run=run)
    if not run.tree or run.tree == run.repo.tree:
        return Shipped(code="nothing_changed", stand="failed", sentence="The run changed nothing.", run=run)
    return None


def _answered(here: Site, run: Run, why: Shipped) -> Shipped:
    """A revision that pushes nothing is an answer all the same; whoever asked hears why."""
    from factory.jobs.reply import answer

    if not run.remarks:
        return why
    _recheck(here, run, (here.hub.pull(here.ticket.pull).head_sha,))
    changed = run.tree != run.repo.tree or run.stopped is not None
    answer(here, run, lambda remark: False, why.sentence if changed else "")
    if changed:
        return why
    return why.but(code="answered", stand="done", sentence="Nothing was changed: each remark has its answer.")


def _shop(here: Site, run: Run, state: "State") -> "tuple[Shop, Inspection]":
    """The line's own shop with GitHub in the place of the local forge. Raises Refusal for what may not be published."""
    from factory.app import Nobody, make_shop, store_of
    from factory.forge.branches import GitHubBranches
    from factory.forge.pulls import GitHubPulls
    from factory.handover.arrival import inspect
    from factory.ledger.cost import RUNNER

    store = store_of(run, state)
    seen = inspect(run, store, here.settings, here.secrets)
    shop = make_shop(run, state, here.settings, Nobody())
    others = (here.ticket.head,) if here.ticket.purpose == "revise" else ()
    story = shop.story
    notices = (*ladder(here), *seen.notes)
    minutes = runner_minutes(here)
    if minutes is not None:
        state.journal.note(run.id, RUNNER, github_run=here.context.run_id, minutes=minutes)
    branches: BranchForge = GitHubBranches(store, here.git_url, here.tokens, here.clock, others)
    branches = branches if here.ticket.purpose == "revise" else Announced(branches, here)
    return replace(
        shop, branches=branches, pulls=GitHubPulls(here.pushing), mark=here.pushing.markers.make, hold=seen.draft,
        clock=here.clock,
        story=lambda now: story(now).but(notices=notices, issue=here.ticket.issue, runner_minutes=minutes),
    ), seen  # fmt: skip


def ladder(here: Site) -> tuple[str, ...]:
    """Which rung of the ladder this delivery stands on, and what a person must click."""
    if not here.unattended:
        return (STARTS,)
    app = bool(here.context.environment.get("FACTORY_APP_ID"))
    return (NEVER_STARTS if app else NOT_STARTED,)


def _still_wanted(here: Site, run: Run, shop: "Shop") -> None:
    """Raises Stopped('cancelled_by_human') when a person has closed what this run is about, or its own pull request."""
    from factory.stages.commits import commits_of
    from factory.stages.deliver import branch_name

    _recheck(here, run, [run.repo.commit, *(commit.sha for commit in commits_of(run, shop.trees))])
    found = None if here.ticket.pull else here.pushing.find_pull(branch_name(run))
    if found and found.state == "closed":
        raise Stopped("cancelled_by_human", f"#{found.number} was closed by a person: nothing is opened again.")


def _recheck(here: Site, run: Run, ours: Sequence[str]) -> None:
    """The ticket once more, before anything is done. An approval meanwhile ends a revision, too."""
    from datetime import timedelta

    from factory.forge.gate import doorman, recheck
    from factory.forge.remarks import standing_approval

    ticket, github = here.ticket, here.settings.github
    text = run.event.text if ticket.text else None
    try:
        recheck(ticket, here.hub, here.hub, here.hub, github, here.now, text=text, ours=ours, fresh=timedelta(0))
    except Refusal as no:
        if no.code != "stale_input":
            raise
        raise Stopped("cancelled_by_human", f"{no} Nothing was opened again; the artifact keeps the change.") from None
    if ticket.purpose != "revise":
        return
    people = doorman((ticket.actor,), here.hub, github)
    if standing_approval(here.hub.reviews(ticket.pull), lambda each: people.admits(each.author)) > ticket.seen:
        raise Stopped("cancelled_by_human", "It was approved meanwhile: nothing is pushed on top of what was approved.")


def _delivered(here: Site, run: Run, shop: "Shop", seen: "Inspection", said: str) -> Shipped:
    from factory.jobs.publish import publish
    from factory.jobs.reply import answer
    from factory.stages.deliver import deliver
    from factory.stages.revise import reads_otherwise

    shop = replace(shop, hold=shop.hold or bool(said))  # what no test has seen as it is now is a draft
    done = deliver(run, shop)  # the line's own function; its problems are ours to report, so nothing guards it here
    delivery = done.delivery
    if delivery is None or delivery.pull is None:
        raise Stopped("internal_error", "The delivery left no pull request: look at the log of the ship job.")
    pull = here.pushing.hub.pull(delivery.pull.number)
    if pull.state == "closed":
        raise Stopped("cancelled_by_human", f"#{pull.number} was closed by a person: nothing is opened again.")
    if here.ticket.pull and pull.draft != delivery.pull.draft:
        here.pushing.hub.set_draft(pull, delivery.pull.draft)
    labels = [_LABELS[label] for label in seen.labels if label in _LABELS]
    answer(here, done, lambda remark: reads_otherwise(remark, done, shop.trees), said)
    publish(here, done, shop, pull, tuple(labels))
    draft = delivery.pull.draft
    return Shipped(
        code="delivered", stand="draft" if draft else "ready", sentence=_sentence(done, draft), pull=pull.number,
        url=pull.url, branch=delivery.branch, head_sha=delivery.commits[-1].sha, ladder=ladder(here),
        send=_goes_on(here, done), run=done,
    )  # fmt: skip


def _sentence(run: Run, draft: bool) -> str:
    from factory.render.facts import standing

    state = standing(run)
    return f"{state.word}: {state.sentence}" if run.rounds or run.stopped or not draft else "Nobody has judged it yet."


def _goes_on(here: Site, run: Run) -> bool:
    """The swarm's work goes to the box to be reviewed, fixed and judged."""
    return here.ticket.purpose == "swarm" and not run.rounds and not run.stopped
