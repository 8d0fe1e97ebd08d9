"""The next rung of the ladder: a job that waits for the box is cancelled, and hosted runners get what it was sent.

The books hear of it before and after: a cancelled run is in no list of waiting ones any more, so a watchdog that dies
in between would leave the task to nobody.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from factory.contracts.books import Row
from factory.contracts.errors import HubForbidden, HubProblem
from factory.contracts.ticket import Errand, Handover, Ticket
from factory.forge.accounts import closing, legs, ticket_of
from factory.forge.effects import Effects
from factory.forge.gate import MAX_DEPTH
from factory.forge.routing import STAYS, box_event
from factory.forge.waiting import BOX, Parked, minutes_between, never_began
from factory.jobs.ground import Ground
from factory.jobs.minutes import hosted
from factory.jobs.send import payload_of

BEGUN, DONE = ".move", ".moved"  # of the lease's id: the notes before and after
MEMORY = timedelta(hours=24)  # how long what was begun is taken up again

Moved = Literal["moved", "stays", "not_here", "cut"]
"""What became of it: hosted runners have it; it waits on; this job may not cancel, the hourly one may; it was
cancelled, and nobody could be asked to go on."""


def to_cloud(here: Ground, effects: Effects, item: Parked, row: Row) -> Moved:
    """`stays`: another workflow run could not believe it (the ticket is not signed, or was not kept), or it may not
    leave the box."""
    ticket = ticket_of(row)
    if ticket is None or not _may_move(here, ticket):
        return "stays"
    _note(here, row, BEGUN, "No runner took it: hosted runners are asked.")
    try:
        here.hub.cancel(item.run)
    except HubForbidden as problem:
        here.context.say("notice", f"The hourly watchdog cancels and moves it, if its token may: {problem}")
        return "not_here"
    _settle(here, item, row)
    handover = Handover.from_json(row.handover) if row.handover else None
    key = f"{ticket.run}.{ticket.depth + 1}"
    errand = Errand(ticket=ticket, handover=handover, where="cloud", run=key)
    try:
        effects.dispatch(box_event(ticket.purpose, bool(handover)), payload_of(errand), key)
    except HubProblem as problem:
        here.context.say("warning", f"Hosted runners could not be asked: {problem}")
        return "cut"
    return "moved"


def moved(here: Ground, row: Row) -> None:
    """Cancelled, sent on and said: no later look has to see to it."""
    _note(here, row, DONE, "Hosted runners were asked.")


def begun(here: Ground, rows: Sequence[Row]) -> tuple[tuple[Parked, Row], ...]:
    """What an earlier look began to move and did not finish, with the row of its lease. A job that a runner took after
    all is nobody's business any more."""
    ids = {row.id for row in rows}
    found = []
    for row in (leg.open for leg in legs(rows)):
        note = next((each for each in rows if each.id == row.id + BEGUN), None)
        if note is None or row.id + DONE in ids or _time(here.now) - _time(note.at) > MEMORY:
            continue
        job = next((job for job in here.hub.jobs(row.github_run) if BOX in job.labels), None)
        if job and not job.runner:
            minutes = int(minutes_between(job.created, note.at))
            found.append((Parked(run=row.github_run, job=job.name, minutes=minutes, title=""), row))
    return tuple(found)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _note(here: Ground, row: Row, suffix: str, why: str) -> None:
    note = row.but(kind="note", id=row.id + suffix, at=here.now, reserved=0, ticket="", handover="", why=why)
    here.books.append(lambda _: (note,))


def _may_move(here: Ground, ticket: Ticket) -> bool:
    """Signed, not handed on too often already, and not marked to stay on the box."""
    signed = ticket.signature and here.context.environment.get("FACTORY_GATE_PUBLIC")
    if not signed or ticket.depth >= MAX_DEPTH:
        return False
    number = ticket.pull or ticket.issue
    return not (number and set(here.hub.labels_of(number)) & set(STAYS))


def _settle(here: Ground, item: Parked, row: Row) -> None:
    """What was reserved for a job that no runner ever took is free again, before the next leg asks for money."""
    jobs = list(here.hub.jobs(item.run))
    if never_began(jobs, item.job.rpartition(" / ")[2]):
        why = f"No runner took it for {item.minutes} minutes; hosted runners go on."
        made = closing(row, here.now, spent=0, state="stopped", why=why, minutes=round(hosted(jobs, here.now), 1))
        here.books.append(lambda _: (made,))
