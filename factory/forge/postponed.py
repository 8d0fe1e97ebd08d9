"""What was asked for and could not begin: it waits in the books and is taken up when what held it lets go. Pure.

Held by the day's money, by one person's limit of an hour, or, for what people say of a pull request and want changed
of a plan, by a run at work on the same thing. It waits until a run of its event opens, the same is asked anew, a person
stops it, or three days are over. A start that is asked for twice begins once; words on a plan are taken one by one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from factory.contracts.books import Row
from factory.contracts.record import Json
from factory.contracts.ticket import STEERING, Ticket, Verb
from factory.forge.accounts import Admission, admit, ticket_of
from factory.settings import Settings

LASTS = timedelta(hours=72)  # as long as a ticket may be handed on
SOON = timedelta(minutes=30)  # in which what was taken up should have begun
TRIES = 3
MOST = 20  # that wait for one person
NEXT: tuple[Verb, ...] = ("redo", "only", "skip")  # on the plan of the run at work: it stops for them at its next end
_POINT = re.compile(
    r"#\d+ (?P<name>review|note|comment) (?P<id>\d{1,18})$|#\d+ checks (?P<sha>[0-9a-f]{40})( (?P<red>[0-9a-f]{12}))?$"
)

Kind = Literal["start", "revise", "word"]
"""Of two starts at the same place the newer counts, of two demands for a revision too: it hears everything."""


@dataclass(frozen=True)
class Waiting:
    """`tries`: how often it was taken up in vain, the last time at `tried`."""

    row: Row
    ticket: Ticket
    tries: int = 0
    tried: str = ""


def waiting_id(ticket: Ticket) -> str:
    return f"wait.{ticket.run}.{ticket.depth}"


def postpone(rows: Sequence[Row], ticket: Ticket, github_run: int, found: Admission, now: str) -> Row | None:
    """The line of what was not admitted and waits; None = it does not: a person must ask again."""
    others = [each.row for each in waiting(rows, now) if each.row.id != waiting_id(ticket)]
    if not _waits(ticket, found) or sum(row.actor == ticket.actor for row in others) >= MOST:
        return None
    return Row(
        id=waiting_id(ticket), kind="refused", run=ticket.run, leg=ticket.depth, event=ticket.event, at=now,
        purpose=ticket.purpose, issue=ticket.issue, pull=ticket.pull, actor=ticket.actor, github_run=github_run,
        state="parked", base_sha=ticket.base_sha, origin=ticket.origin, ticket=ticket.to_json(), why=found.why,
    )  # fmt: skip


def _waits(ticket: Ticket, found: Admission) -> bool:
    if ticket.purpose == "hunt":  # it comes again by itself
        return False
    if found.code == "already_running":
        verb = ticket.command.verb if ticket.command else None
        return bool(_POINT.search(ticket.event)) and (bool(ticket.pull) or verb in NEXT)
    return found.code == "rate_limited" or (found.code, found.limit) == ("budget", "day_usd")


def waiting(rows: Sequence[Row], now: str) -> tuple[Waiting, ...]:
    """What waits, oldest first."""
    return tuple(_waiting(rows, now))


def _waiting(rows: Sequence[Row], now: str) -> Iterator[Waiting]:
    ids = {row.id for row in rows}
    for n, row in enumerate(rows):
        ticket = ticket_of(row) if is_wait(row) else None
        if ticket is None or ended_id(row) in ids or _age(row.at, now) >= LASTS:
            continue
        if any(each.kind == "open" and (each.run, each.leg) == (row.run, row.leg) for each in rows):
            continue
        if not any(_supersedes(rows, each, row, ticket) for each in rows[n + 1 :]):
            tried = [each for each in rows if each.id.startswith(f"{row.id}.try.")]
            yield Waiting(row, ticket, len(tried), tried[-1].at if tried else "")


def is_wait(row: Row) -> bool:
    return row.kind == "refused" and row.state == "parked" and row.id == f"wait.{row.run}.{row.leg}"


def waited(rows: Sequence[Row], event: str) -> bool:
    """Was this refused and put off? Then it may be older when it begins."""
    return any(is_wait(row) and row.event == event for row in rows)


def over(rows: Sequence[Row], now: str) -> tuple[Row, ...]:
    """Lines whose three days are over, or whose tries are used up, and nobody was told."""
    late = {each.row.id for each in waiting(rows, now) if each.tries >= TRIES and _age(each.tried, now) >= SOON}
    told = {row.id for row in rows}
    opened = {(row.run, row.leg) for row in rows if row.kind == "open"}
    return tuple(
        row
        for row in rows
        if is_wait(row) and ended_id(row) not in told and (row.run, row.leg) not in opened
        and (row.id in late or LASTS <= _age(row.at, now) < 2 * LASTS)
    )  # fmt: skip


def stopped(rows: Sequence[Row], ticket: Ticket, now: str) -> str:
    """A person's words that came while this was being taken up, before it had its lease; "" = there are none. A while
    later whoever runs it again means it."""
    name = waiting_id(ticket)
    end = next((row for row in rows if row.id == f"{name}.end" and row.event != ticket.event), None)
    tried = [row.at for row in rows if row.id.startswith(f"{name}.try.")]
    if end is None or not tried or _age(tried[-1], end.at) >= SOON or _age(end.at, now) >= SOON:
        return ""
    return end.why


def goes_first(rows: Sequence[Row], issue: int, now: str) -> bool:
    """Does a person's word on the plan wait for the run at work to stop?"""
    mine = (each.ticket.command for each in waiting(rows, now) if issue and each.row.issue == issue)
    return any(command is not None and command.verb in NEXT for command in mine)


