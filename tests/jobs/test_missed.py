"""The hourly look runs again what GitHub's trouble ended before anything came of it, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.jobs.close import close
from factory.jobs.missed import ATTEMPTS
from factory.simulator.hub import runs
from tests.jobs.handed import FILES
from tests.jobs.place import Place, place
from tests.jobs.test_watch import BOX, later, looked, waiting
from tests.line.targets import repository


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made
        assert made.hub.violations == []


def failed(here: Place, workflow: str = BOX, event: str = "issues") -> runs.Run:
    with here.hub.lock:
        run = runs.start_run(here.hub, here.repo, workflow, event=event)
        run.status, run.conclusion = "completed", "failure"
    return run


def test_gha_13_a_gate_that_github_s_outage_ended_runs_again_when_it_is_over(here: Place) -> None:
    """GHA-13: nothing is lost, although no job could say a word or write a line."""
    run = failed(here)
    looked(here)
    assert (run.attempt, run.status, run.rerun) == (2, "queued", "failed")
    looked(here)
    assert run.attempt == 2, "it is at work"


def test_it_is_tried_a_few_times_and_not_for_ever(here: Place) -> None:
    run = failed(here)
    for _ in range(ATTEMPTS + 3):
        looked(here)
        run.status, run.conclusion = "completed", "failure"
        later(here, 60)
    assert run.attempt == ATTEMPTS


def test_a_lease_without_an_end_is_taken_up(here: Place) -> None:
    """The last job died with its word unsaid, and nobody ran it again."""
    number = here.issue()
    _, run, _ = waiting(here, number)
    looked(here)
    assert run.attempt == 1, "it is not over"
    run.status, run.conclusion = "completed", "failure"
    looked(here)
    assert run.attempt == 2


def test_a_run_that_said_its_end_is_left_to_people(here: Place) -> None:
    number = here.issue()
    ticket, run, _ = waiting(here, number)
    opened = {"result": "success", "outputs": {"go": "true"}}
    close(here.job(ticket, "ship", run=run.id, needs={"open": opened, "work": {"result": "failure"}}), clock=here.clock)
    run.status, run.conclusion = "completed", "failure"
    looked(here)
    assert run.attempt == 1


@pytest.mark.parametrize(
    ("workflow", "event"),
    [
        (".github/workflows/ci.yml", "issues"),  # somebody else's
        (BOX, "pull_request"),  # of a file that a pull request may bring along
        (BOX, "schedule"),  # it comes again by itself
    ],
)
def test_what_is_not_ours_or_comes_again_is_left_alone(here: Place, workflow: str, event: str) -> None:
    run = failed(here, workflow, event)
    looked(here)
    assert run.attempt == 1


def test_what_lies_days_back_is_left_alone(here: Place) -> None:
    run = failed(here)
    later(here, 30 * 60)
    looked(here)
    assert run.attempt == 1
