"""What other workflows' jobs said of a commit, every attempt, and their logs. Nothing in a log is believed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from factory.contracts.feedback import CheckJob
from factory.contracts.record import Json
from factory.forge.caller import Caller
from factory.forge.provenance import WORKFLOWS
from factory.forge.shapes import shaped
from factory.forge.workflow_runs import download

FAILED = ("failure", "timed_out", "startup_failure")
_RUNS = "/repos/{repo}/actions/runs"


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


def _job(data: Json) -> CheckJob:
    return CheckJob(
        id=data["id"], run=data["run_id"], attempt=data.get("run_attempt") or 1, workflow=data["path"],
        name=str(data["name"])[:200], conclusion=data.get("conclusion") or "",
        completed=data.get("completed_at") or "", url=data.get("html_url") or "",
    )  # fmt: skip


@dataclass(frozen=True)
class Broken:
    """The jobs that a change must mend, and what is said of the others that are red."""

    jobs: tuple[CheckJob, ...]
    notices: tuple[str, ...] = ()


def broken(head: Sequence[CheckJob], base: Sequence[CheckJob], until: str = "") -> Broken:
    """A job that was green on the same commit is flaky; one that is red on the base is not this change's. Neither is
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
    """By workflow and name, oldest first, those that ended before the trigger."""
    found: dict[tuple[str, str], list[CheckJob]] = {}
    ours = {f".github/workflows/{name}" for name in WORKFLOWS}
    for job in sorted(jobs, key=lambda each: (each.completed, each.id)):
        ended = job.conclusion and job.completed and (not until or job.completed <= until)
        if ended and job.workflow not in ours:
            found.setdefault((job.workflow, " ".join(job.name.split())), []).append(job)
    return found
