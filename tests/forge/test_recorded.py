"""Effects on the local forge are written down before they are made, and looked up after a death in between."""

from collections.abc import Callable
from pathlib import Path

import pytest

from factory.app import open_state
from factory.contracts.errors import LostLease
from factory.contracts.run import Pull, Repo, Run
from factory.contracts.task import Event
from factory.forge.local import LocalBranches, LocalPulls
from factory.forge.recorded import RecordedBranches, RecordedPulls, reconcile
from factory.git import Store
from factory.ledger.journal import SqliteJournal
from factory.ledger.outbox import Outbox
from tests.line.targets import git, repository

MARK = "<!-- factory:v1 run=r1 kind=pull -->"
NAME = "factory/7-greet-0123abcd"


class Dead(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


class Box:
    """A run on a machine with a local forge. `branches` and `pulls` are the forge itself."""

    def __init__(self, folder: Path) -> None:
        self.repo = repository(folder / "r", {"a.txt": "a\n"})
        self.head = git(self.repo, "rev-parse", "HEAD")
        self.state = open_state(folder / "state")
        run = Run(id="r1", created="2026-11-20T10:00:00Z", event=Event(kind="tidy", source="test"),
                  repo=Repo(path=str(self.repo), ref="main", commit=self.head, tree=""))  # fmt: skip
        self.state.journal.open(run, "")
        self.branches = LocalBranches(Store(folder / "state" / "runs" / "r1" / "repo.git", self.repo))
        self.pulls = LocalPulls(folder / "state" / "forge")
        self.outbox = Outbox(self.state.journal, "r1")

    def taken_over(self) -> Outbox:
        """Another process goes on with the run."""
        journal = SqliteJournal(self.state.db, self.state.clock)
        journal.lease("r1", take_over=True)
        return Outbox(journal, "r1")


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


class Dying:
    """A forge whose effects are followed, or forestalled, by death."""

    def __init__(self, box: Box, after: bool) -> None:
        self.box, self.after = box, after

    def branch(self, name: str) -> str:
        return self.box.branches.branch(name)

    def find(self, marker: str) -> Pull | None:
        return self.box.pulls.find(marker)

    def push(self, name: str, commit: str, expected: str) -> None:
        self._die(lambda: self.box.branches.push(name, commit, expected))

    def open(self, title: str, body: str, branch: str, base: str, draft: bool) -> Pull:
        self._die(lambda: self.box.pulls.open(title, body, branch, base, draft))
        raise AssertionError

    def update(self, number: int, title: str, body: str, draft: bool) -> Pull:
        self._die(lambda: self.box.pulls.update(number, title, body, draft))
        raise AssertionError

    def _die(self, work: Callable[[], object]) -> None:
        if self.after:
            work()
        raise Dead


def test_what_was_made_is_done(box: Box) -> None:
    RecordedBranches(box.branches, box.outbox).push(NAME, box.head, "")
    pulls = RecordedPulls(box.pulls, box.outbox)
    made = pulls.open("Greet", f"text\n\n{MARK}", NAME, "main", True)
    pulls.update(made.number, "Greet", f"more\n\n{MARK}", False)
    found = [(entry.kind, entry.key, entry.state, entry.result) for entry in box.outbox.all()]
    assert found == [("branch", NAME, "done", box.head), ("pull request", MARK, "done", "1")]
    assert box.outbox.left() == ()


@pytest.mark.parametrize("after", [True, False], ids=["made", "not made"])
@pytest.mark.parametrize("kind", ["push", "open", "update"])
def test_a_death_in_between_is_looked_up(box: Box, kind: str, after: bool) -> None:
    """Found on the forge: done. Not found: still meant, so that the stage makes it."""
    if kind == "update":
        box.pulls.open("Old", f"text\n\n{MARK}", NAME, "main", True)
    dying = Dying(box, after)
    branches, pulls = RecordedBranches(dying, box.outbox), RecordedPulls(dying, box.outbox)
    effects: dict[str, Callable[[], object]] = {
        "push": lambda: branches.push(NAME, box.head, ""),
        "open": lambda: pulls.open("Greet", f"text\n\n{MARK}", NAME, "main", True),
        "update": lambda: pulls.update(1, "New", f"text\n\n{MARK}", False),
    }
    with pytest.raises(Dead):
        effects[kind]()
    assert [entry.state for entry in box.outbox.all()] == ["intended"]
    taken = box.taken_over()
    missing = reconcile(taken, box.branches, box.pulls)
    assert len(missing) == (0 if after else 1)
    assert [entry.state for entry in taken.all()] == ["done" if after else "intended"]


def test_who_lost_the_run_makes_nothing(box: Box) -> None:
    """CRS-10: the fencing number is checked in the transaction that writes the intention."""
    box.taken_over()
    with pytest.raises(LostLease):
        RecordedBranches(box.branches, box.outbox).push(NAME, box.head, "")
    assert box.branches.branch(NAME) == ""
    assert box.outbox.all() == ()


def test_meant_twice_is_one_entry(box: Box) -> None:
    with pytest.raises(Dead):
        RecordedBranches(Dying(box, after=False), box.outbox).push(NAME, box.head, "")
    taken = box.taken_over()
    RecordedBranches(box.branches, taken).push(NAME, box.head, "")
    assert [(entry.state, entry.fence) for entry in taken.all()] == [("done", 2)]
