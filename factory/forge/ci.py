"""What other workflows' jobs and other apps said of a commit, every attempt, with their words. None are believed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from factory.contracts.errors import HubForbidden
from factory.contracts.feedback import CheckJob, CheckReader
from factory.contracts.hub import Annotation
from factory.contracts.record import Json
from factory.forge.caller import Caller
from factory.forge.provenance import WORKFLOWS
from factory.forge.shapes import shaped
from factory.forge.workflow_runs import download

FAILED = ("failure", "timed_out", "startup_failure")
PATIENCE = timedelta(hours=1)  # that an app is waited for which has not ended: some never do
MAX_SAID = 60_000  # characters of an app's words
MOST_NOTES = 50
OWN = ("github-actions", "Dark Factory")  # whose check runs are jobs; the name of our own check run
_RUNS = "/repos/{repo}/actions/runs"
_COMMIT = "/repos/{repo}/commits/{commit}"
_STATES = {"success": "success", "failure": "failure", "error": "failure"}  # else it is pending


class CheckLogCalls:
    """Implements contracts.feedback.CheckReader. Needs actions: read."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def check_jobs(self, commit: str) -> Iterator[CheckJob]:
        for run in self.caller.pages(_RUNS, "workflow_runs", query={"head_sha": commit}):
            path = str(run.get("path") or "").partition("@")[0]
            for row in self.caller.pages(f"{_RUNS}/{{run}}/jobs", "jobs", query={"filter": "all"}, run=run["id"]):
                yield shaped(_job, {**row, "path": path})

    def job_log(self, job: int, most: int) -> str:
        """GitHub answers with a signed address elsewhere; our token does not go there."""
        reply = self.caller.reply("GET", "/repos/{repo}/actions/jobs/{job}/logs", job=job)
        return download(reply.headers.get("location", ""), self.caller.origin)[-most:].decode(errors="replace")

    def other_checks(self, commit: str) -> Iterator[CheckJob]:
        """Needs checks: read and statuses: read."""
        rows = self.caller.pages(f"{_COMMIT}/check-runs", "check_runs", query={"filter": "all"}, commit=commit)
        found = [shaped(_check, row) for row in rows]
        yield from (check for check in found if check.workflow != f"app:{OWN[0]}" and check.name != OWN[1])
        yield from reversed([shaped(_status, row) for row in self.caller.pages(f"{_COMMIT}/statuses", commit=commit)])

    def annotations(self, check: int) -> Iterator[Annotation]:
        for n, row in enumerate(self.caller.pages("/repos/{repo}/check-runs/{check}/annotations", check=check)):
            if n >= MOST_NOTES:
                return
            yield shaped(_annotation, row)


def _job(data: Json) -> CheckJob:
    return CheckJob(
        id=data["id"], run=data["run_id"], attempt=data.get("run_attempt") or 1, workflow=data["path"],
        name=str(data["name"])[:200], conclusion=data.get("conclusion") or "", began=data.get("started_at") or "",
        completed=data.get("completed_at") or "", url=data.get("html_url") or "",
    )  # fmt: skip


def _check(data: Json) -> CheckJob:
    output = data.get("output") or {}
    said = "\n\n".join(str(output[name]) for name in ("title", "summary", "text") if output.get(name))
    return CheckJob(
        id=data["id"], workflow=f"app:{(data.get('app') or {}).get('slug') or ''}", name=str(data["name"])[:200],
        conclusion=data.get("conclusion") or "", began=data.get("started_at") or "",
        completed=data.get("completed_at") or "", said=said[:MAX_SAID],
    )  # fmt: skip


def _status(data: Json) -> CheckJob:
    conclusion, at = _STATES.get(data["state"], ""), data.get("created_at") or ""
    return CheckJob(
        id=data["id"], workflow="status", name=str(data["context"])[:200], conclusion=conclusion, began=at,
        completed=at if conclusion else "", said=str(data.get("description") or "")[:MAX_SAID],
    )  # fmt: skip


def _annotation(data: Json) -> Annotation:
    level = data.get("annotation_level")
    return Annotation(
        path=data["path"], start=data.get("start_line") or 0, end=data.get("end_line") or 0,
        level=level if level in ("notice", "warning") else "failure", title=data.get("title") or "",
        message=data.get("message") or "",
    )  # fmt: skip


def checks_of(hub: CheckReader, commit: str) -> tuple[list[CheckJob], str]:
    """(everything that was said of a commit, what could not be looked at). Raises HubForbidden for Actions itself."""
    found, problem = list(hub.check_jobs(commit)), ""
    try:
        for each in hub.other_checks(commit):  # what could be read before a no counts
            found.append(each)
    except HubForbidden as no:
        problem = f"checks of other apps could not be looked at: {no}"
    return found, problem


def running(checks: Sequence[CheckJob], now: str) -> bool:
    """Is more to be heard soon? A job ends by itself; the newest word of an app is waited for an hour. What is queued
    may have no start: its id says that it is newer, and it was asked for after what is known of the older ones."""
    if any(each.is_job and not each.conclusion for each in checks):
        return True
    others: dict[tuple[str, str], list[CheckJob]] = {}
    for each in sorted((each for each in checks if not each.is_job), key=lambda each: each.id):
        others.setdefault((each.workflow, each.name), []).append(each)
    return any(not tries[-1].conclusion and _young(_last_heard(tries), now) for tries in others.values())


def _last_heard(tries: Sequence[CheckJob]) -> str:
    return max(at for each in tries for at in (each.began, each.completed))


def _young(at: str, now: str) -> bool:
    return bool(at) and datetime.fromisoformat(now) - datetime.fromisoformat(at) < PATIENCE


@dataclass(frozen=True)
class Broken:
    """The checks that a change must mend, and what is said of the others that are red."""

    jobs: tuple[CheckJob, ...]
    notices: tuple[str, ...] = ()


def broken(head: Sequence[CheckJob], base: Sequence[CheckJob], until: str = "") -> Broken:
    """One that was green on the same commit is flaky; one that is red on the base is not this change's. Neither is
    answered by a change, both are said. The factory's own workflows never count."""
    jobs, notices = [], []
    before = _latest(base, "")
    for name, tries in sorted(_tries(head, until).items()):
        last = tries[-1]
        if last.conclusion not in FAILED:
            continue
        if any(each.conclusion == "success" for each in tries):
            notices.append(f"the check {name[1]} fails now and then: it was green on the same commit")
        elif name in before and before[name].conclusion in FAILED:
            notices.append(f"the check {name[1]} fails on the base as well")
        else:
            jobs.append(last)
    return Broken(tuple(jobs), tuple(notices))


def _latest(jobs: Sequence[CheckJob], until: str) -> dict[tuple[str, str], CheckJob]:
    return {name: tries[-1] for name, tries in _tries(jobs, until).items()}


def _tries(jobs: Sequence[CheckJob], until: str) -> dict[tuple[str, str], list[CheckJob]]:
    """By workflow or app and name, oldest first, those that ended before the trigger."""
    found: dict[tuple[str, str], list[CheckJob]] = {}
    ours = {f".github/workflows/{name}" for name in WORKFLOWS}
    for job in sorted(jobs, key=lambda each: (each.completed, each.id)):
        ended = job.conclusion and job.completed and (not until or job.completed <= until)
        if ended and job.workflow not in ours:
            found.setdefault((job.workflow, " ".join(job.name.split())), []).append(job)
    return found
