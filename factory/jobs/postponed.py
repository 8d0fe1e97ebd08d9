"""What waits in the books is taken up: by the hourly look, and by the last job of the run that it waited for.

The line of a try is written before anything is started, so that two looks never start the same; where a start gets lost
the next look tries again, three times at most. docs/github.md#what-waits
"""

from collections.abc import Iterator

from factory.contracts.books import Row
from factory.contracts.errors import HubProblem
from factory.contracts.hub import Comment
from factory.contracts.record import Json
from factory.contracts.ticket import Denial
from factory.forge.effects import Effects
from factory.forge.events import FEEDBACK
from factory.forge.markers import Markers
from factory.forge.postponed import Waiting, due, ended, is_wait, over, pointer, superseded, trying
from factory.forge.provenance import is_ours
from factory.jobs.ground import Ground
from factory.jobs.wire import Site
from factory.render.status import Status, comment, shows

STOPS = "`/factory stop` forgets it."
WAITS: dict[Denial, str] = {
    "budget": f"It waits for tomorrow's money (00:00 UTC) and then starts by itself, at most three days long. {STOPS}",
    "rate_limited": f"It waits and starts by itself when the hour allows it. {STOPS}",
    "already_running": f"It waits and is taken up as soon as that has ended. {STOPS}",
}
WORD = "waits"  # kind of the comment for a word on an earlier run
ANEW = "The same was asked anew: that counts."
BEGUN = "This waited and has begun: [the comment of its task]({url}) shows how it goes."
LATE = "It waited as long as it may: ask again if it still holds."
NOT_OURS = "What was refused is no run of the factory's."


def take_up(here: Ground | Site, rows: tuple[Row, ...], *, rerun: bool) -> int:
    """How many were started. `rerun`: may this job's token run workflow runs again?"""
    taken = 0
    for each in due(rows, here.settings, here.now):
        told = pointer(rows, each.row)
        if told is None and not rerun:
            continue
        try:
            taken += _taken(here, each, told)
        except HubProblem as problem:
            here.context.say("warning", f"Run {each.row.run} waits and could not be taken up: {problem}")
    return taken


def start_again(here: Ground | Site, each: Waiting, rows: tuple[Row, ...]) -> bool:
    """The one that a person asks for now. Raises HubProblem."""
    return _taken(here, each, pointer(rows, each.row))


def _taken(here: Ground | Site, each: Waiting, told: Json | None) -> bool:
    if told is None and not _may_run_again(here, each.row):
        return False
    note = trying(each, here.now)
    if note not in here.books.append(lambda rows: (note,) if _still_due(here, rows, each) else ()).added:
        return False
    if told is None:
        here.hub.rerun(each.row.github_run)
    else:
        here.hub.dispatch(FEEDBACK, told)
    here.context.say("notice", f"Run {each.row.run} waited and is taken up: {each.row.why}")
    return True


def run_again(here: Ground | Site, row: Row) -> bool | None:
    """A refused workflow run, for a person who asks for it. False: it is under way; None: it is none of ours. Raises
    HubProblem."""
    run = here.hub.workflow_run(row.github_run)
    if not is_ours(run):
        return None
    if run.status != "completed":
        return False
    here.hub.rerun(run.id)
    return True


def _still_due(here: Ground | Site, rows: tuple[Row, ...], each: Waiting) -> bool:
    return any(now.row.id == each.row.id and now.tries == each.tries for now in due(rows, here.settings, here.now))


def _may_run_again(here: Ground | Site, row: Row) -> bool:
    """Only a run of the factory's own that has ended: the books name numbers, and anybody who may push writes them."""
    run = here.hub.workflow_run(row.github_run)
    if not is_ours(run):
        forget(here, row, NOT_OURS)
        return False
    return run.status == "completed"


def give_up(here: Ground | Site, rows: tuple[Row, ...]) -> int:
    """What has waited too long is over, and said."""
    return sum(forget(here, row, LATE) for row in over(rows, here.now))


def forget(here: Ground | Site, row: Row, why: str, event: str = "") -> bool:
    """It waits no more: in the books, and in the comment that said that it waits. `event`: of the word that ends it."""
    note = ended(row, here.now, why).but(event=event or row.event)
    if any(each.id == note.id for each in here.books.read().rows):
        return False
    number = row.pull or row.issue
    if number:  # first: a job that dies in between leaves it to the next look, which says the same
        _said(here, row, number, why)
    return note in here.books.append(lambda _: (note,)).added


def begun(here: Site, rows: tuple[Row, ...], shown: int) -> None:
    """A word that waited in a comment of its own does so no longer. `shown`: id of its task's comment. No reason to
    fail: the run is at work."""
    ticket = here.ticket
    if not any(is_wait(row) and (row.run, row.leg) == (ticket.run, ticket.depth) for row in rows):
        return
    effects = here.of_run(ticket.run)
    url = f"{here.context.server_url}/{here.context.repo}/issues/{here.number}#issuecomment-{shown}"
    text = effects.signed(f"{BEGUN.format(url=url)} {shows(ticket.run)}", WORD)
    try:
        for known in _comments(here, effects, here.number, WORD):
            here.hub.edit_comment(known.id, text)
    except HubProblem as problem:
        here.say("warning", f"What waited could not be said to have begun: {problem}")


def in_place_of(here: Site, rows: tuple[Row, ...], new: Row) -> None:
    """What waited for the same as `new` is over. No reason to fail: the hourly look ends it when its three days are
    over."""
    try:
        for row in superseded(rows, new, new.at):
            if row.run != new.run:  # the run that begins may have waited itself
                forget(here, row, ANEW)
    except HubProblem as problem:
        here.say("warning", f"What this came in place of could not be told: {problem}")


def _comments(here: Ground | Site, effects: Effects, number: int, kind: str) -> Iterator[Comment]:
    return (each for each in here.hub.comments(number) if effects.ours(each.author, each.body, kind))


def _said(here: Ground | Site, row: Row, number: int, why: str) -> None:
    """In the comment that shows this run: one of its own, or its task's as long as that shows no other run."""
    markers = Markers(here.context.environment.get("FACTORY_MARKER_KEY", ""), here.context.repo)
    for run, kind in ((row.run, WORD), (row.origin, "status")) if row.origin else ((row.run, "status"),):
        effects = Effects(here.hub, markers, here.clock, run, again=here.context.attempt > 1)
        known = next((each for each in _comments(here, effects, number, kind) if shows(row.run) in each.body), None)
        if known:
            said = Status(run=row.run, purpose=row.purpose, actor=row.actor, stand="stopped", sentence=why,
                          updated=here.now, server=here.context.server_url)  # fmt: skip
            here.hub.edit_comment(known.id, effects.signed(comment(said), kind))
            return
