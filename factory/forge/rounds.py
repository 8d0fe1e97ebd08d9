"""The loop on one pull request, as the books have it: what was heard, who asked, how much it has taken so far."""

from collections.abc import Sequence
from datetime import datetime

from factory.contracts.books import Row
from factory.contracts.tables import GithubSettings
from factory.contracts.ticket import Ticket
from factory.forge.accounts import Leg, about, legs, revisions, ticket_of

ANSWERED = ("done", "draft")  # ends of a revision after which people were answered


def heard_until(rows: Sequence[Row], pull: int) -> str:
    """The trigger of the newest revision that ended with answers: what was said before it has had its answer. "": none
    did."""
    seen = [ticket_of(leg.open) for leg in _revisions(rows, pull) if leg.close and leg.close.state in ANSWERED]
    return max((ticket.seen for ticket in seen if ticket), default="")


def asker(rows: Sequence[Row], pull: int) -> Ticket | None:
    """The newest ticket about this pull request: a check that fails is looked after in that person's name."""
    mine = [row for row in about(rows, frozenset({pull})) if row.kind == "open"]
    return next((ticket for row in reversed(mine) if (ticket := ticket_of(row))), None)


def heads(rows: Sequence[Row], pull: int) -> tuple[str, ...]:
    """Commits that the factory left on the pull request's branch, oldest first."""
    return tuple(row.head for row in about(rows, frozenset({pull})) if row.head and row.kind == "close")


def worn_out(rows: Sequence[Row], ticket: Ticket, github: GithubSettings) -> str:
    """Why no further revision of this pull request is begun; "" = one may be."""
    if ticket.purpose != "revise":
        return ""
    if revisions(rows, ticket) >= github.rounds:
        return (
            f"This pull request was revised {github.rounds} times, which is the limit (github.rounds): a person must "
            "decide what becomes of it."
        )
    took = sum(_minutes(leg) for leg in _revisions(rows, ticket.pull) if leg.open.run != ticket.run)
    if took >= github.revision_minutes:
        return (
            f"Revisions of this pull request took {took:.0f} minutes together, the limit is "
            f"{github.revision_minutes:.0f} (github.revision_minutes): a person must decide what becomes of it."
        )
    return ""


def _revisions(rows: Sequence[Row], pull: int) -> list[Leg]:
    return [leg for leg in legs(rows) if leg.open.purpose == "revise" and leg.open.pull == pull]


def _minutes(leg: Leg) -> float:
    if leg.close is None:
        return 0.0
    return (datetime.fromisoformat(leg.close.at) - datetime.fromisoformat(leg.open.at)).total_seconds() / 60
