"""Who waits for whom: only jobs that write for a run and the box's job queue, per issue, and nobody is dropped."""

import pytest

from scripts.workflow_files import FACTORY, Job, jobs, mentioned, workflows

OURS = [job for job in jobs() if job.workflow in FACTORY]
QUEUED = {
    "dark-factory-swarm/open": "factory-write-",
    "dark-factory-swarm/ship": "factory-write-",
    "local-agent-worker/open": "factory-write-",
    "local-agent-worker/ship": "factory-write-",
    "local-agent-worker/work": "factory-box-",
    "nightly-hunt/file": "factory-hunt",
    "watchdog/watch": "factory-watch",
}


@pytest.mark.parametrize("job", OURS, ids=str)
def test_gates_answers_and_stop_never_queue(job: Job) -> None:
    assert ("concurrency" in job.body) == (str(job) in QUEUED)


@pytest.mark.parametrize("job", [job for job in OURS if str(job) in QUEUED], ids=str)
def test_act_05_the_third_request_waits_and_is_not_dropped(job: Job) -> None:
    """ACT-05: by default a newer pending job cancels the older one; `queue: max` keeps them all, in turn."""
    rule = job.body["concurrency"]
    assert rule["queue"] == "max"
    assert "cancel-in-progress" not in rule
    assert rule["group"].startswith(QUEUED[str(job)])
    if job.workflow not in ("nightly-hunt", "watchdog"):
        assert mentioned(rule, "needs.gate.outputs.") == ["group"]


def test_a_long_job_on_the_box_does_not_hold_up_the_next_answer() -> None:
    """Hours of work and minutes of writing have groups of their own."""
    assert QUEUED["local-agent-worker/work"] != QUEUED["local-agent-worker/open"]


def test_no_workflow_queues_as_a_whole() -> None:
    for name in FACTORY:
        assert "concurrency" not in workflows()[name]


def test_waves_are_three_of_at_most_eight_and_one_failure_stops_no_other() -> None:
    waves = [job for job in OURS if "strategy" in job.body]
    assert [job.name for job in waves] == ["generate-1", "generate-2", "generate-3"]
    for job in waves:
        assert job.body["strategy"]["fail-fast"] is False
        assert job.body["strategy"]["max-parallel"] == 8
        assert "concurrency" not in job.body  # a static group makes a matrix cancel itself
