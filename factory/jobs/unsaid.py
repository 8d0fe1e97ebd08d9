"""Ends that the books have and nobody was told: the last job died between the two, and nobody ran it again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from factory.contracts.books import Row
from factory.contracts.errors import HubMissing
from factory.contracts.hub import Comment
from factory.forge.accounts import legs
from factory.forge.effects import Effects
from factory.forge.markers import Markers
from factory.jobs.ground import Ground
from factory.render.status import WORKING
from factory.render.text import prose

YOUNG, OLD = timedelta(minutes=10), timedelta(hours=24)
"""A job that closes right now says it itself; what is older was looked after."""
WORDS = (
    "Run `{run}` is over: {state}. {why}\n\nIts last job died before it could say so. `/factory retry` goes on from "
    "what is there."
)


def tell(here: Ground, rows: Sequence[Row]) -> int:
    """How many were told now. Raises HubProblem."""
    now = datetime.fromisoformat(here.now)
    last = {leg.open.run: leg for leg in legs(rows)}
    ends = [(leg.open, leg.close) for leg in last.values() if leg.close and (leg.open.pull or leg.open.issue)]
    fresh = [pair for pair in ends if YOUNG < now - datetime.fromisoformat(pair[1].at) < OLD]
    return sum(_tell(here, opened, close) for opened, close in fresh)


def _tell(here: Ground, opened: Row, close: Row) -> bool:
    number = opened.pull or opened.issue
    effects = _effects(here, opened)
    found = _status(here, effects, number, close.comment)
    if found and WORKING not in found.body:
        return False
    words = WORDS.format(run=close.run, state=close.state or "ended", why=prose(close.why, 600)).replace(": . ", ". ")
    effects.say(number, f"over-{close.run}-{close.leg}", words)
    return True


def _effects(here: Ground, opened: Row) -> Effects:
    markers = Markers(here.context.environment.get("FACTORY_MARKER_KEY", ""), here.context.repo)
    return Effects(here.hub, markers, here.clock, opened.origin or opened.run, again=here.context.attempt > 1)


def _status(here: Ground, effects: Effects, number: int, comment: int) -> Comment | None:
    """The run's status comment, by its id or by its marker."""
    if comment:
        try:
            return here.hub.one_comment(comment)
        except HubMissing:
            return None
    return next((row for row in here.hub.comments(number) if effects.ours(row.author, row.body, "status")), None)
