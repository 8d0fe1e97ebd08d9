"""watch: hourly, what waits too long for the box is said on its issue, or goes to the next rung; runs whose last word
was never said get one. docs/github.md#ladder"""

import re
from dataclasses import dataclass
from pathlib import Path

from factory.contracts.books import Row
from factory.contracts.errors import HubProblem
from factory.contracts.hub import WorkflowRun
from factory.contracts.seams import Clock
from factory.forge.accounts import closing, legs, numbers, stale
from factory.forge.effects import Effects
from factory.forge.markers import Markers
from factory.forge.waiting import Parked, parked
from factory.jobs.context import JobContext
from factory.jobs.ground import Ground, ground
from factory.jobs.wire import CONFIG

WAITING = ("queued", "in_progress")  # a run is in progress while one of its jobs waits for the box
_KEY = re.compile(r"gh-\d+-[0-9a-f]{12}(\.\d+)?")
OFFLINE = (
    "No runner took the job `{job}` for {minutes} minutes: the box seems to be offline. It starts as soon as the box "
    "is back; GitHub gives up after 24 hours. `/factory stop` ends it, `/factory retry` asks again later."
)
TO_CLOUD = (
    "No runner took the job `{job}` for {minutes} minutes: the box seems to be offline. Hosted jobs do its part now, "
    'with the endpoints that they can reach (box_offline = "cloud").'
)
LOST = (
    "Run `{run}` has not been heard of for two days: it counts as failed, and all that was reserved for it counts as "
    "spent. `/factory retry` goes on from what it left."
)


@dataclass(frozen=True)
class Watched:
    """What one look found and did."""

    offline: int
    lost: int


def watch(context: JobContext, config: Path = CONFIG, clock: Clock | None = None) -> int:
    """One look. Says each thing once an issue, however often it looks."""
    here = ground(context, config, clock)
    rows = here.books.read().rows
    found = parked(((run, here.hub.jobs(run.id)) for run in _at_work(here)), here.now, here.settings.github)
    told = sum(_tell(here, item, rows) for item in found)
    gone = _close_lost(here)
    context.summary(f"## Watchdog\n\n{len(found)} jobs wait for the box, {told} said; {gone} lost runs closed.\n")
    context.output(offline=str(len(found)), lost=str(gone))
    return 0


def _at_work(here: Ground) -> list[WorkflowRun]:
    """Runs of the factory's that are not over; their names hold the run they work for."""
    found = [run for status in WAITING for run in here.hub.workflow_runs("", status=status)]
    return list({run.id: run for run in found}.values())


def _tell(here: Ground, item: Parked, rows: tuple[Row, ...]) -> bool:
    row = _row_of(item, rows)
    if row is None:
        here.context.say("warning", f"The job {item.job} of workflow run {item.run} waits for {item.minutes} minutes.")
        return False
    cloud = here.settings.github.box_offline == "cloud" and _moved(here, item, row)
    words = (TO_CLOUD if cloud else OFFLINE).format(job=item.job, minutes=item.minutes)
    return _said(here, row, f"no_runner-{row.leg}", words)


def _row_of(item: Parked, rows: tuple[Row, ...]) -> Row | None:
    """The open row of the run that a workflow run works for: by its id, else by its name."""
    opened = [leg.open for leg in legs(rows) if leg.close is None]
    by_id = next((row for row in opened if row.github_run == item.run), None)
    match = _KEY.search(item.title)
    name = match.group().partition(".")[0] if match else ""
    return by_id or next((row for row in opened if row.run == name), None)


def _moved(here: Ground, item: Parked, row: Row) -> bool:
    """The parked workflow run is cancelled, and what it was sent goes to hosted runners. False: nothing to send."""
    from factory.jobs.rung import to_cloud

    try:
        return to_cloud(here, item, row)
    except HubProblem as problem:
        here.context.say("warning", f"The next rung was not reached: {problem}")
        return False


def _said(here: Ground, row: Row, kind: str, words: str) -> bool:
    number = next(iter(sorted(numbers(row), reverse=True)), 0) if not row.issue else row.issue
    if not number:
        return False
    _effects(here, row.run).say(number, kind, words)
    return True


def _close_lost(here: Ground) -> int:
    """Runs open for 48 hours: closed in the books, and said."""
    booked = here.books.append(
        lambda rows: tuple(
            closing(row, here.now, state="failed", why="Nothing was heard of it for 48 hours.")
            for row in stale(rows, here.now)
        )
    )
    for row in booked.added:
        _said(here, row, f"lost-{row.leg}", LOST.format(run=row.run))
    return len(booked.added)


def _effects(here: Ground, run: str) -> Effects:
    markers = Markers(here.context.environment.get("FACTORY_MARKER_KEY", ""), here.context.repo)
    return Effects(here.hub, markers, here.clock, run, again=here.context.attempt > 1)
