"""A branch that a dead ship job left is the task's own: whoever takes the task up goes on there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.contracts.errors import FactoryError
from factory.contracts.ticket import Command, Ticket
from factory.simulator.hub.faults import Rule
from tests.jobs.handed import APP, FILES, admitted, handed
from tests.jobs.place import Place, place
from tests.jobs.test_close import opened
from tests.jobs.test_ship import pulls, shipped
from tests.line.targets import git, repository


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made
        assert made.hub.violations == []


def branches(here: Place) -> list[str]:
    """Commit and name of each of the factory's."""
    shown = git(here.repo.folder, "for-each-ref", "--format=%(objectname) %(refname:short)", "refs/heads/factory/")
    return shown.split()


def died_and_retried(here: Place) -> tuple[Ticket, Ticket]:
    """A ship job pushed its branch and died before the pull request; a person writes `/factory retry`."""
    number = here.issue()
    first = admitted(here, number)
    opened(here, first, 5)
    here.faults.add(Rule("down", "POST", "/pulls$", times=0, status=503))
    with pytest.raises(FactoryError):
        shipped(here, first, handed(here, first))
    here.faults.clear()
    facts = {"command": Command(verb="retry"), "depth": 1, "origin": first.run}
    return first, admitted(here, number, event=f"acme/shop#{number} comment 9", **facts)


def test_a_retry_goes_on_where_a_ship_job_died_between_push_and_pull_request(here: Place) -> None:
    first, again = died_and_retried(here)
    left, name = branches(here)
    assert pulls(here) == []
    assert again.run != first.run
    _, made = shipped(here, again, handed(here, again, text=f"{APP}\n# other\n", accepted=True))
    assert (made.code, made.stand) == ("delivered", "ready")
    (pull,) = pulls(here)
    assert pull.pull
    assert pull.pull.head == name
    assert pull.pull.head_sha != left
    (said,) = [row for row in here.ledger() if row.get("head") == left]
    assert (said["kind"], said["run"]) == ("note", first.run)


def test_what_a_person_pushed_there_instead_stays(here: Place) -> None:
    """The books explain a commit, not a name: anything else on the branch is somebody else's."""
    _, again = died_and_retried(here)
    _, name = branches(here)
    git(here.clone, "fetch", "-q", str(here.repo.folder), name)
    git(here.clone, "checkout", "-q", "FETCH_HEAD")
    git(here.clone, "commit", "-q", "--allow-empty", "-m", "a person's")
    git(here.clone, "push", "-q", str(here.repo.folder), f"HEAD:{name}")
    git(here.clone, "checkout", "-q", "main")
    theirs = branches(here)[0]
    _, made = shipped(here, again, handed(here, again, accepted=True), code=1)
    assert made.code == "branch_moved"
    assert branches(here)[0] == theirs
