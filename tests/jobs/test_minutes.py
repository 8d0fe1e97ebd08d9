"""Runner minutes: what hosted runners worked, not what waited, was skipped, or ran on the box."""

from factory.contracts.hub import WorkflowJob
from factory.jobs.minutes import hosted

NOW = "2026-11-20T12:10:00Z"


def job(**facts: object) -> WorkflowJob:
    known = {"id": 1, "name": "plan", "status": "completed", "started": "2026-11-20T12:00:00Z",
             "completed": "2026-11-20T12:03:30Z", "labels": ("ubuntu-latest",)}  # fmt: skip
    return WorkflowJob.model_validate({**known, **facts})


def test_jobs_that_ended_and_those_at_work_count() -> None:
    assert hosted([job(), job(status="in_progress", completed="")], NOW) == 13.5


def test_the_box_and_what_never_ran_do_not() -> None:
    others = [job(labels=("self-hosted", "gpu")), job(status="queued", completed=""), job(conclusion="skipped"),
              job(started="", completed="")]  # fmt: skip
    assert hosted(others, NOW) == 0
