"""Alerts of the hourly watchdog: one issue for all of them, open while there is one, and the owner's webhook."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from factory.contracts.books import Row
from factory.contracts.errors import HubMissing, HubProblem
from factory.contracts.hub import WorkflowRun
from factory.contracts.record import Json, digest
from factory.forge.alerts import ENDED, RAISED, TOLD, Alert, Kind, alerts, raised, untold
from factory.forge.effects import Effects
from factory.forge.labels import label
from factory.forge.markers import Markers
from factory.forge.provenance import HUNT, is_ours
from factory.forge.waiting import Parked
from factory.forge.webhook import post
from factory.jobs.ground import Ground

LABEL = "factory:alert"
TITLE = "The factory needs a look"
WORDS: dict[Kind, str] = {
    "failing": "{count} runs in a row failed, the first of them at {since}. `/factory why` on their issues says how.",
    "silent_box": "A job waits for the box, and nothing was heard of the box since {since}. Is it switched on, and "
    "does its runner listen?",
    "no_night": "The nightly hunt began last at {since}. Is its workflow still switched on?",
}
CALM = "All is well again. This issue opens again when there is something."
MEMORY = timedelta(hours=24)  # how long an end is looked after


def alert(here: Ground, waiting: Sequence[Parked]) -> int:
    """How many alerts there are now. Raises HubProblem."""
    found: tuple[Alert, ...] = ()
    night = _night(here)

    def wanted(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        nonlocal found
        found = alerts(rows, _waits(waiting), night, here.now, here.settings.alerts)
        names = {each.name for each in found}
        new = [_row(here, each.name, each.kind) for each in found]
        over = [_row(here, row.id + ENDED, row.why) for row in raised(rows) if row.id not in names]
        return (*new, *over)

    booked = here.books.append(wanted)
    _webhook(here, booked.rows, found)  # first: also when GitHub takes no issue just now
    _issue(here, found, booked.rows, bool(booked.added))
    return len(found)


def _waits(waiting: Sequence[Parked]) -> str:
    """Since when the oldest of them waits, the same on every look: an alert is known by it."""
    return min((item.since for item in waiting if item.since), default="")


def _night(here: Ground) -> str:
    """When the clock started the hunt last; "" where there is none."""
    found: list[WorkflowRun] = []
    for name in HUNT:
        try:
            run = next(iter(here.hub.workflow_runs(name, event="schedule")), None)
        except HubMissing:
            continue
        found += [run] if run and is_ours(run, HUNT) else []
    return max((run.created for run in found), default="")


def _row(here: Ground, name: str, kind: str) -> Row:
    return Row(id=name, kind="note", run="alerts", event="alert", purpose="answer", issue=0, actor="watchdog",
               at=here.now, github_run=here.context.run_id, why=kind)  # fmt: skip


def _issue(here: Ground, found: tuple[Alert, ...], rows: Sequence[Row], news: bool) -> None:
    """Made when there is something to say; a person who closes it is not contradicted until there is news."""
    if not found and not _lately(here, rows):
        return
    markers = Markers(here.context.environment.get("FACTORY_MARKER_KEY", ""), here.context.repo)
    again = here.context.attempt > 1
    effects = Effects(here.hub, markers, here.clock, "alerts", again=again)
    mark = label(LABEL)
    here.hub.ensure_label(mark.name, mark.color, mark.description)
    body = "\n".join(f"- {WORDS[each.kind].format(since=each.since, count=each.count)}" for each in found) or CALM
    issue = effects.tracking(
        TITLE, body, (LABEL,), reopen=lambda before: any(each.since not in before for each in found)
    )
    if found and issue.state == "closed" and (news or again):
        here.hub.edit_issue(issue.number, state="open")
    if not found and issue.state == "open":
        here.hub.edit_issue(issue.number, state="closed")


def _lately(here: Ground, rows: Sequence[Row]) -> bool:
    """Did one end within a day? An earlier look may have died before the issue was closed."""
    now = datetime.fromisoformat(here.now)
    ends = (row for row in rows if row.id.startswith(RAISED) and row.id.endswith(ENDED))
    return any(now - datetime.fromisoformat(row.at) < MEMORY for row in ends)


def _webhook(here: Ground, rows: Sequence[Row], found: tuple[Alert, ...]) -> None:
    """At least once an alert and its end, in their order: a look that dies after the post, and before the books have
    it, leaves it to the next one, which posts it under the same id."""
    name = here.settings.alerts.webhook_env
    url = here.context.environment.get(name, "").strip() if name else ""
    if not url:
        return
    here.context.mask(url)
    taken: list[Row] = []
    for row in untold(rows, here.now):
        facts = _facts(here, row, found)
        problem = post(url, facts, str(facts["id"]))
        if problem:
            here.context.say("warning", f"{problem} It is asked again at the next look, for a day.")
            break
        taken.append(row)
    if taken:
        here.books.append(lambda _: tuple(_row(here, row.id + TOLD, row.why) for row in taken))


def _facts(here: Ground, row: Row, found: tuple[Alert, ...]) -> Json:
    over = row.id.endswith(ENDED)
    since = row.id.removeprefix(f"{RAISED}{row.why}.").removesuffix(ENDED)
    count = next((each.count for each in found if each.name == row.id), 0)
    return {"version": 1, "id": digest(f"{here.context.repo} {row.id}")[:32], "repo": here.context.repo,
            "alert": row.why, "state": "ended" if over else "raised", "since": since, "at": row.at,
            "count": count}  # fmt: skip


def safely(here: Ground, waiting: Sequence[Parked]) -> int:
    """What could not be said is a line of the log: the rest of the look is done by now."""
    try:
        return alert(here, waiting)
    except HubProblem as problem:
        here.context.say("warning", f"Alerts could not be looked after: {problem}")
        return 0
