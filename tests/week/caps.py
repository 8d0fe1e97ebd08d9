"""Were the caps held at every moment of the week? The books are played again, line by line."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from factory.contracts.books import Row
from factory.forge.accounts import Leg, legs, raised

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Caps:
    """Dollars, and runs that one person may start within an hour."""

    day: float
    run: float
    hourly: int


@dataclass(frozen=True)
class Held:
    """The fullest moment of each day (dollars reserved or spent by then), and whatever went over."""

    days: dict[str, float]
    over: list[str]
    refused: int  # tasks that were told to wait for another day's money


def held(rows: Sequence[Row], caps: Caps) -> Held:
    days: dict[str, float] = defaultdict(float)
    over: list[str] = []
    ordered = sorted(rows, key=lambda row: row.at)
    for count, row in enumerate(ordered, start=1):
        if row.kind != "open":
            continue  # only a reservation makes a sum larger
        before = legs(ordered[:count])
        day = row.at[:10]
        total = _dollars(before, day)
        days[day] = max(days[day], total)
        over += [f"{row.at}: ${total:.2f} of a day's ${caps.day:.2f}"] if total > caps.day + 1e-9 else []
        over += _run_over(before, ordered[:count], row, caps)
        over += _too_many(before, row, caps)
    waited = {row.run for row in rows if row.kind == "refused" and "day_usd" in row.why}
    return Held(dict(days), over, len(waited))


def _dollars(found: Sequence[Leg], day: str) -> float:
    """What was settled on that day, and what is reserved for whoever is at work."""
    return sum(leg.money for leg in found if leg.close is None or leg.close.at[:10] == day) / 1e6


def _run_over(found: Sequence[Leg], rows: Sequence[Row], row: Row, caps: Caps) -> Iterator[str]:
    spent = sum(leg.money for leg in found if leg.open.run == row.run) / 1e6
    more = raised([each for each in rows if each.issue == row.issue]) / 1e6
    if spent > caps.run + more + 1e-9:
        yield f"{row.at}: ${spent:.2f} of run {row.run}'s ${caps.run + more:.2f}"


def _too_many(found: Sequence[Leg], row: Row, caps: Caps) -> Iterator[str]:
    now = datetime.fromisoformat(row.at)
    recent = {leg.open.run for leg in found
              if leg.open.actor == row.actor and now - datetime.fromisoformat(leg.open.at) < HOUR
              and leg.open.purpose != "hunt" and leg.open.leg == 0}  # fmt: skip
    if len(recent) > caps.hourly:
        yield f"{row.at}: {row.actor} has started {len(recent)} runs within an hour, of {caps.hourly}"
