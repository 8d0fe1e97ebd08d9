"""What the shared books say, as arithmetic on their rows: who is at work, what is reserved and spent, who may start.

Pure functions: whoever reads the same rows decides the same. Money is in micro-dollars.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from factory.contracts.books import Row
from factory.contracts.record import ValidationError
from factory.contracts.ticket import Denial, Purpose, Ticket, Verb
from factory.ledger.spend import micro
from factory.settings import Settings

STALE = timedelta(hours=48)  # an open run older than this is dead: it blocks nobody, the watchdog closes it
HOUR = timedelta(hours=1)
_STEERED: tuple[Purpose, ...] = ("swarm", "local", "demiurge")


@dataclass(frozen=True)
class Leg:
    """One stay of a run in the line: from the job that opened it to the one that closed it."""

    open: Row
    close: Row | None = None

    @property
    def money(self) -> int:
        """What it counts for: its whole reservation until it is settled."""
        return self.close.spent if self.close else self.open.reserved

    def active(self, now: str) -> bool:
        return self.close is None and _at(now) - _at(self.open.at) < STALE


@dataclass(frozen=True)
class Admission:
    """May a run start? `row` is what must be written for it, None when it stands there already."""

    code: Denial | Literal["allowed"]
    lease: Row | None = None  # allowed: the open row
    row: Row | None = None
    why: str = ""
    other: str = ""  # already_running: which run
    limit: str = ""  # budget: the setting that binds


def legs(rows: Sequence[Row]) -> tuple[Leg, ...]:
    """In the order they were opened. Of several closing rows the latest attempt's counts."""
    closed = {row.id: row for row in rows if row.kind == "close"}
    again = {row.id.rpartition(".")[0]: row for row in rows if row.kind == "close" and row.id[-1:].isdigit()}

    def close_of(row: Row) -> Row | None:
        name = closing_id(row)
        return again.get(name) or closed.get(name) or closed.get(stopping_id(row))

    return tuple(Leg(row, close_of(row)) for row in rows if row.kind == "open")


def closing_id(opened: Row, attempt: int = 1) -> str:
    """`attempt`: of a workflow run whose earlier attempt closed the leg already, and that came to another end."""
    return f"{opened.id}.close{f'.{attempt}' if attempt > 1 else ''}"


def stopping_id(opened: Row) -> str:
    """Of the row that `/factory stop` writes: the lease is free at once; the run's own last job says what was used."""
    return f"{opened.id}.stop"


def leg_of(rows: Sequence[Row], run: str, leg: int) -> Leg | None:
    """The latest stay of a run at this depth."""
    return next((each for each in reversed(legs(rows)) if (each.open.run, each.open.leg) == (run, leg)), None)


def stale(rows: Sequence[Row], now: str) -> tuple[Row, ...]:
    """Open rows that nobody closed in 48 hours."""
    return tuple(leg.open for leg in legs(rows) if leg.close is None and not leg.active(now))


def numbers(row: Row | Ticket) -> frozenset[int]:
    """The issues and pull requests that a row is about: two rows that share one are about the same thing."""
    made = row.pull_made if isinstance(row, Row) else 0
    return frozenset({row.issue, row.pull, made} - {0})


def about(rows: Sequence[Row], wanted: frozenset[int]) -> tuple[Row, ...]:
    """Rows of one issue and of the pull requests made for it, oldest first."""
    seen = set(wanted)
    for _ in range(3):  # issue -> pull request -> what was said on that one
        for row in rows:
            found = numbers(row)
            if found & seen:
                seen |= found
    return tuple(row for row in rows if numbers(row) & seen)


def going_on(rows: Sequence[Row], issue: int, verb: Verb) -> Row | None:
    """Where a word on an earlier run goes on: the newest row of this very issue that says where a bundle lies. What was
    revised or reviewed on its pull request is another matter; only a plan that was shown can be approved."""
    mine = (row for row in reversed(rows) if issue and row.issue == issue and row.handover and row.base_sha)
    return next((row for row in mine if row.purpose in _STEERED and (verb != "approve" or row.state == "plan")), None)


def revisions(rows: Sequence[Row], ticket: Ticket) -> int:
    """How many runs have revised the ticket's pull request before, this one aside; 0 for any other purpose."""
    if ticket.purpose != "revise":
        return 0
    found = {row.run for row in rows if (row.kind, row.purpose, row.pull) == ("open", "revise", ticket.pull)}
    return len(found - {ticket.run})


def raised(rows: Sequence[Row]) -> int:
    """What people added to a limit with `/factory budget`."""
    return sum(row.reserved for row in rows if row.kind == "note")


@dataclass(frozen=True)
class Left:
    """What a run may still reserve: None = the settings set no limit."""

    amount: int | None
    limit: str  # the setting that binds


def left(rows: Sequence[Row], ticket: Ticket, settings: Settings, now: str) -> Left:
    """The least of what run, issue and day leave."""
    budget = settings.budget
    mine = about(rows, numbers(ticket))
    more = raised(mine)
    limits = (
        ("run_usd", budget.run_usd, more, sum(leg.money for leg in legs(rows) if leg.open.run == ticket.run)),
        (
            "issue_usd",
            budget.issue_usd if numbers(ticket) else None,
            more,
            sum(leg.money for leg in legs(mine)),
        ),
        ("day_usd", budget.day_usd, 0, sum(leg.money for leg in legs(rows) if _today(leg, now))),
    )
    found = [Left(max(micro(cap) + extra - used, 0), name) for name, cap, extra, used in limits if cap is not None]
    return min(found, key=lambda each: each.amount or 0) if found else Left(None, "")


