"""The local forge on real repositories: branches by compare-and-swap, pull requests as files."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from factory.contracts.errors import GitProblem, UsageProblem
from factory.forge.local import LocalBranches, LocalPulls
from factory.git import Store
from factory.target import resolve
from tests.line.targets import git, repository

WHEN = "2026-01-01T00:00:00Z"


def store_of(folder: Path) -> tuple[Store, str]:
    """A store over a fresh repository, and a commit in it that the repository does not have yet."""
    repo = repository(folder / "r", {"a.py": "x = 1\n"})
    store = Store(folder / "store.git", repo)
    _, commit, tree = resolve(repo, "")
    return store, store.commit(tree, commit, "ours\n", WHEN)


def test_a_push_brings_the_commit_and_nothing_else(tmp_path: Path) -> None:
    store, commit = store_of(tmp_path)
    before = git(store.target, "rev-parse", "HEAD"), git(store.target, "status", "--porcelain")
    LocalBranches(store).push("factory/1-x-abc", commit, "")
    assert git(store.target, "rev-parse", "factory/1-x-abc") == commit
    assert git(store.target, "for-each-ref", "--format=%(refname)").split() == [
        "refs/heads/factory/1-x-abc",
        "refs/heads/main",
    ]
    assert (git(store.target, "rev-parse", "HEAD"), git(store.target, "status", "--porcelain")) == before


def test_a_push_moves_only_what_it_expects(tmp_path: Path) -> None:
    store, commit = store_of(tmp_path)
    branches = LocalBranches(store)
    branches.push("factory/1-x-abc", commit, "")
    with pytest.raises(GitProblem):
        branches.push("factory/1-x-abc", commit, "")  # must not exist, but does
    other = store.commit(resolve(store.target, "")[2], commit, "a person's\n", WHEN)
    branches.push("factory/1-x-abc", other, commit)
    with pytest.raises(GitProblem):
        branches.push("factory/1-x-abc", commit, commit)  # somebody moved it meanwhile
    assert branches.branch("factory/1-x-abc") == other


def test_no_hook_of_the_target_runs(tmp_path: Path) -> None:
    store, commit = store_of(tmp_path)
    for name in ("reference-transaction", "post-checkout", "update", "pre-receive", "post-commit"):
        hook = store.target / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran-{name}\n")
        hook.chmod(0o755)
    git(store.target, "config", "core.fsmonitor", f"touch {tmp_path}/ran-fsmonitor")
    LocalBranches(store).push("factory/1-x-abc", commit, "")
    assert not list(tmp_path.glob("ran-*"))


@pytest.mark.parametrize("name", ["main", "factory/../main", "factory/x y", "--all", "factory/", "refs/heads/main"])
def test_only_our_branches(tmp_path: Path, name: str) -> None:
    store, commit = store_of(tmp_path)
    with pytest.raises(GitProblem, match="not a branch of the factory"):
        LocalBranches(store).push(name, commit, "")


def test_pull_requests_are_found_by_their_own_marker_only(tmp_path: Path) -> None:
    pulls = LocalPulls(tmp_path / "pulls")
    marker = "<!-- factory:v1 run=r1 kind=pull -->"
    pulls.open(
        "quotes it", f"somebody wrote {marker} here\n\n<!-- factory:v1 run=r0 kind=pull -->", "factory/0", "main", True
    )
    assert pulls.find(marker) is None, "a marker inside a text is not a pull request's own"
    opened = pulls.open("ours", f"text\n\n{marker}", "factory/1", "main", True)
    assert pulls.find(marker) == opened
    updated = pulls.update(opened.number, "better", f"more\n\n{marker}", draft=False)
    assert (updated.number, updated.draft, pulls.find(marker)) == (opened.number, False, updated)
    assert "ready for review" in Path(opened.url).read_text()


def test_numbers_are_never_given_twice(tmp_path: Path) -> None:
    def make(n: int) -> int:
        return LocalPulls(tmp_path / "pulls").open(f"t{n}", f"b\n<!-- {n} -->", f"factory/{n}", "main", True).number

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(make, range(20))) == list(range(1, 21))


def test_a_damaged_or_missing_pull_request_is_named(tmp_path: Path) -> None:
    pulls = LocalPulls(tmp_path / "pulls")
    with pytest.raises(UsageProblem, match="no pull request 7"):
        pulls.update(7, "t", "b", draft=True)
    (tmp_path / "pulls" / "1.json").write_text("{half")
    with pytest.raises(UsageProblem, match="damaged"):
        pulls.find("x")
