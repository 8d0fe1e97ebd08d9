"""A revision once more, on a head that somebody moved meanwhile: real git, no work tree."""

from pathlib import Path

import pytest

from factory.contracts.change import Change
from factory.contracts.errors import GitProblem
from factory.contracts.feedback import Feedback
from factory.contracts.run import Repo, Run
from factory.contracts.task import Event
from factory.git import Store
from factory.handover.replay import commit, is_ancestor, merged, onto
from tests.handover.runs import written
from tests.line.targets import git, repository

WHEN = "2026-11-21T10:00:00Z"
TEXT = "".join(f"line {n}\n" for n in range(1, 21))


def begun(folder: Path) -> tuple[Store, Run, Path]:
    """A run of two fixes on a.txt: lines 5 and 15."""
    target = repository(folder / "target", {"a.txt": TEXT})
    store = Store(folder / "store", target)
    head, tree = git(target, "rev-parse", "HEAD"), git(target, "rev-parse", "HEAD^{tree}")
    first = TEXT.replace("line 5\n", "line five\n")
    second = first.replace("line 15\n", "line fifteen\n")
    trees, changes, now = [], [], tree
    for n, text in enumerate((first, second), start=1):
        file = written(store, "a.txt", text)
        changes.append(Change(unit=f"fix-1-{n}", role="demiurge", title="Fix", base=now, files=(file,)))
        now = store.overlay(now, (file,))
        trees.append(now)
    event = Event(kind="issue", source="x", feedback=Feedback(pull=1, head_sha=head))
    repo = Repo(path=str(target), ref="main", commit=head, tree=tree)
    run = Run(id="r-1", created=WHEN, repo=repo, event=event, fixes=tuple(changes), fix_trees=tuple(trees), tree=now)
    return store, run, target


def person(target: Path, old: str, new: str) -> str:
    (target / "a.txt").write_text(TEXT.replace(old, new))
    git(target, "commit", "-qam", "Mine")
    return git(target, "rev-parse", "HEAD")


def test_each_step_lands_on_the_moved_head(tmp_path: Path) -> None:
    store, run, target = begun(tmp_path)
    head = person(target, "line 10\n", "line ten\n")
    found = onto(store, run, head)
    assert found
    text = store.git("show", f"{found.tree}:a.txt").decode()
    assert [row for row in text.splitlines() if not row[5:].isdigit()] == ["line five", "line ten", "line fifteen"]
    half = store.git("show", f"{found.fix_trees[0]}:a.txt").decode()
    assert "line five" in half
    assert "line fifteen" not in half
    assert (found.repo.commit, len(found.fix_trees)) == (head, 2)
    assert onto(store, run, head) == found, "the same again gives the same"


def test_what_does_not_merge_cleanly_is_not_replayed(tmp_path: Path) -> None:
    store, run, target = begun(tmp_path)
    assert onto(store, run, person(target, "line 15\n", "line 15 is mine\n")) is None


def test_a_conflict_names_its_files_and_nothing_else_is_called_one(tmp_path: Path) -> None:
    """FAILURES 23: a fault is never taken for a conflict."""
    store, run, target = begun(tmp_path)
    ours = commit(store, run.tree, (run.repo.commit,), "ours", WHEN)
    theirs = person(target, "line 5\n", "line 5 is mine\n")
    found = merged(store, ours, theirs)
    assert found.conflicts == ("a.txt",)
    assert "<<<<<<<" in store.git("show", f"{found.tree}:a.txt").decode()
    for nonsense in ("0" * 40, "not-a-commit"):
        with pytest.raises(GitProblem):
            merged(store, ours, nonsense)
        with pytest.raises(GitProblem):
            is_ancestor(store, ours, nonsense)
    assert is_ancestor(store, run.repo.commit, theirs)
    assert not is_ancestor(store, theirs, ours)
