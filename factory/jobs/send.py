"""send: what the swarm shipped goes on to the box by repository_dispatch, once. Ids and digests only."""

from pathlib import Path

from factory.contracts.errors import HubProblem
from factory.contracts.record import Json
from factory.contracts.seams import Clock
from factory.contracts.ticket import Errand, Handover
from factory.forge.postponed import goes_first
from factory.forge.routing import box_event
from factory.jobs.close import settle
from factory.jobs.context import JobContext
from factory.jobs.result import read_result
from factory.jobs.shipped import Shipped, read_shipped
from factory.jobs.wire import CONFIG, Site, lease_of, site

MAX_PAYLOAD = 60_000  # bytes; GitHub takes less than 64 KB
UNSIGNED = (
    "Not sent on to the box: tickets are not signed, and another workflow run cannot believe an unsigned one. Run "
    "`factory init --keys`, set FACTORY_GATE_KEY and FACTORY_GATE_PUBLIC, then write /factory retry."
)
ALL_ON_THE_BOX = "No model answers hosted jobs, so the box does the whole line."
A_WORD = "Not sent on to the box: a person's word on the plan goes first."
NOTHING = "Not sent on to the box: no job left a bundle to hand over."


def send(context: JobContext, config: Path = CONFIG, clock: Clock | None = None) -> int:
    """Settles this leg's money first, so that the next one finds what is left. Not sent is said, and is no failure."""
    here = site(context, config, clock)
    result = read_result(here)
    why = _why_not(here, result.handover)
    if why:
        _say(here, why)
        context.output(sent="false")
        return 0
    proven = result.run is not None and result.run.evidence is not None
    if not proven:  # no endpoint answers hosted jobs: the next rung is the box, for the whole line
        result = result.but(stand="parked", sentence=ALL_ON_THE_BOX)
    lease = lease_of(here.books.read().rows, here)
    if lease:
        settle(here, lease, result)
    key = f"{here.ticket.run}.{here.ticket.depth + 1}"  # not the run's own id: this workflow run may be called so
    errand = Errand(ticket=here.ticket, handover=Handover.from_json(result.handover), run=key)
    try:
        here.effects.dispatch(box_event(here.ticket.purpose, proven), payload_of(errand), key)
    except HubProblem as problem:
        _say(here, f"Not sent on to the box. {problem} Run the failed job again, or write /factory retry.")
        raise
    if not proven:
        Shipped(code="sent", stand="parked", sentence=ALL_ON_THE_BOX).save(context.temp)
    _say(here, "Sent on to the box, which reviews, fixes and judges it." if proven else "Sent on to the box.")
    context.output(sent="true")
    return 0


def payload_of(errand: Errand) -> Json:
    """Raises ValueError when it is too long for GitHub: nothing in an errand grows with the task."""
    text = errand.to_json()
    if len(text.encode()) > MAX_PAYLOAD:
        raise ValueError(f"an errand of {len(text):,} characters")
    found: Json = errand.model_dump(mode="json")
    return found


def _why_not(here: Site, handover: str) -> str:
    if not (here.ticket.signature and here.context.environment.get("FACTORY_GATE_PUBLIC")):
        return UNSIGNED
    if handover and goes_first(here.books.read().rows, here.ticket.issue, here.now):
        return A_WORD
    return "" if handover else NOTHING


def _say(here: Site, words: str) -> None:
    """For the last word: it goes into the status comment's ladder."""
    here.say("notice", words)
    shipped = read_shipped(here.context.temp)
    if isinstance(shipped, Shipped) and words not in shipped.ladder:
        shipped.but(ladder=(*shipped.ladder, words)).save(here.context.temp)
