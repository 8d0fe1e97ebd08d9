"""look_after: open pull requests of the factory whose checks fail, or that conflict with their base, are sent to be
revised: hourly, and when GitHub tells that a check has ended; each thing that fails once a head. A gate of the default
branch then asks GitHub itself what fails."""

from collections.abc import Iterator
from itertools import islice

from factory.contracts.books import Row
from factory.contracts.errors import HubForbidden, HubProblem
from factory.contracts.hub import PullInfo
from factory.contracts.record import digest
from factory.forge.accounts import legs
from factory.forge.ci import broken, checks_of, running
from factory.forge.events import FEEDBACK
from factory.forge.feedback import OURS
from factory.forge.rounds import asker
from factory.jobs.ground import Ground

MOST = 10  # pull requests looked at in one go, the newest
CONFLICT = "conflict"
FAILS, CONFLICTS = (
    "Checks fail on {}: it is sent to be revised.", "{} conflicts with its base: it is sent to be revised."
)  # fmt: skip


def look_after(here: Ground, rows: tuple[Row, ...], commit: str = "") -> int:
    """How many were sent. One that cannot be looked at keeps no other from its turn. `commit`: only those with this
    head."""
    sent = 0
    try:
        pulls = list(islice((pull for pull in _mine(here) if commit in ("", pull.head_sha)), MOST))
    except HubForbidden as no:
        here.context.say("warning", f"Pull requests could not be looked at: {no}")
        return 0
    for pull in pulls:
        try:
            sent += _sent(here, pull, rows)
        except HubProblem as problem:
            here.context.say("warning", f"Pull request {pull.number} could not be looked after: {problem}")
    return sent


def _mine(here: Ground) -> Iterator[PullInfo]:
    repo = here.context.repo.lower()
    return (pull for pull in here.hub.pulls() if pull.head.startswith(OURS) and pull.head_repo.lower() == repo)


def _sent(here: Ground, pull: PullInfo, rows: tuple[Row, ...]) -> bool:
    """Is there something that this head was not sent for? Two looks that see the same ask for the same run."""
    if asker(rows, pull.number) is None or _at_work(here, pull, rows):  # nobody's: nothing is begun in anybody's name
        return False
    key = f"checks.{pull.number}.{pull.head_sha}."
    known = {name for row in rows if row.id.startswith(key) for name in row.id.removeprefix(key).split(".")}
    wanting = _wanting(here, pull)
    new = sorted({digest(each)[:12] for each in wanting} - known)
    if not new:
        return False
    why = CONFLICTS if wanting == [CONFLICT] else FAILS
    here.hub.dispatch(FEEDBACK, {"pull": pull.number, "checks": pull.head_sha, "red": digest(".".join(new))[:12]})
    _write_down(here, _note(here, pull, key + ".".join(new), why.format(pull.head_sha[:12])))
    return True


def _at_work(here: Ground, pull: PullInfo, rows: tuple[Row, ...]) -> bool:
    """Is it being revised? What is pushed then has checks of its own; where nothing is, the next look sees to it."""
    mine = (leg for leg in legs(rows) if (leg.open.purpose, leg.open.pull) == ("revise", pull.number))
    return any(leg.active(here.now) for leg in mine)


def _wanting(here: Ground, pull: PullInfo) -> list[str]:
    """What it must be revised for; nothing while checks still run."""
    checks, unseen = checks_of(here.reader, pull.head_sha)
    if unseen:
        here.context.say("warning", unseen)
    if running(checks, here.now):
        return []
    red = broken(checks, checks_of(here.reader, pull.base_sha)[0] if checks else []).jobs
    if red:
        return [f"{each.workflow} {' '.join(each.name.split())}" for each in red]
    return [CONFLICT] if here.hub.pull(pull.number).conflicts else []


def _write_down(here: Ground, row: Row) -> None:
    """After the dispatch: a watchdog that dies in between sends it once more, and the gate knows the event again."""
    here.books.append(lambda _: (row,))


def _note(here: Ground, pull: PullInfo, name: str, why: str) -> Row:
    return Row(
        id=name, kind="note", run=f"checks-{pull.number}", event=f"{here.context.repo}#{pull.number} checks",
        purpose="revise", issue=0, pull=pull.number, actor="schedule", at=here.now, why=why,
        github_run=here.context.run_id,
    )  # fmt: skip