def superseded(rows: Sequence[Row], new: Row, now: str) -> tuple[Row, ...]:
    """What waited until this line came."""
    before = tuple(row for row in rows if row.id != new.id)
    after = {each.row.id for each in waiting((*before, new), now)}
    return tuple(each.row for each in waiting(before, now) if each.row.id not in after)


def _supersedes(rows: Sequence[Row], new: Row, row: Row, ticket: Ticket) -> bool:
    """Is `new` the same asked for anew: waiting, or begun by a run that was not there before?"""
    if (new.issue, new.pull) != (row.issue, row.pull) or new.run == row.run or _kind(ticket) == "word":
        return False
    first = next((each.id for each in rows if each.kind == "open" and each.run == new.run), "")
    other = ticket_of(new) if is_wait(new) or new.id == first else None
    return other is not None and _kind(other) == _kind(ticket) and not _before(other, ticket)


def _before(one: Ticket, other: Ticket) -> bool:
    """Was it asked for earlier?"""
    return bool(one.seen and other.seen) and datetime.fromisoformat(one.seen) < datetime.fromisoformat(other.seen)


def _kind(ticket: Ticket) -> Kind:
    """A gate that refused has left only the event: a comment whose words are not known stands for itself."""
    match = _POINT.search(ticket.event)
    comment = match is not None and match["name"] == "comment"
    if ticket.pull:
        return "revise" if ticket.purpose == "revise" or (match and not comment) else "word"
    verb = ticket.command.verb if ticket.command else None
    return "word" if verb in STEERING or (comment and ticket.purpose == "answer") else "start"


def due(rows: Sequence[Row], settings: Settings, now: str) -> tuple[Waiting, ...]:
    """What may begin now, as many as the limits let in together."""
    found = []
    for each in waiting(rows, now):
        if each.tries >= TRIES or (each.tried and _age(each.tried, now) < SOON):
            continue
        allowed = admit(rows, each.ticket, each.row.github_run, settings, now)
        if allowed.lease and allowed.code == "allowed":
            rows = (*rows, allowed.lease)
            found.append(each)
    return tuple(found)


def pointer(rows: Sequence[Row], row: Row) -> Json | None:
    """The client_payload by which a gate is asked to look anew at the words that wait. None: the workflow run that was
    refused runs again, because it brings what no list of GitHub's has, or because its run had begun before."""
    match = _POINT.search(row.event)
    began = any(each.kind == "open" and each.run == row.run for each in rows)
    if not match or began or row.purpose == "answer":
        return None
    place: Json = {"pull": row.pull} if row.pull else {"issue": row.issue}
    if not match["sha"]:
        return {**place, match["name"]: int(match["id"])}
    return {**place, "checks": match["sha"], **({"red": match["red"]} if match["red"] else {})}


def trying(each: Waiting, now: str) -> Row:
    return _note(each.row, f"{each.row.id}.try.{each.tries + 1}", now, "What held it has let go: it is taken up.")


def ended_id(row: Row) -> str:
    return f"{row.id}.end"


def ended(row: Row, now: str, why: str) -> Row:
    """It waits no more."""
    return _note(row, ended_id(row), now, why)


def _note(row: Row, name: str, now: str, why: str) -> Row:
    return row.but(kind="note", id=name, at=now, state="", ticket="", why=why)


def text_of(row: Row) -> str:
    """The digest of what models were to be shown when it was asked."""
    ticket = ticket_of(row)
    return ticket.text if ticket else ""


def _age(at: str, now: str) -> timedelta:
    return datetime.fromisoformat(now) - datetime.fromisoformat(at)
