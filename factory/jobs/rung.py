"""The next rung of the ladder: a job that waits for the box is cancelled, and hosted runners get what it was sent."""

from factory.contracts.books import Row
from factory.contracts.record import ValidationError
from factory.contracts.ticket import Errand, Handover, Ticket
from factory.forge.effects import Effects
from factory.forge.markers import Markers
from factory.forge.waiting import Parked
from factory.jobs.ground import Ground
from factory.jobs.send import payload_of

EVENTS = {"revise": "factory-revise", "review": "factory-review"}


def to_cloud(here: Ground, item: Parked, row: Row) -> bool:
    """False when another workflow run could not believe it: the ticket is not signed, or was not kept."""
    try:
        ticket = Ticket.from_json(row.ticket)
    except ValidationError:
        return False
    if not (ticket.signature and here.context.environment.get("FACTORY_GATE_PUBLIC")):
        return False
    handover = Handover.from_json(row.handover) if row.handover else None
    key = f"{ticket.run}.{ticket.depth + 1}"
    errand = Errand(ticket=ticket, handover=handover, where="cloud", run=key)
    event = "factory-refine" if handover else EVENTS.get(ticket.purpose, "factory-local")
    markers = Markers(here.context.environment.get("FACTORY_MARKER_KEY", ""), here.context.repo)
    here.hub.cancel(item.run)
    Effects(here.hub, markers, here.clock, ticket.run).dispatch(event, payload_of(errand), key)
    return True
