"""The watchdog and the factory's pull requests: what fails or conflicts is sent to be revised, once a head."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.forge.events import read
from factory.jobs.close import close
from factory.jobs.open import open as open_job
from factory.jobs.watch import watch
from factory.simulator.hub import bare, runs
from factory.simulator.hub.pushes import moved
from tests.jobs.handed import FILES, admitted
from tests.jobs.place import Place, place
from tests.line.targets import repository

BRANCH = "factory/1-codes-0123abcd"
SENDER = {"login": "github-actions[bot]", "id": 41898282, "type": "Bot"}


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


def check(here: Place, number: int, conclusion: str, log: str = "boom", workflow: str = "ci.yml",
          name: str = "test") -> runs.Run:  # fmt: skip
    half = here.repo.issues[number].pull
    assert half
    run = runs.start_run(here.hub, here.repo, f".github/workflows/{workflow}", event="pull_request", sha=half.head_sha)
    job = runs.add_job(here.hub, run, name)
    job.log, job.status = log, "in_progress"
    run.status = "in_progress"
    if conclusion:
        ends(here, run, conclusion)
    return run


def ends(here: Place, run: runs.Run, conclusion: str) -> None:
    (job,) = (each for each in here.hub.jobs.values() if each.run == run.id)
    job.conclusion, job.completed = conclusion, here.hub.now()
    job.status = run.status = "completed"


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


def test_a_check_that_fails_later_on_the_same_head_is_sent_as_another_run(here: Place) -> None:
    """The revision of the first pushed nothing: without this nobody would ever look at the second."""
    number = pull(here)
    check(here, number, "failure")
    assert look(here) == ["sent"]
    slow = check(here, number, "", workflow="slow.yml", name="whole")
    assert look(here) == []
    ends(here, slow, "failure")
    assert look(here) == ["sent"]
    assert look(here) == []
    check(here, number, "success")
    assert look(here) == [], "what is left was sent"
    told = [each.payload for each in here.hub.events if each.name == "repository_dispatch"]
    asked = [read("repository_dispatch", {**each, "sender": SENDER}, "acme/shop", 1) for each in told]
    assert len({each.event for each in asked if each}) == 2, "the same key would be the same run, and be no start"
    assert {each.checks for each in asked if each} == {told[0]["client_payload"]["checks"]}


def test_while_it_is_revised_nothing_more_is_sent(here: Place) -> None:
    number = pull(here)
    ticket = here.ticket(0, purpose="revise", pull=number, event=f"acme/shop#{number} note 3", depth=1)
    before = here.ticket(0, purpose="review", pull=number, event=f"acme/shop#{number} comment 1")
    assert close(here.job(before, "ship", run=here.ledger()[-1]["github_run"]), clock=here.clock) == 0
    assert open_job(here.job(ticket, "open", run=77), clock=here.clock) == 0
    check(here, number, "failure")
    assert look(here) == [], "what it pushes has checks of its own"
    assert close(here.job(ticket, "ship", run=77), clock=here.clock) == 0
    assert look(here) == ["sent"]


def test_a_conflict_with_the_base_is_sent(here: Place) -> None:
    pull(here)
    old = bare.branch(here.repo.folder, "main")
    new = bare.write_commit(here.repo.folder, (old,), {"web.py": b"PAGE = 'theirs'\n"}, "base", here.hub.now())
    bare.set_ref(here.repo.folder, "refs/heads/main", new)
    moved(here.hub, None, here.repo, "refs/heads/main", old, new)
    assert look(here) == ["sent"]
    assert look(here) == []
