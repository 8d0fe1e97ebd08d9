"""open: the lease, the money and the first word. One run an event, one at work an issue, within every limit."""

from decimal import Decimal
from pathlib import Path

from factory.contracts.books import Row
from factory.contracts.errors import HubProblem, HubUnreachable
from factory.contracts.seams import Clock
from factory.contracts.ticket import Denial
from factory.forge.accounts import Admission, admit, legs
from factory.forge.postponed import postpone, stopped, waiting
from factory.forge.quarantine import HELD, refuses
from factory.forge.shared_books import Booked
from factory.jobs import postponed, quarantine
from factory.jobs.context import JobContext
from factory.jobs.standing import Said, status_of
from factory.jobs.wire import CONFIG, Site, lease_of, site, status_comment
from factory.ledger.spend import MILLION
from factory.render.status import comment, step_summary

_REMEDY = {
    "already_running": "Wait for it, or end it with `/factory stop`.",
    "rate_limited": "Ask again later; the owner can raise github.hourly.",
    "budget": "`/factory budget +AMOUNT` raises an issue's limit; the day's is free again at 00:00 UTC.",
}


def open(context: JobContext, config: Path = CONFIG, clock: Clock | None = None) -> int:
    """Outputs go, code, run, allowance_usd, comment. A refusal ends with 0: it is no failure of this job."""
    here = site(context, config, clock)
    booked = here.books.append(lambda rows: _wanted(rows, here))
    found = _admitted(booked.rows, here)
    go = found.code == "allowed" and found.lease is not None
    allowance = _allowance(booked.rows, here) if go else ""
    context.output(go=str(go).lower(), code=found.code, run=here.ticket.run, allowance_usd=allowance)
    if booked.bad:
        context.say("warning", f"{booked.bad} lines of the branch factory-ledger cannot be read and are ignored.")
    if not go:
        return _refuse(here, found, booked)
    shown = _first_word(here, booked)
    context.output(comment=str(shown))
    if found.lease:
        postponed.in_place_of(here, booked.rows, found.lease)
    if here.ticket.origin and here.number:
        postponed.begun(here, booked.rows, shown)
    return 0


def _wanted(rows: tuple[Row, ...], here: Site) -> tuple[Row, ...]:
    found = _admitted(rows, here)
    later = postpone(rows, here.ticket, here.context.run_id, found, here.clock.now())
    if later and found.code != "rate_limited":  # its own line says why; the hour's limit is said once for all
        return (later,)
    made = (found.row.but(handover=here.given),) if found.row else ()
    return (*made, later) if later else made


def _admitted(rows: tuple[Row, ...], here: Site) -> Admission:
    """The gate asked the same; in between another run may have failed, or a person has stopped what was taken up."""
    began = any(row.kind == "open" and row.run == here.ticket.run for row in rows)
    if not began and refuses(rows, here.ticket, here.settings):
        return Admission("quarantined", why=HELD)
    why = "" if began else stopped(rows, here.ticket, here.now)
    if why:
        return Admission("stale_input", why=why)
    return admit(rows, here.ticket, here.context.run_id, here.settings, here.clock.now())


def _allowance(rows: tuple[Row, ...], here: Site) -> str:
    """Dollars that the whole run may have spent when it ends, earlier legs included; "" = no limit."""
    mine = [leg for leg in legs(rows) if leg.open.run == here.ticket.run]
    if any(leg.close is None and not leg.open.limited for leg in mine):
        return ""
    return f"{Decimal(sum(leg.money for leg in mine)) / MILLION:f}"


def _first_word(here: Site, booked: Booked) -> int:
    """The status comment and the reaction; its id, 0 where there is nothing to comment on."""
    lease = lease_of(booked.rows, here)
    if lease:
        quarantine.lift(here, booked.rows, lease)
    status = status_of(here, booked.rows, Said(stand="working", sentence="The lease is taken, the work begins."))
    here.summary(step_summary(status))
    if not here.number:
        return 0
    number = _comment(here, booked, comment(status))
    _react(here)
    return number


def _comment(here: Site, booked: Booked, text: str) -> int:
    """A run whose lease was written just now has no comment yet: nothing to look for, unless the answer gets lost."""
    fresh = bool(booked.added) and here.context.attempt == 1 and not here.ticket.depth
    if not fresh:
        return here.effects.status(here.number, text, comment=status_comment(booked.rows, here), last=True)
    try:
        return here.hub.comment(here.number, here.effects.signed(text, "status")).id
    except HubUnreachable:
        return here.looking_again().status(here.number, text, last=True)


def _react(here: Site) -> None:
    """Eyes on what asked. A reaction is no reason to fail."""
    comment_id = _asking_comment(here)
    try:
        here.effects.react("eyes", issue=0 if comment_id else here.number, comment=comment_id)
    except HubProblem as problem:
        here.say("warning", f"No reaction: {problem}")


def _asking_comment(here: Site) -> int:
    if here.context.event != "issue_comment":
        return 0
    said = here.context.payload.get("comment")
    return int(said["id"]) if isinstance(said, dict) and isinstance(said.get("id"), int) else 0


def _refuse(here: Site, found: Admission, booked: Booked) -> int:
    """Said once: whoever wrote the books' row says it; the others are silent. What waits says so in the comment that
    will show the run."""
    here.say("notice", f"{found.code}: {found.why or 'this event has a run already.'}")
    here.summary(f"## Dark Factory\n\nNot started ({found.code}). {found.why}\n")
    name = (here.ticket.run, here.context.run_id)
    mine = [row for row in booked.rows if row.kind == "refused" and (row.run, row.github_run) == name]
    later = next((row for row in mine if _waits(here, found, booked.rows, row)), None)
    if later and found.code != "allowed":
        _postponed(here, found.code, found.why, booked, later, silent=found.code == "rate_limited" and len(mine) == 1)
    elif mine and found.why and here.number:
        said = Said(stand="refused", sentence=f"{found.why} {_REMEDY.get(found.code, '')}".strip(), over=True)
        text = comment(status_of(here, booked.rows, said).but(jobs=(), history=()))
        here.effects.say(here.number, "refused", text)
    return 0


def _waits(here: Site, found: Admission, rows: tuple[Row, ...], row: Row) -> bool:
    """Is it the line by which this run waits? One that was forgotten waits no more, nor what is refused for good."""
    wanted = postpone(rows, here.ticket, here.context.run_id, found, here.now)
    return wanted is not None and row.id == wanted.id and any(each.row == row for each in waiting(rows, here.now))


def _postponed(here: Site, code: Denial, why: str, booked: Booked, later: Row, *, silent: bool) -> None:
    """`silent`: the hour's limit was said already."""
    here.say("notice", postponed.WAITS[code])
    if here.number and not silent:
        said = Said(stand="parked", sentence=f"{why} {postponed.WAITS[code]}", over=True)
        text = comment(status_of(here, booked.rows, said).but(jobs=()))
        if here.ticket.origin and code == "already_running":  # that run's comment is the one of them both
            here.of_run(here.ticket.run).say(here.number, postponed.WORD, text)
        else:
            here.effects.status(here.number, text, comment=status_comment(booked.rows, here), last=True)
    postponed.in_place_of(here, booked.rows, later)
