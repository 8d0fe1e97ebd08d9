"""The next rung of the ladder: a job that waits for the box is cancelled, and hosted runners get what it was sent."""

from typing import Literal

from factory.contracts.books import Row
from factory.contracts.errors import HubForbidden, HubProblem
from factory.contracts.record import ValidationError
from factory.contracts.ticket import Errand, Handover, Ticket
from factory.forge.accounts import closing
from factory.forge.effects import Effects
from factory.forge.gate import MAX_DEPTH
from factory.forge.routing import STAYS, box_event
from factory.forge.waiting import Parked, never_began
from factory.jobs.ground import Ground
from factory.jobs.send import payload_of

Moved = Literal["moved", "stays", "not_here", "cut"]
"""What became of it: hosted runners have it; it waits on; this job may not cancel, the hourly one may; it was
cancelled, and nobody could be asked to go on."""


def to_cloud(here: Ground, effects: Effects, item: Parked, row: Row) -> Moved:
    """`stays`: another workflow run could not believe it (the ticket is not signed, or was not kept), or it may not
    leave the box."""
    ticket = _ticket(row)
    if ticket is None or not _may_move(here, ticket):
        return "stays"
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


def _ticket(row: Row) -> Ticket | None:
    try:
        return Ticket.from_json(row.ticket)
    except ValidationError:
        return None


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
        made = closing(row, here.now, spent=0, state="stopped", why=why)
        here.books.append(lambda _: (made,))
