"""watch: hourly, what waits too long for the box is said on its issue, or goes to the next rung; runs whose last word
was never said get one. docs/github.md#ladder"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from factory.contracts.books import Row
from factory.contracts.hub import WorkflowJob, WorkflowRun
from factory.contracts.seams import Clock
from factory.forge.accounts import closing, legs, stale
from factory.forge.effects import Effects
from factory.forge.markers import Markers
from factory.forge.provenance import BOX, is_ours
from factory.forge.waiting import Parked, busy, parked
from factory.jobs import alert, postponed, quarantine, unsaid
from factory.jobs.context import JobContext
from factory.jobs.ground import Ground, ground
from factory.jobs.look_after import look_after
from factory.jobs.missed import run_again
from factory.jobs.rung import MEMORY, Moved, begun, moved, to_cloud
from factory.jobs.wire import CONFIG

JOB = "watch"  # of the hourly workflow; a run that opens looks only for what waits
WAITING = ("queued", "in_progress")  # a run is in progress while one of its jobs waits for the box
_OFFLINE = "No runner took the job `{job}` for {minutes} minutes: the box seems to be offline. "
_PARKED = (
    "It starts as soon as the box is back; GitHub gives up after 24 hours. `/factory stop` ends it, `/factory retry` "
    "asks again later."
)
BUSY = (
    "The job `{job}` has waited for {minutes} minutes: the box is at work on something else. It starts in its turn; "
    "GitHub gives up after 24 hours. `/factory stop` ends it."
)
WORDS: dict[Moved, str] = {
    "moved": f"{_OFFLINE}Hosted jobs do its part now, with the endpoints that they can reach "
    '(box_offline = "cloud").',
    "stays": f"{_OFFLINE}{_PARKED}",
    "cut": f"{_OFFLINE}Hosted jobs were to do its part and could not be asked. What was made so far is kept: "
    "`/factory retry` goes on from there.",
}  # fmt: skip
SILENT = "Nothing was heard of it for 48 hours."
LOST = (
    "Run `{run}` has not been heard of for two days: it counts as failed, and all that was reserved for it counts as "
    "spent. `/factory retry` goes on from what it left."
)


@dataclass(frozen=True)
class Looked:
    """What waits too long, and whether the box is at work all the same."""

    waiting: tuple[Parked, ...]
    busy: bool


def watch(context: JobContext, config: Path = CONFIG, clock: Clock | None = None) -> int:
    """One look. Says each thing once an issue, however often it looks."""
    here = ground(context, config, clock)
    seen = _look(here)
    rows = here.books.read().rows
    told = sum(_tell(here, item, rows, seen.busy) for item in seen.waiting)
    told += sum(_move(here, item, row) for item, row in _unfinished(here, rows, seen))
    gone = _close_lost(here)
    if context.event in ("schedule", "workflow_dispatch"):  # not the look beside a run that begins
        look_after(here, rows)
        run_again(here, rows)
        rows = here.books.read().rows
        postponed.take_up(here, rows, rerun=True)
        postponed.give_up(here, rows)
    unsaid.tell(here, here.books.read().rows)
    told_of = alert.safely(here, () if seen.busy else seen.waiting) if context.job == JOB else 0
    words = f"{len(seen.waiting)} jobs wait for the box, {told} said; {gone} lost closed; {told_of} alerts."
    context.summary(f"## Watchdog\n\n{words}\n")
    context.output(offline=str(len(seen.waiting)), lost=str(gone))
    return 0


def _look(here: Ground) -> Looked:
    found: list[tuple[WorkflowRun, tuple[WorkflowJob, ...]]] = [
        (run, tuple(here.hub.jobs(run.id))) for run in _at_work(here)
    ]
    working = busy(job for _, jobs in found for job in jobs)
    return Looked(parked(found, here.now, here.settings.github), working)


def _at_work(here: Ground) -> list[WorkflowRun]:
    """Runs of the factory's own box workflow that are not over. Others are nobody's business here: they may call
    themselves whatever they like."""
    found = [run for status in WAITING for run in here.hub.workflow_runs("", status=status) if is_ours(run, BOX)]
    return list({run.id: run for run in found}.values())


def _tell(here: Ground, item: Parked, rows: tuple[Row, ...], working: bool) -> bool:
    """The workflow run that holds the lease is the one that the job belongs to."""
    row = next((leg.open for leg in legs(rows) if leg.close is None and leg.open.github_run == item.run), None)
    if row is None:
        here.context.say("warning", f"The job {item.job} of workflow run {item.run} waits for {item.minutes} minutes.")
        return False
    if working:
        return _said(here, row, f"box_busy-{row.leg}", BUSY.format(job=item.job, minutes=item.minutes))
    return _move(here, item, row)


def _unfinished(here: Ground, rows: tuple[Row, ...], seen: Looked) -> list[tuple[Parked, Row]]:
    """What waits with its lease open is looked at anew, with the rest."""
    waiting = {item.run for item in seen.waiting}
    at_work = {leg.open.id for leg in legs(rows) if leg.close is None}
    return [(item, row) for item, row in begun(here, rows) if item.run not in waiting or row.id not in at_work]


def _move(here: Ground, item: Parked, row: Row) -> bool:
    now: Moved = "stays"
    if here.settings.github.box_offline == "cloud":
        now = to_cloud(here, _effects(here, row), item, row)
    if now == "not_here":  # the hourly look may cancel, and says what became of it
        return False
    words = WORDS[now].format(job=item.job, minutes=item.minutes)
    said = _said(here, row, f"no_runner-{row.leg}-{now}", words)
    if now != "stays":
        moved(here, row)
    return said


def _said(here: Ground, row: Row, kind: str, words: str) -> bool:
    number = row.pull or row.issue
    if not number:
        return False
    _effects(here, row).say(number, kind, words)
    return True


def _close_lost(here: Ground) -> int:
    """Runs open for 48 hours: closed in the books, and said, also what an earlier look closed and could not say."""
    booked = here.books.append(
        lambda rows: tuple(closing(row, here.now, state="failed", why=SILENT) for row in stale(rows, here.now))
    )
    now = datetime.fromisoformat(here.now)
    for row in booked.rows:
        if row.kind == "close" and row.why == SILENT and now - datetime.fromisoformat(row.at) < MEMORY:
            _said(here, row, f"lost-{row.leg}", LOST.format(run=row.run))
            quarantine.told(_effects(here, row), booked.rows, row, here.settings)
    return len(booked.added)


def _effects(here: Ground, row: Row) -> Effects:
    """Nothing older than the run's lease is looked through."""
    markers = Markers(here.context.environment.get("FACTORY_MARKER_KEY", ""), here.context.repo)
    return Effects(here.hub, markers, here.clock, row.run, again=here.context.attempt > 1, since=row.at)
