"""close: the one last word of a run, from one result: the jobs' results, the run's record and the books.

It runs whatever happened before. Money whose use is not known stays counted as used.
"""

from pathlib import Path

from factory.contracts.books import Row
from factory.contracts.errors import HubForbidden, HubProblem
from factory.contracts.seams import Clock
from factory.forge.accounts import closing, closing_id, legs
from factory.forge.shared_books import Booked
from factory.jobs import postponed, quarantine
from factory.jobs.context import JobContext
from factory.jobs.minutes import runner_minutes
from factory.jobs.result import Result, read_result
from factory.jobs.standing import Said, status_of
from factory.jobs.wire import CONFIG, Site, lease_of, site, status_comment
from factory.render.status import Stand, comment, step_summary

_STATES: dict[Stand, str] = {
    "draft": "draft", "ready": "done", "done": "done", "plan": "plan", "parked": "parked", "failed": "failed",
    "stopped": "stopped", "working": "stopped", "refused": "stopped",
}  # fmt: skip


def close(context: JobContext, config: Path = CONFIG, clock: Clock | None = None) -> int:
    """0 when the last word is said; whether the run succeeded is what the other jobs say."""
    here = site(context, config, clock)
    rows = here.books.read().rows
    lease = lease_of(rows, here)
    if lease is None:
        context.say("notice", "This workflow run opened nothing, so there is nothing to close.")
        return 0
    result = read_result(here)
    try:
        booked = settle(here, lease, result)
    except HubForbidden as problem:  # the word that can be said is said all the same
        words = f"The books could not be written. {problem}"
        last_word(here, Booked(rows, ()), result.but(ladder=(*result.ladder, words)))
        raise
    last_word(here, booked, result)
    if result.stand == "failed":
        _left_alone(here, booked, lease)
    _next(here, booked.rows)
    return 0


def _next(here: Site, rows: tuple[Row, ...]) -> None:
    """What waited for this run to end begins now; the hourly look would see to it as well."""
    try:
        postponed.take_up(here, rows, rerun=False)
    except HubProblem as problem:
        here.say("warning", f"What waits could not be taken up: {problem}")


def _left_alone(here: Site, booked: Booked, lease: Row) -> None:
    ended = next((leg.close for leg in legs(booked.rows) if leg.open.id == lease.id), None)
    if ended:
        quarantine.told(here.effects, booked.rows, ended, here.settings)


def settle(here: Site, lease: Row, result: Result) -> Booked:
    """The leg's closing row: what it used, how it ended, where the next one finds its work. Once, unless failed jobs
    are run again and bring another end: then that one counts."""
    minutes = runner_minutes(here)

    def wanted(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        before = sum(leg.money for leg in legs(rows) if leg.open.run == lease.run and leg.open.id != lease.id)
        known = None if result.spent is None else max(result.spent - before, 0)
        used = 0 if result.idle else lease.reserved if known is None else known
        row = closing(
            lease, here.now, spent=used, state=_STATES[result.stand], comment=status_comment(rows, here),
            pull_made=result.pull, head=result.head, handover=result.handover, why=_why(result), minutes=minutes,
        )  # fmt: skip
        beat = (_beat(lease, here.now),) if by_the_box(here) else ()
        earlier = next((leg.close for leg in legs(rows) if leg.open.id == lease.id), None)
        if earlier is None or here.context.attempt == 1:
            return (row, *beat)
        same = _told(earlier) == _told(row)
        return beat if same else (row.but(id=closing_id(lease, here.context.attempt)), *beat)

    return here.books.append(wanted)


def by_the_box(here: Site) -> bool:
    """Did the box come to an end of its job, a good one or not? Hosted runners may have stood in for it."""
    work = here.context.needs.get("work")
    given = here.context.payload.get("client_payload")
    where = given.get("where") if isinstance(given, dict) else ""
    return isinstance(work, dict) and work.get("result") in ("success", "failure") and where != "cloud"


def _beat(lease: Row, now: str) -> Row:
    """The box was heard of. Only the newest counts; it stands beside the end, in the same push."""
    return lease.but(kind="beat", id=f"{lease.id}.beat", at=now, reserved=0, ticket="", handover="", why="")


def _told(row: Row) -> tuple[int, str, int, str]:
    return row.spent, row.state, row.pull_made, row.handover


def _why(result: Result) -> str:
    """The last decision with its reasons, for `/factory why`."""
    verdict = result.run.verdict if result.run else None
    said = (result.sentence, *(verdict.reasons[:5] if verdict else ()))
    return " ".join(each if each.endswith((".", "!", "?")) else f"{each}." for each in said if each)[:1500]


def last_word(here: Site, booked: Booked, result: Result) -> None:
    """The status comment as it stays, the summary of the job, the label of a failure."""
    said = Said(stand=result.stand, sentence=result.sentence, spent=result.spent, pull=result.url,
                ladder=result.ladder, over=True)  # fmt: skip
    status = status_of(here, booked.rows, said, result.run)
    here.summary(step_summary(status))
    number = here.number or result.pull
    if not number:
        return
    known = status_comment(booked.rows, here)
    fresh = not known and here.context.attempt == 1  # the job that opened may have died right after its first word
    effects = here.looking_again() if fresh else here.effects
    effects.status(number, comment(status), comment=known, last=True)
    if result.stand == "failed":
        _failed_label(here, number)


def _failed_label(here: Site, number: int) -> None:
    try:
        quarantine.mark(here.hub, number)
    except HubProblem as problem:
        here.say("warning", f"No label: {problem}")
