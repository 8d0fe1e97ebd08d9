"""answer: the commands that need no model, from the books and the workflow's runs: status, why, stop, budget.

Also the gate's no, where it has something to say to the asker. Each comment is answered once.
"""

from collections.abc import Callable
from pathlib import Path

from factory.contracts.books import Row
from factory.contracts.errors import HubProblem
from factory.contracts.seams import Clock
from factory.forge.accounts import (
    Admission,
    Leg,
    about,
    closing,
    legs,
    numbers,
    raise_limit,
    raised,
    stopping_id,
    too_many,
)
from factory.forge.postponed import ended_id, is_wait, postpone, waiting
from factory.jobs import postponed
from factory.jobs.context import JobContext
from factory.jobs.standing import Said, eta, history, status_of
from factory.jobs.wire import CONFIG, Site, site, status_comment
from factory.ledger.spend import micro
from factory.render.amount import money
from factory.render.sections import bullets
from factory.render.status import Link, Stand, State, Status, Work, comment
from factory.render.text import code, prose

_STANDS: dict[str, Stand] = {
    "done": "ready", "draft": "draft", "failed": "failed", "stopped": "stopped", "parked": "parked", "plan": "plan",
    "": "stopped",
}  # fmt: skip
_ENDS: dict[str, State] = {"success": "done", "failure": "failed", "cancelled": "cancelled", "skipped": "skipped"}
_ALIVE = ("queued", "in_progress", "waiting", "requested", "pending")
NONE = "No run of the factory is known here yet. A label or `/factory fix` starts one."


def answer(context: JobContext, config: Path = CONFIG, clock: Clock | None = None) -> int:
    """0 also when there is nothing to say."""
    here = site(context, config, clock)
    told = context.needs.get("gate", {}).get("outputs", {})
    code_ = str(told.get("code") or "allowed")
    command = here.ticket.command
    if code_ == "rate_limited":
        return _limited(here)
    if code_ != "allowed":
        text = str(told.get("say") or "")
    elif command is None or command.verb not in _ANSWERS:
        here.say("notice", "Nothing to answer.")
        return 0
    else:
        text = _ANSWERS[command.verb](here)
    if text and here.number:
        here.effects.say(here.number, "answer", text)
    here.summary(f"## Dark Factory\n\n{text}\n")
    return 0


