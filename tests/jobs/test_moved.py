"""A person's commit while a revision was under way: put on top of it, or stopped; and no branch goes back and forth."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.contracts.books import Row
from factory.contracts.change import Change
from factory.contracts.errors import Stopped
from factory.contracts.feedback import Feedback
from factory.contracts.run import Repo, Run
from factory.contracts.task import Event
from factory.git import Store
from factory.jobs.moved import flapping, onto_branch
from factory.jobs.wire import Site, site
from factory.simulator.hub import bare, pushes
from factory.stages.commits import commits_of
from tests.handover.runs import written
from tests.jobs.place import Place, place
from tests.jobs.test_heard import BRANCH, FILES, number, ours
from tests.line.targets import git, repository


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        push(made, {"web.py": b"PAGE = 'mine'\n"})
        ours(made).open_pull("T", "B", BRANCH, "main", False)
        yield made
        assert made.hub.violations == []


def push(here: Place, files: dict[str, bytes | None]) -> str:
    """As a person would, onto what is there."""
    folder, ref = here.repo.folder, f"refs/heads/{BRANCH}"
    before = bare.branch(folder, BRANCH)
    now = bare.write_commit(folder, (before or bare.branch(folder, "main"),), files, "mine", here.hub.now())
    bare.set_ref(folder, ref, now, before)
    pushes.moved(here.hub, None, here.repo, ref, before, now)
    return now


def revision(here: Place, text: str = "PAGE = 'ours'\n") -> tuple[Site, Run, Store]:
    """The ship job of a revision that began at the branch's head as it is now."""
    head = bare.branch(here.repo.folder, BRANCH)
    git(here.clone, "fetch", "-q", here.repo.folder.as_posix(), BRANCH)
    store = Store(here.folder / "ship.git", here.clone)
    tree = git(here.clone, "rev-parse", f"{head}^{{tree}}")
    file = written(store, "web.py", text)
    after = store.overlay(tree, (file,))
    change = Change(unit="fix-1-1", role="demiurge", title="Fix", base=tree, files=(file,))
    ticket = here.ticket(0, purpose="revise", pull=number(here), event="review 1", head=BRANCH, head_sha=head)
    run = Run(id=ticket.run, created="2026-11-21T10:00:00Z", ticket=ticket, tree=after, fixes=(change,),
              fix_trees=(after,), repo=Repo(path=str(here.clone), ref="main", commit=head, tree=tree),
              event=Event(kind="issue", source="x", feedback=Feedback(pull=1, head_sha=head)))  # fmt: skip
    return site(here.job(ticket, "ship"), clock=here.clock), run, store


def test_a_branch_that_did_not_move_is_taken_as_it_is(here: Place) -> None:
    there, run, store = revision(here)
    assert onto_branch(there, run, store) is run


def test_a_persons_commit_is_kept_below_the_revision(here: Place) -> None:
    """IDM-07: never overwritten; a second attempt of the job comes out the same."""
    there, run, store = revision(here)
    mine = push(here, {"notes.txt": b"mine\n"})
    found = onto_branch(there, run, store)
    assert found.repo.commit == mine
    (one,) = commits_of(found, store)
    assert store.git("show", f"{one.sha}:notes.txt") == b"mine\n"
    assert store.git("show", f"{one.sha}:web.py") == b"PAGE = 'ours'\n"
    folder, ref = here.repo.folder, f"refs/heads/{BRANCH}"
    bare.git(folder, "fetch", "-q", store.folder.as_posix(), f"{one.sha}:refs/heads/arrived")
    bare.set_ref(folder, ref, one.sha, mine)
    pushes.moved(here.hub, None, here.repo, ref, mine, one.sha)
    again = onto_branch(there, run, store)
    assert [each.sha for each in commits_of(again, store)] == [one.sha]


@pytest.mark.parametrize("files", [{"web.py": b"PAGE = 'a person wrote this'\n"}, {"web.py": None}])
def test_what_does_not_merge_stops_with_a_sentence(here: Place, files: dict[str, bytes | None]) -> None:
    there, run, store = revision(here)
    push(here, files)
    with pytest.raises(Stopped, match="their work stays") as caught:
        onto_branch(there, run, store)
    assert caught.value.reason == "branch_moved"


def test_a_revision_that_brings_back_an_old_state_is_not_pushed(here: Place) -> None:
    """FAILURES 10: two people who want two things."""
    old = bare.branch(here.repo.folder, BRANCH)
    push(here, {"web.py": b"PAGE = 'hers'\n"})
    there, run, store = revision(here, "PAGE = 'mine'\n")
    row = Row(id="x", kind="close", run="r", event="e", purpose="revise", issue=0, pull=number(here), actor="ann",
              at="2026-11-21T10:00:00Z", head=old)  # fmt: skip
    assert flapping(there, run, store) == ""
    there.books.append(lambda _: (row,))
    assert "A person must decide" in flapping(there, run, store)
    there.books.append(lambda _: (row.but(id="y", run=run.id, head=bare.branch(here.repo.folder, BRANCH)),))
    same = run.but(tree=run.repo.tree)
    assert flapping(there, same, store) == "", "what its own earlier attempt delivered is no older state"
    other = revision(here, "PAGE = 'new'\n")
    assert flapping(*other) == ""
