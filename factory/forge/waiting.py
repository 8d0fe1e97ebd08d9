"""Jobs that wait for a runner that does not come: found long before GitHub cancels them after 24 hours. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from factory.contracts.hub import WorkflowJob, WorkflowRun
from factory.contracts.record import Record
from factory.contracts.tables import GithubSettings

BOX = "self-hosted"


class Parked(Record):
    """A queued job of a run that nobody picked up."""

    run: int
    job: str
    minutes: int
    since: str = ""  # ISO 8601 UTC: the same on every look
    title: str  # the workflow run's display title: anybody may have chosen it
    url: str = ""


def parked(
    runs: Iterable[tuple[WorkflowRun, Iterable[WorkflowJob]]], now: str, settings: GithubSettings
) -> tuple[Parked, ...]:
    """Jobs for a self-hosted runner that have been queued longer than settings.box_minutes; `now` by GitHub's clock."""
    found = []
    for run, jobs in runs:
        for job in jobs:
            if job.status != "queued" or BOX not in job.labels or not job.created:
                continue
            minutes = minutes_between(job.created, now)
            if minutes >= settings.box_minutes:
                found.append(Parked(run=run.id, job=job.name, minutes=int(minutes), since=job.created, title=run.name,
                                    url=run.url))  # fmt: skip
    return tuple(found)


def busy(jobs: Iterable[WorkflowJob]) -> bool:
    """A box that works on something is not offline: what waits for it has its turn later."""
    return any(job.status == "in_progress" and BOX in job.labels for job in jobs)


def never_began(jobs: Sequence[WorkflowJob], name: str) -> bool:
    """No runner ever took this job, so it cannot have spent anything. In a called workflow it is named `caller / name`.
    What is not listed is not known."""
    mine = [job for job in jobs if job.name.rpartition(" / ")[2] == name]
    return bool(mine) and not any(job.runner for job in mine)


def minutes_between(earlier: str, later: str) -> float:
    """Both ISO 8601 UTC, both GitHub's: this machine's clock has no part in it."""
    return (_time(later) - _time(earlier)).total_seconds() / 60


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
