"""look_after: open pull requests of the factory whose checks fail, or that conflict with their base, are sent to be
revised: hourly, and when GitHub tells that a check has ended; once a head. A gate of the default branch then asks
GitHub itself what fails."""

from collections.abc import Iterator
from itertools import islice

from factory.contracts.books import Row
from factory.contracts.errors import HubForbidden, HubProblem
from factory.contracts.hub import PullInfo
from factory.forge.ci import broken, checks_of, running
from factory.forge.events import FEEDBACK
from factory.forge.feedback import OURS
from factory.forge.rounds import asker
from factory.jobs.ground import Ground

MOST = 10  # pull requests looked at in one go, the newest


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
            why = "" if _known(rows, pull) else _wanting(here, pull, rows)
            if why:
                here.hub.dispatch(FEEDBACK, {"pull": pull.number, "checks": pull.head_sha})
                _write_down(here, _note(here, pull, why))
                sent += 1
        except HubProblem as problem:
            here.context.say("warning", f"Pull request {pull.number} could not be looked after: {problem}")
    return sent


def _mine(here: Ground) -> Iterator[PullInfo]:
    repo = here.context.repo.lower()
    return (pull for pull in here.hub.pulls() if pull.head.startswith(OURS) and pull.head_repo.lower() == repo)


def _key(pull: PullInfo) -> str:
    return f"checks.{pull.number}.{pull.head_sha}"


def _known(rows: tuple[Row, ...], pull: PullInfo) -> bool:
    """Sent before, or nobody's: then nothing is begun in anybody's name."""
    return any(row.id == _key(pull) for row in rows) or asker(rows, pull.number) is None


def _wanting(here: Ground, pull: PullInfo, rows: tuple[Row, ...]) -> str:
    """Why it must be revised; "" = it need not, or checks still run."""
    checks, unseen = checks_of(here.reader, pull.head_sha)
    if unseen:
        here.context.say("warning", unseen)
    if running(checks, here.now):
        return ""
    red = broken(checks, checks_of(here.reader, pull.base_sha)[0] if checks else []).jobs
    if red:
        return f"Checks fail on {pull.head_sha[:12]}: it is sent to be revised."
    if here.hub.pull(pull.number).conflicts:
        return f"{pull.head_sha[:12]} conflicts with its base: it is sent to be revised."
    return ""


def _write_down(here: Ground, row: Row) -> None:
    """After the dispatch: a watchdog that dies in between sends it once more, and the gate knows the event again."""
    here.books.append(lambda _: (row,))


def _note(here: Ground, pull: PullInfo, why: str) -> Row:
    return Row(
        id=_key(pull), kind="note", run=f"checks-{pull.number}", event=f"{here.context.repo}#{pull.number} checks",
        purpose="revise", issue=0, pull=pull.number, actor="schedule", at=here.now, why=why,
        github_run=here.context.run_id,
    )  # fmt: skip
