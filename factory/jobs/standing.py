"""Where a run stands, as a `Status`: from the books, the jobs' results and the run's record. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median

from factory.contracts.books import Row
from factory.contracts.record import Json, Record
from factory.contracts.run import Run
from factory.contracts.ticket import Purpose
from factory.forge.accounts import about, legs, numbers
from factory.jobs.wire import Site
from factory.render.amount import duration, money
from factory.render.status import Link, Past, Stand, State, Status, Work
from factory.render.tracking import unit_states

_SWARM = ("gate", "open", "plan", "generate-1", "collect-1", "generate-2", "collect-2", "generate-3", "collect-3",
          "prove", "ship")  # fmt: skip
_BOX = ("gate", "open", "work", "ship")
_NAMES = {
    "gate": "Gate", "open": "Lease and money", "plan": "Plan", "generate-1": "Write, wave 1",
    "collect-1": "Merge, wave 1", "generate-2": "Write, wave 2", "collect-2": "Merge, wave 2",
    "generate-3": "Write, wave 3", "collect-3": "Merge, wave 3", "prove": "Test", "work": "Work on the box",
    "ship": "Ship",
}  # fmt: skip
_LATER = ("generate-2", "collect-2", "generate-3", "collect-3")  # shown once they have run
_RESULTS: Mapping[str, State] = {
    "success": "done", "failure": "failed", "cancelled": "cancelled", "skipped": "skipped",
}  # fmt: skip
_AGO = 10  # runs that the estimate is taken from


class Said(Record):
    """What a job adds to what the books and the jobs' results say."""

    stand: Stand
    sentence: str = ""
    spent: int | None = None  # micro-dollars of the whole run
    pull: str = ""  # its address
    ladder: tuple[str, ...] = ()
    over: bool = False


def status_of(here: Site, rows: Sequence[Row], said: Said, run: Run | None = None) -> Status:
    """The comment's content now."""
    ticket, needs = here.ticket, here.context.needs
    mine = [leg for leg in legs(rows) if leg.open.run == ticket.run]
    limited = any(leg.open.limited for leg in mine)
    known = [leg.close.spent for leg in mine if leg.close]
    spent = said.spent if said.spent is not None else sum(known) if known else None
    links = [Link(text="this run", url=here.run_url)]
    if said.pull:
        links.append(Link(text="pull request", url=said.pull))
    links.append(Link(text="files of the run", url=f"{here.run_url}#artifacts"))
    return Status(
        run=ticket.run, purpose=ticket.purpose, actor=ticket.actor, stand=said.stand, sentence=said.sentence,
        jobs=jobs(needs, ticket.purpose, said.stand == "working", here.context.job),
        units=unit_states(run) if run else (), spent=spent,
        reserved=sum(leg.money for leg in mine[:-1]) + mine[-1].open.reserved if limited else None,
        over=said.over, eta=eta(rows, ticket.purpose), links=tuple(links), ladder=said.ladder,
        history=history(about(rows, numbers(ticket))), updated=here.now, server=here.context.server_url,
    )  # fmt: skip


def jobs(needs: Json, purpose: Purpose, working: bool, job: str) -> tuple[Work, ...]:
    """The workflow's jobs in order: those that ended, the one that runs now, those to come."""
    names = _SWARM if "plan" in needs or (purpose == "swarm" and "work" not in needs) else _BOX
    found: list[Work] = []
    for name in names:
        told = needs.get(name)
        result = str(told.get("result", "")) if isinstance(told, dict) else ""
        state = _RESULTS.get(result, "waiting")
        if name == job:
            state = "running" if working and name != "open" else "done"
        if name in _LATER and state in ("waiting", "skipped"):
            continue
        found.append(Work(name=_NAMES[name], state=state))
    return _first_running(found) if working else tuple(found)


def _first_running(rows: list[Work]) -> tuple[Work, ...]:
    """The first that waits is what runs next."""
    if any(row.state == "running" for row in rows):
        return tuple(rows)
    for n, row in enumerate(rows):
        if row.state == "waiting":
            rows[n] = row.but(state="running")
            break
    return tuple(rows)


def eta(rows: Sequence[Row], purpose: Purpose) -> str:
    """How long runs of this kind took lately: their median."""
    took = [
        (datetime.fromisoformat(leg.close.at) - datetime.fromisoformat(leg.open.at)).total_seconds()
        for leg in legs(rows)
        if leg.close and leg.open.purpose == purpose and leg.close.state in ("done", "draft")
    ][-_AGO:]
    if not took:
        return ""
    return f"Runs like this took {duration(median(took))} lately (median of {len(took)})."


def history(rows: Sequence[Row]) -> tuple[Past, ...]:
    """What the books know of an issue, one line each; a push that is announced is no news to anybody."""
    first = {row.run: row.id for row in reversed(rows) if row.kind == "open"}
    told = (row for row in rows if row.kind != "beat" and not (row.kind == "note" and row.head))
    return tuple(Past(at=row.at, text=_line(row, first.get(row.run) == row.id)) for row in told)


def _line(row: Row, first: bool) -> str:
    if row.kind == "open":
        what = f"Run {row.run} goes on" if not first else f"{row.actor} started run {row.run} ({row.purpose})"
        return f"{what}, {money(row.reserved)} reserved." if row.limited else f"{what}."
    if row.kind == "close":
        made = f", pull request {row.pull_made}" if row.pull_made else ""
        return f"Run {row.run}: {row.state or 'ended'}{made}, {money(row.spent)}. {row.why}".rstrip()
    return f"{'Refused: ' if row.kind == 'refused' else ''}{row.why}"