def _limited(here: Site) -> int:
    """The limit is said once an hour, by whoever writes the row; what was asked waits."""
    found: list[Admission] = []

    def wanted(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        limit = too_many(rows, here.ticket, here.context.run_id, here.settings, here.now)
        if limit is None:
            return ()
        found[:] = [limit]
        later = postpone(rows, here.ticket, here.context.run_id, limit, here.now)
        return tuple(row for row in (limit.row, later) if row)

    rows = here.books.append(wanted).rows
    mine = [row for row in rows if row.kind == "refused" and row.run == here.ticket.run]
    waits = next((each.row for each in waiting(rows, here.now) if each.row in mine), None)  # not what was forgotten
    if found and here.number and any(not is_wait(row) for row in mine):
        said = Said(stand="parked" if waits else "refused", over=True,
                    sentence=f"{found[0].why} {postponed.WAITS['rate_limited'] if waits else ''}".strip())  # fmt: skip
        text = comment(status_of(here, rows, said).but(jobs=()))
        here.effects.status(here.number, text, comment=status_comment(rows, here), last=True)
    if waits:
        postponed.in_place_of(here, rows, waits)
    here.summary(f"## Dark Factory\n\n{found[0].why if found else ''}\n")
    return 0


def _mine(rows: tuple[Row, ...], here: Site) -> tuple[Row, ...]:
    return about(rows, numbers(here.ticket))


def _status(here: Site) -> str:
    rows = here.books.read().rows
    mine = _mine(rows, here)
    found = legs(mine)
    waits = _waits(mine, here)
    if not found:
        return waits or NONE
    last = next((leg for leg in reversed(found) if leg.active(here.now)), found[-1])
    return "\n\n".join(part for part in (waits, comment(_picture(here, rows, last))) if part)


def _waits(mine: tuple[Row, ...], here: Site) -> str:
    """What was asked for and has not begun."""
    rows = [f"{code(each.row.run, 80)}: {prose(each.row.why, 300)}" for each in waiting(mine, here.now)]
    return f"**Waits**, and starts by itself:\n\n{bullets(rows)}" if rows else ""


def _picture(here: Site, rows: tuple[Row, ...], last: Leg) -> Status:
    """Where a run stands by its latest leg."""
    opened, mine = last.open, about(rows, numbers(last.open))
    of_run = [leg for leg in legs(mine) if leg.open.run == opened.run]
    stand: Stand = "working" if last.active(here.now) else _STANDS[last.close.state if last.close else ""]
    spent = [leg.close.spent for leg in of_run if leg.close]
    url = f"{here.context.server_url}/{here.context.repo}"
    links = [Link(text="its workflow run", url=f"{url}/actions/runs/{opened.github_run}")]
    pull = next((row.pull_made for row in reversed(mine) if row.pull_made), 0)
    links += [Link(text="its pull request", url=f"{url}/pull/{pull}")] if pull else []
    return Status(
        run=opened.run, purpose=opened.purpose, actor=opened.actor, stand=stand,
        sentence=last.close.why if last.close else "", jobs=_jobs(here, opened), links=tuple(links),
        spent=sum(spent) if spent else None, reserved=sum(leg.money for leg in of_run), eta=eta(rows, opened.purpose),
        history=history(mine), updated=here.now, server=here.context.server_url,
    )  # fmt: skip


def _jobs(here: Site, opened: Row) -> tuple[Work, ...]:
    """As GitHub has them now; none where the token may not look."""
    try:
        jobs = list(here.hub.jobs(opened.github_run)) if opened.github_run else []
    except HubProblem:
        return ()
    return tuple(
        Work(name=job.name, state=_ENDS.get(job.conclusion, "running" if job.status == "in_progress" else "waiting"))
        for job in jobs[:40]
    )


def _why(here: Site) -> str:
    mine = _mine(here.books.read().rows, here)
    said = [row for row in mine if row.why and row.kind in ("close", "refused")]
    if not said:
        return NONE if not mine else "Nothing has been decided yet: the run is at work."
    last = said[-1]
    pull = next((row.pull_made for row in reversed(mine) if row.pull_made), 0)
    here.effects.may_name(*[pull] if pull else [])
    more = f"\n\nThe evidence stands in #{pull}." if pull else ""
    return f"Run {code(last.run, 80)}, {code(last.state or last.kind, 20)}: {prose(last.why, 1500)}{more}"


def _stop(here: Site) -> str:
    """Cancels what runs, frees the lease. The run's own last job still settles its money and says what it left."""
    rows = here.books.read().rows
    mine = _mine(rows, here)
    active = [leg for leg in legs(mine) if leg.active(here.now) or _stopped_before(mine, leg, here)]
    words = f"Stopped by {here.ticket.actor}."
    waited = [row for row in mine if _forgotten(mine, row, here)]
    for row in waited:
        postponed.forget(here, row, words, here.ticket.event)
    if not active and not waited:
        return "Nothing is at work here."
    said = [_cancelled(here, leg) for leg in active]
    said += [f"Run {code(row.run, 80)} waited: it is forgotten." for row in waited]

    def wanted(_: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(
            closing(leg.open, here.now, state="stopped", why=words, event=here.ticket.event).but(
                id=stopping_id(leg.open)
            )
            for leg in active
        )

    _last_words(here, here.books.append(wanted).rows, active)
    kept = "What was made so far is kept: artifacts, branch and pull request stay. `/factory retry` goes on from there."
    return f"{prose(words)}\n\n{bullets(said)}\n\n{kept}"


def _stopped_before(rows: tuple[Row, ...], leg: Leg, here: Site) -> bool:
    """By an earlier attempt of this very answer, which may have died before it could say so."""
    return any(row.id == stopping_id(leg.open) and row.event == here.ticket.event for row in rows)


def _forgotten(mine: tuple[Row, ...], row: Row, here: Site) -> bool:
    """Does it wait, or did an earlier attempt of this very answer end that?"""
    before = any(each.id == ended_id(row) and each.event == here.ticket.event for each in mine)
    return is_wait(row) and (before or any(each.row.id == row.id for each in waiting(mine, here.now)))


def _last_words(here: Site, rows: tuple[Row, ...], stopped: list[Leg]) -> None:
    """The status comments say it at once: a cancelled workflow run may never come to its own last job."""
    ids = {leg.open.id for leg in stopped}
    for leg in legs(rows):
        number = leg.open.pull or leg.open.issue
        if leg.open.id in ids and number:
            effects = here.of_run(leg.open.origin or leg.open.run)
            effects.status(number, comment(_picture(here, rows, leg)), last=True)


def _cancelled(here: Site, leg: Leg) -> str:
    run = leg.open.github_run
    url = f"{here.context.server_url}/{here.context.repo}/actions/runs/{run}"
    try:
        alive = here.hub.workflow_run(run).status in _ALIVE
        if alive:
            here.hub.cancel(run)
    except HubProblem as problem:
        return f"[Workflow run {run}]({url}) could not be cancelled: {prose(str(problem))}"
    return f"[Workflow run {run}]({url}) {'is being cancelled' if alive else 'had ended'}."


def _budget(here: Site) -> str:
    command = here.ticket.command
    assert command
    row = raise_limit(here.ticket, here.context.run_id, command.amount, here.now)
    mine = _mine(here.books.append(lambda _: (row,)).rows, here)
    limit = here.settings.budget.issue_usd
    used = sum(leg.money for leg in legs(mine))
    if limit is None:
        return f"Noted: {money(row.reserved)} more for each run here. The settings set no limit for an issue."
    whole = money(micro(limit) + raised(mine))
    return (
        f"{money(row.reserved)} more: the limit here is {whole} now, of which {money(used)} are used or reserved. "
        "`/factory retry` goes on; the day's limit stays as it is."
    )


_ANSWERS: dict[str, Callable[[Site], str]] = {"status": _status, "why": _why, "stop": _stop, "budget": _budget}