def admit(rows: Sequence[Row], ticket: Ticket, github_run: int, settings: Settings, now: str) -> Admission:
    """One lease an event, one active run an issue, so many runs an hour, so much money.

    The same GitHub run goes on with what it had; any other delivery of the same event is a duplicate.
    """
    before = leg_of(rows, ticket.run, ticket.depth)
    if before and taken(rows, ticket, github_run):
        return Admission("duplicate", other=before.open.run)
    if before and before.close is None and before.open.github_run == github_run:
        return Admission("allowed", lease=before.open)
    denied = _busy(rows, ticket, github_run, now) or too_many(rows, ticket, github_run, settings, now)
    return denied or _reserve(rows, ticket, github_run, settings, now)


def taken(rows: Sequence[Row], ticket: Ticket, github_run: int) -> bool:
    """Has another GitHub run had this very delivery? A leg that was parked may be taken up elsewhere."""
    before = leg_of(rows, ticket.run, ticket.depth)
    if before is None or before.open.github_run == github_run:
        return False
    return not (ticket.depth and before.close and before.close.state == "parked")


def _busy(rows: Sequence[Row], ticket: Ticket, github_run: int, now: str) -> Admission | None:
    wanted = numbers(ticket)
    for leg in legs(rows):
        other = leg.open
        if leg.active(now) and other.run != ticket.run and wanted & _all_numbers(rows, other):
            why = f"Run {other.run} is at work on this since {other.at}."
            row = _row(ticket, github_run, now, f"busy.{other.run}", "refused", why)
            return Admission("already_running", row=row, why=why, other=other.run)
    return None


def _all_numbers(rows: Sequence[Row], row: Row) -> frozenset[int]:
    return frozenset().union(*(numbers(each) for each in about(rows, numbers(row)))) | numbers(row)


def too_many(rows: Sequence[Row], ticket: Ticket, github_run: int, settings: Settings, now: str) -> Admission | None:
    """Runs that one person started within the hour. A leg of a run that goes on and the nightly hunt are nobody's."""
    most = settings.github.hourly
    if ticket.purpose == "hunt" or any(row.kind == "open" and row.run == ticket.run for row in rows):
        return None
    recent = [row for row in rows if row.actor == ticket.actor and _at(now) - _at(row.at) < HOUR]
    if len({row.run for row in recent if row.kind == "open"}) < most:
        return None
    why = f"{ticket.actor} has started {most} runs within an hour, which is the limit (github.hourly)."
    said = any(row.kind == "refused" and row.id.startswith("limited.") for row in recent)
    row = None if said else _row(ticket, github_run, now, f"limited.{ticket.actor_id}.{now[:16]}", "refused", why)
    return Admission("rate_limited", row=row, why=why)


def _reserve(rows: Sequence[Row], ticket: Ticket, github_run: int, settings: Settings, now: str) -> Admission:
    """All that run, issue and day leave. Nothing left of a limit that is not zero: refused."""
    budget = settings.budget
    found = left(rows, ticket, settings, now)
    cap: Decimal | None = getattr(budget, found.limit) if found.limit else None
    if found.amount == 0 and cap:
        why = f"The budget {found.limit} = ${cap} is used up."
        name = f"money.{now[:10]}.{ticket.pull or ticket.issue}"
        row = _row(ticket, github_run, now, name, "refused", why)
        return Admission("budget", row=row, why=why, limit=found.limit)
    before = sum(1 for row in rows if row.kind == "open" and (row.run, row.leg) == (ticket.run, ticket.depth))
    lease = _row(ticket, github_run, now, f"{ticket.run}.{ticket.depth}.{before}", "open", "").but(
        reserved=found.amount or 0, limited=found.amount is not None, ticket=ticket.to_json()
    )
    return Admission("allowed", lease=lease, row=lease)


def closing(opened: Row, now: str, **facts: object) -> Row:
    """The row that settles a leg; without `spent` all that was reserved counts as spent."""
    return Row.model_validate(
        {
            **opened.but(kind="close", id=closing_id(opened), at=now, spent=opened.reserved, ticket="").model_dump(),
            **facts,
        }
    )


def ticket_of(row: Row) -> Ticket | None:
    """The books are untrusted: a line that holds none has none."""
    try:
        return Ticket.from_json(row.ticket)
    except ValidationError:
        return None


def raise_limit(ticket: Ticket, github_run: int, amount: Decimal, now: str) -> Row:
    """The row for `/factory budget +AMOUNT`: once a comment."""
    why = f"{ticket.actor} added ${amount} to the limit."
    return _row(ticket, github_run, now, f"{ticket.run}.budget", "note", why).but(reserved=micro(amount))


def _row(ticket: Ticket, github_run: int, now: str, name: str, kind: str, why: str) -> Row:
    return Row.model_validate(
        {"id": name, "kind": kind, "run": ticket.run, "leg": ticket.depth, "event": ticket.event, "at": now,
         "purpose": ticket.purpose, "issue": ticket.issue, "pull": ticket.pull, "actor": ticket.actor,
         "github_run": github_run, "base_sha": ticket.base_sha, "origin": ticket.origin, "why": why}
    )  # fmt: skip


def _today(leg: Leg, now: str) -> bool:
    """Does it count for the day of `now`? A run at work across midnight counts for both days."""
    ends = leg.close.at if leg.close else ""
    return now[:10] in (leg.open.at[:10], ends[:10]) or leg.active(now)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
