"""Branches by real git over HTTP, with a server that fails as GitHub does."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from factory.contracts.errors import (
    GitProblem,
    HubForbidden,
    HubRefused,
    HubUnauthorized,
    HubUnreachable,
    Refusal,
    Stopped,
)
from factory.forge.branches import GitHubBranches
from factory.forge.remote import Remote, access
from factory.forge.tokens import FixedToken
from factory.git import Store, run_git
from factory.target import resolve
from tests.forge.answering import TestClock
from tests.forge.githttp import TOKEN, GitServer, git_server
from tests.forge.test_caller import TwoTokens
from tests.line.targets import git, repository

WHEN = "2026-01-01T00:00:00Z"
NAME = "factory/7-x-0123abcd"


@dataclass
class Place:
    server: GitServer
    bare: Path
    store: Store
    branches: GitHubBranches
    first: str  # commits of ours, each the parent of the next
    second: str
    clock: TestClock

    def at(self, name: str = NAME) -> str:
        done = subprocess.run(["git", "-C", str(self.bare), "rev-parse", f"refs/heads/{name}"],
                              capture_output=True, text=True, check=False)  # fmt: skip
        return done.stdout.strip() if not done.returncode else ""

    def hook(self, text: str) -> None:
        hook = self.bare / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{text}\n")
        hook.chmod(0o755)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    repo = repository(tmp_path / "r", {"a.py": "x = 1\n"})
    store = Store(tmp_path / "store.git", repo)
    _, commit, tree = resolve(repo, "")
    first = store.commit(tree, commit, "ours\n", WHEN)
    second = store.commit(tree, first, "ours again\n", WHEN)
    with git_server(tmp_path / "remote") as server:
        bare = server.repo("acme/shop")
        git(repo, "push", "-q", str(bare), "main")
        clock = TestClock()
        branches = GitHubBranches(store, server.remote("acme/shop"), FixedToken(TOKEN, "actions"), clock)
        yield Place(server, bare, store, branches, first, second, clock)


def test_a_branch_is_created_moved_and_pushed_again_without_effect(place: Place) -> None:
    assert place.branches.branch(NAME) == ""
    place.branches.push(NAME, place.first, "")
    assert place.at() == place.first == place.branches.branch(NAME)
    place.branches.push(NAME, place.second, place.first)
    place.branches.push(NAME, place.second, place.first)  # the same job once more
    assert place.at() == place.second
    assert place.at("main") == git(place.store.target, "rev-parse", "main")


@pytest.mark.parametrize("expected", ["", "first"])
def test_idm_07_a_persons_work_stays(place: Place, expected: str) -> None:
    """IDM-07: somebody force-pushed the branch meanwhile: branch_moved, their commit is still there."""
    if expected:
        place.branches.push(NAME, place.first, "")
    theirs = git(place.store.target, "commit-tree", "HEAD^{tree}", "-m", "a person's")
    git(place.store.target, "push", "-q", "-f", str(place.bare), f"{theirs}:refs/heads/{NAME}")
    with pytest.raises(Stopped) as caught:
        place.branches.push(NAME, place.second, place.first if expected else "")
    assert caught.value.reason == "branch_moved"
    assert place.at() == theirs


def test_gha_11_a_lost_answer_is_looked_up_not_pushed_again(place: Place) -> None:
    """GHA-11: the remote hung up after it had taken the push."""
    place.server.faults = ["lost"]
    place.branches.push(NAME, place.first, "")
    assert place.at() == place.first
    assert place.server.pushes == 1


def test_gha_11_a_transport_error_is_tried_again(place: Place) -> None:
    place.server.faults = ["down", "down", "down"]
    place.branches.push(NAME, place.first, "")
    assert place.at() == place.first
    assert sum(place.clock.slept) >= 3


def test_gha_11_an_outage_ends_typed(place: Place) -> None:
    place.server.faults = ["down"] * 20
    with pytest.raises(HubUnreachable):
        place.branches.push(NAME, place.first, "")
    assert place.at() == ""
    assert place.server.pushes <= 4


@pytest.mark.parametrize(
    ("hook", "kind"),
    [
        ("echo 'error: GH006: Protected branch update failed for refs/heads/x.' >&2; exit 1", HubRefused),
        ("echo 'secrets found: remove them' >&2; exit 1", HubRefused),
    ],
)
def test_gha_11_a_declined_push_is_terminal_with_its_message(place: Place, hook: str, kind: type[Exception]) -> None:
    place.hook(hook)
    with pytest.raises(kind, match=r"GH006|secrets found"):
        place.branches.push(NAME, place.first, "")
    assert place.server.pushes == 1
    assert place.at() == ""


def test_gha_11_a_forbidden_push_is_terminal(place: Place) -> None:
    place.server.faults = ["forbidden"]
    with pytest.raises(HubForbidden):
        place.branches.push(NAME, place.first, "")
    assert place.server.pushes == 1


def test_gha_06_a_refused_token_is_minted_once_for_git_too(place: Place) -> None:
    place.server.tokens = {"ghs_2"}
    url = place.server.remote("acme/shop")
    GitHubBranches(place.store, url, TwoTokens(1), place.clock).push(NAME, place.first, "")
    assert place.at() == place.first
    with pytest.raises(HubUnauthorized):
        GitHubBranches(place.store, url, TwoTokens(0), place.clock).branch(NAME)


@pytest.mark.parametrize(
    "url", ["ext::sh -c id", "ssh://-oProxyCommand=x/a/b", "file:///etc", "/etc", "http://github.com/a/b"]
)
def test_inj_11_git_is_never_given_another_address(place: Place, url: str) -> None:
    """INJ-11."""
    with pytest.raises(Refusal):
        GitHubBranches(place.store, url, FixedToken(TOKEN, "actions"), place.clock)
    with pytest.raises(Refusal):
        Remote(place.store.folder, url, TOKEN)


@pytest.mark.parametrize("url", ["ext::sh -c 'touch %s'", "file://%s"])
def test_inj_11_git_itself_knows_one_protocol_only(place: Place, tmp_path: Path, url: str) -> None:
    """INJ-11: should an address ever get past the check, the environment of our git processes refuses it."""
    bait = tmp_path / "bait"
    with pytest.raises(GitProblem, match="not allowed"):
        run_git(place.store.folder, "ls-remote", url % bait, env=access("https://github.com/acme/shop", TOKEN))
    assert not bait.exists()


@pytest.mark.parametrize(
    "name", ["main", "factory-ledger", "factory/../main", "factory/x.lock", "-f", "factory/a:main", ""]
)
def test_other_branches_are_not_ours(place: Place, name: str) -> None:
    with pytest.raises(GitProblem):
        place.branches.push(name, place.first, "")
    assert place.server.pushes == 0


def test_a_pull_requests_own_branch_may_be_named(place: Place) -> None:
    url = place.server.remote("acme/shop")
    branches = GitHubBranches(place.store, url, FixedToken(TOKEN, "actions"), place.clock, ("fix/login_2",))
    branches.push("fix/login_2", place.first, "")
    assert place.at("fix/login_2") == place.first


def test_the_token_is_in_no_command_line(place: Place, tmp_path: Path) -> None:
    """The hook of the server sees nothing of it either; git's own processes are looked at through /proc."""
    seen = tmp_path / "seen"
    place.hook(f"cat /proc/[0-9]*/cmdline > {seen} 2>/dev/null; exit 0")
    place.branches.push(NAME, place.first, "")
    assert os.path.getsize(seen) > 0
    assert TOKEN.encode() not in seen.read_bytes()
    assert not [
        path for path in place.store.folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()
    ]
