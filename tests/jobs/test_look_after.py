"""The watchdog and the factory's pull requests: red checks and conflicts are sent to be revised, once a head."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.jobs.open import open as open_job
from factory.jobs.watch import watch
from factory.simulator.hub import bare, runs
from factory.simulator.hub.pushes import moved
from tests.jobs.handed import FILES, admitted
from tests.jobs.place import Place, place
from tests.line.targets import repository

BRANCH = "factory/1-codes-0123abcd"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made
        assert made.hub.violations == []


def pull(here: Place, asked: bool = True, branch: str = BRANCH, text: bytes = b"PAGE = 'mine'\n") -> int:
    """A pull request of the factory's, which ann asked for."""
    folder, now = here.repo.folder, here.hub.now()
    head = bare.write_commit(folder, (bare.branch(folder, "main"),), {"web.py": text}, "change", now)
    bare.set_ref(folder, f"refs/heads/{branch}", head)
    number = here.job(admitted(here, here.issue()), "open")
    from factory.forge.connect import connect

    made = connect("acme/shop", here.served.url, number.environment, here.clock).open_pull(
        "T", "B", branch, "main", False
    )
    if asked:
        ticket = here.ticket(0, purpose="review", pull=made.number, event=f"acme/shop#{made.number} comment 1")
        assert open_job(here.job(ticket, "open"), clock=here.clock) == 0
    return made.number


def check(here: Place, number: int, conclusion: str, log: str = "boom", workflow: str = "ci.yml") -> None:
    half = here.repo.issues[number].pull
    assert half
    run = runs.start_run(here.hub, here.repo, f".github/workflows/{workflow}", event="pull_request", sha=half.head_sha)
    job = runs.add_job(here.hub, run, "test")
    job.conclusion, job.log, job.completed = conclusion, log, here.hub.now() if conclusion else ""
    job.status = run.status = "completed" if conclusion else "in_progress"


def look(here: Place) -> list[str]:
    """The heads that were sent."""
    before = here.sent("POST", "/dispatches")
    assert watch(here.job(here.ticket(1), "watch", event="schedule"), clock=here.clock) == 0
    return ["sent"] * (here.sent("POST", "/dispatches") - before)


def test_a_red_check_is_sent_once_a_head(here: Place) -> None:
    number = pull(here)
    check(here, number, "failure")
    assert look(here) == ["sent"]
    assert look(here) == []
    half = here.repo.issues[number].pull
    assert half
    new = bare.write_commit(here.repo.folder, (half.head_sha,), {"web.py": b"PAGE = 'more'\n"}, "m", here.hub.now())
    bare.set_ref(here.repo.folder, f"refs/heads/{BRANCH}", new)
    moved(here.hub, None, here.repo, f"refs/heads/{BRANCH}", half.head_sha, new)
    assert look(here) == []
    check(here, number, "failure")
    assert look(here) == ["sent"]


@pytest.mark.parametrize("seen", [["success"], [""], ["success", "failure"], ["failure", "success"]])
def test_green_running_and_flaky_checks_are_left_alone(here: Place, seen: list[str]) -> None:
    number = pull(here)
    for conclusion in seen:
        check(here, number, conclusion)
    assert look(here) == []


def test_the_factorys_own_jobs_and_other_peoples_pull_requests_are_left_alone(here: Place) -> None:
    check(here, pull(here), "failure", workflow="factory-local.yml")
    check(here, pull(here, branch="ann/mine"), "failure")
    check(here, pull(here, asked=False, branch="factory/2-x-0123abcd"), "failure")
    assert look(here) == []


def test_a_conflict_with_the_base_is_sent(here: Place) -> None:
    pull(here)
    old = bare.branch(here.repo.folder, "main")
    new = bare.write_commit(here.repo.folder, (old,), {"web.py": b"PAGE = 'theirs'\n"}, "base", here.hub.now())
    bare.set_ref(here.repo.folder, "refs/heads/main", new)
    moved(here.hub, None, here.repo, "refs/heads/main", old, new)
    assert look(here) == ["sent"]
    assert look(here) == []
