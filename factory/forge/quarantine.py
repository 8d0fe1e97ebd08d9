"""A task that fails again and again is left alone by the machine until a person takes it up. Pure, from the books.

In a row: a run that ended well (done, draft, plan) ends the count; one that was stopped or waits says nothing. A start
by a person while the task is in quarantine begins the count anew.
"""

import re
from collections.abc import Sequence

from factory.contracts.books import Row
from factory.contracts.ticket import Ticket
from factory.forge.accounts import about, legs, numbers
from factory.forge.denied import CLOCKED
from factory.settings import Settings

_CHECKS = re.compile(r"#\d+ checks [0-9a-f]+( [0-9a-f]+)?$")  # as forge/events.py names it
WELL = ("done", "draft", "plan")
HELD = "This failed too often in a row ([alerts] attempts): a person must start it again."


def automatic(of: Row | Ticket, settings: Settings) -> bool:
    """Is it a bot's or the clock's name? Or a check that failed: that is looked after in the name of who asked last."""
    actor = of.actor
    named = actor == CLOCKED or actor.endswith("[bot]") or actor in settings.github.bots
    return named or bool(_CHECKS.search(of.event))


def failures(rows: Sequence[Row], of: Row | Ticket, settings: Settings) -> int:
    """Failed ends in a row of the runs on the same issue or pull request, the newest included."""
    mine = about(rows, numbers(of))
    last = {leg.open.run: leg for leg in legs(mine)}  # a run's end is that of its last leg
    ends = {leg.close.id: leg.close.state for leg in last.values() if leg.close}
    count, seen = 0, set[str]()
    for row in mine:
        if row.kind == "open" and row.run not in seen:
            seen.add(row.run)
            if count >= settings.alerts.attempts and not automatic(row, settings):
                count = 0
        state = ends.get(row.id) if row.kind == "close" else None
        count = count + 1 if state == "failed" else 0 if state in WELL else count
    return count


def held(rows: Sequence[Row], of: Row | Ticket, settings: Settings) -> bool:
    """Is the task in quarantine?"""
    return bool(numbers(of)) and failures(rows, of, settings) >= settings.alerts.attempts


def refuses(rows: Sequence[Row], ticket: Ticket, settings: Settings) -> bool:
    """Would the machine start what only a person may? What is dispatched is started by the machine."""
    return (ticket.depth > 0 or automatic(ticket, settings)) and held(rows, ticket, settings)


def lifted(rows: Sequence[Row], lease: Row, settings: Settings) -> bool:
    """Was the task in quarantine when this run was opened?"""
    place = next((n for n, row in enumerate(rows) if row.id == lease.id), 0)
    return held(rows[:place], lease, settings)
