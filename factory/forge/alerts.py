"""When the factory itself is in trouble: runs that fail one after the other, a box or a night that is not heard. Pure.

An idle box is not silent: it counts only while a job waits for it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from factory.contracts.books import Row
from factory.contracts.night import AlertSettings
from factory.contracts.record import Record
from factory.contracts.ticket import Purpose
from factory.forge.accounts import legs
from factory.forge.quarantine import WELL

Kind = Literal["failing", "silent_box", "no_night"]
OFF = timedelta(days=14)  # a night that is missing longer was switched off
RAISED, ENDED, TOLD = "alert.", ".ended", ".told"  # of rows: told = the owner's webhook took it
DAY = timedelta(hours=24)  # how long an alert or its end is brought to the webhook
_BOX: tuple[Purpose, ...] = ("local", "demiurge", "revise", "review")


class Alert(Record):
    """`since`: what it goes back to, the same on every look, so that it is raised once."""

    kind: Kind
    since: str  # ISO 8601 UTC
    count: int = 0  # failing: how many in a row

    @property
    def name(self) -> str:
        """Of its row in the books."""
        return f"{RAISED}{self.kind}.{self.since}"


def alerts(rows: Sequence[Row], waits: str, night: str, now: str, settings: AlertSettings) -> tuple[Alert, ...]:
    """`waits`: since when a job waits for the box too long, or "". `night`: when the hunt began last, or ""."""
    found = [failing(rows, settings), _silent(rows, waits, now, settings), _dark(night, now, settings)]
    return tuple(each for each in found if each)


def failing(rows: Sequence[Row], settings: AlertSettings) -> Alert | None:
    """The newest ends of all runs; one that was stopped or is parked says nothing."""
    last = {leg.open.run: leg.close for leg in legs(rows)}
    ends = [row for row in last.values() if row and (row.state == "failed" or row.state in WELL)]
    ends.sort(key=lambda row: row.at)
    good = next((n for n, row in enumerate(reversed(ends)) if row.state != "failed"), len(ends))
    if good < settings.after:
        return None
    return Alert(kind="failing", since=ends[-good].at, count=good)


def _silent(rows: Sequence[Row], waits: str, now: str, settings: AlertSettings) -> Alert | None:
    if not waits:
        return None
    beats = [row.at for row in rows if row.kind == "beat"]
    asked = [row.at for row in rows if row.kind == "open" and row.purpose in _BOX]
    since = max(beats) if beats else min([waits, *asked])
    return Alert(kind="silent_box", since=since) if _time(now) - _time(since) > _hours(settings) else None


def _dark(night: str, now: str, settings: AlertSettings) -> Alert | None:
    if not night or not _hours(settings) < _time(now) - _time(night) < OFF:
        return None
    return Alert(kind="no_night", since=night)


def raised(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Alerts that the books have and that did not end."""
    ids = {row.id for row in rows}
    said = (row for row in _said(rows) if not row.id.endswith(ENDED))
    return tuple(row for row in said if row.id + ENDED not in ids)


def untold(rows: Sequence[Row], now: str) -> tuple[Row, ...]:
    """Alerts and ends of the last day that the owner's webhook has not taken yet, oldest first."""
    ids = {row.id for row in rows}
    return tuple(row for row in _said(rows) if row.id + TOLD not in ids and _time(now) - _time(row.at) < DAY)


def _said(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.kind == "note" and row.id.startswith(RAISED) and not row.id.endswith(TOLD)]


def _hours(settings: AlertSettings) -> timedelta:
    return timedelta(hours=settings.silent_hours)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
