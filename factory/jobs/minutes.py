"""How long hosted runners have worked on one workflow run: what GitHub bills, before it rounds each job up."""

from collections.abc import Iterable

from factory.contracts.errors import HubProblem
from factory.contracts.hub import WorkflowJob
from factory.forge.waiting import BOX, minutes_between
from factory.jobs.wire import Site


def hosted(jobs: Iterable[WorkflowJob], now: str) -> float:
    """Minutes of all jobs that are not on a runner of one's own; one that still works counts until `now`. A job that a
    later attempt only lists again, since it was not run again, counts once."""
    ran = {(job.name, job.started): job for job in jobs if job.started and BOX not in job.labels
           and job.status != "queued" and job.conclusion != "skipped"}  # fmt: skip
    return sum(max(0.0, minutes_between(job.started, job.completed or now)) for job in ran.values())


def runner_minutes(here: Site) -> float | None:
    """Of the workflow run that this job is part of, all its attempts, so far; None where GitHub does not tell."""
    try:
        return round(hosted(here.hub.jobs(here.context.run_id, every=True), here.now), 1)
    except (HubProblem, ValueError):
        return None
