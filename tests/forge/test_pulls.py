"""What the line's `deliver` sees of GitHub: branches and pull requests, as on the local forge."""

from pathlib import Path

import pytest

from factory.contracts.errors import Stopped
from factory.forge.branches import GitHubBranches
from factory.forge.pulls import GitHubPulls
from factory.forge.tokens import FixedToken
from factory.git import Store
from factory.target import resolve
from tests.forge.world import REPO, RUN, world

MARKER = f"<!-- factory:v1 run={RUN} kind=pull -->"
NAME = "factory/1-x-deadbeef"
WHEN = "2026-01-01T00:00:00Z"


def test_deliver_twice_is_one_branch_and_one_pull_request(tmp_path: Path) -> None:
    with world(tmp_path) as place:
        store = Store(tmp_path / "store.git", tmp_path / "source")
        _, base, tree = resolve(tmp_path / "source", "main")
        commit = store.commit(tree, base, "ours\n", WHEN)
        url = f"{place.server_url}/{REPO}.git"
        for attempt in range(2):
            branches = GitHubBranches(store, url, FixedToken(place.token, "actions"), place.clock)
            assert branches.branch(NAME) == ("", commit)[attempt]
            branches.push(NAME, commit, "")
            pulls = GitHubPulls(place.effects(again=attempt > 0))
            found = pulls.find(MARKER)
            body = f"What it does\n\n{MARKER}"
            pull = (
                pulls.update(found.number, "Fix", body, False) if found else pulls.open("Fix", body, NAME, "main", True)
            )
            assert (pull.draft, pull.branch, pull.base) == (not attempt, NAME, "main")
        assert len(place.repo.issues) == 2
        assert place.repo.issues[2].body.count("factory:v1") == 1
        assert "mac=" in place.repo.issues[2].body
        assert not place.hub.violations


def test_idm_07_a_person_pushes_in_between_on_the_double(tmp_path: Path) -> None:
    """IDM-07, with GitHub's own words."""
    with world(tmp_path) as place:
        store = Store(tmp_path / "store.git", tmp_path / "source")
        _, base, tree = resolve(tmp_path / "source", "main")
        ours, theirs = (store.commit(tree, base, f"{who}\n", WHEN) for who in ("ours", "theirs"))
        url = f"{place.server_url}/{REPO}.git"
        person = place.hub.token("ann", REPO)
        GitHubBranches(store, url, FixedToken(person, "pat"), place.clock).push(NAME, theirs, "")
        with pytest.raises(Stopped) as caught:
            GitHubBranches(store, url, FixedToken(place.token, "actions"), place.clock).push(NAME, ours, "")
        assert caught.value.reason == "branch_moved"
        assert place.github().head(NAME) == theirs


def test_another_runs_marker_is_refused(tmp_path: Path) -> None:
    with world(tmp_path) as place, pytest.raises(ValueError, match="does not belong"):
        GitHubPulls(place.effects()).find(MARKER.replace(RUN, "gh-2-x"))
