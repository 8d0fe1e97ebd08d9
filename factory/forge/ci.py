"""What other workflows' jobs said of a commit, every attempt, and their logs. Nothing in a log is believed."""

from collections.abc import Iterator

from factory.contracts.feedback import CheckJob
from factory.contracts.record import Json
from factory.forge.caller import Caller
from factory.forge.shapes import shaped
from factory.forge.workflow_runs import download

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
