"""What became of pull requests: told from real git repositories, and from what GitHub says."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.contracts.errors import HubMissing
from factory.contracts.hub import Comment, Person, PullInfo, Review, ReviewNote
from factory.git import AUTHOR
from factory.memory.fold import folded
from factory.memory.landed import MOST_COMMITS, git_outcomes
from factory.memory.outcomes import MOST_PULLS, Delivered, from_memory, hub_outcomes
from tests.line.targets import git, repository
from tests.memory.facts import day, run_of, seen

AT, BRANCH = day(0), "factory/7-x-12345678"
WHO = f"{AUTHOR[0]} <{AUTHOR[1]}>"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "r", {"a.py": "x = 1\n", "b.py": "y = 1\n", "c.py": "z = 1\n"})


def commit(repo: Path, path: str, text: str, who: str = "", message: str = "m") -> str:
    (repo / path).write_text(text)
    git(repo, "add", "-A")
    git(repo, "-c", f"user.name={AUTHOR[0]}", "commit", "-q", "-m", message, *((f"--author={who}",) if who else ()))
    return git(repo, "rev-parse", "HEAD")


def delivered(repo: Path) -> Delivered:
    """Two commits of ours on a branch of ours; the base is checked out again."""
    start = git(repo, "rev-parse", "HEAD")
    git(repo, "checkout", "-q", "-b", BRANCH)
    ours = (commit(repo, "a.py", "x = 2\n", WHO), commit(repo, "b.py", "y = 2\n", WHO))
    git(repo, "checkout", "-q", "main")
    return Delivered("r1", 1, ours, "main", BRANCH, start)


def busy(repo: Path) -> None:
    """As many commits on the base as are looked at."""
    one = "commit refs/heads/main\ncommitter T <t@t> 1800000000 +0000\ndata 1\nm\n"
    many = f"{one}from refs/heads/main^0\n\n" + one * (MOST_COMMITS - 1)
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo, input=many, text=True, check=True)


def words(one: Delivered, repo: Path) -> dict[str, tuple[str, ...]]:
    return {line.word: line.paths for line in git_outcomes(one, repo, AT)}


def test_a_branch_that_waits_has_no_end(repo: Path) -> None:
    one = delivered(repo)
    assert words(one, repo) == {}
    commit(repo, "c.py", "z = 2\n")
    assert words(one, repo) == {}


def test_merged(repo: Path) -> None:
    one = delivered(repo)
    git(repo, "merge", "-q", "--no-ff", "-m", "merge", BRANCH)
    assert words(one, repo) == {"merged": ()}
    git(repo, "branch", "-D", BRANCH)
    assert words(one, repo) == {"merged": ()}
    assert git_outcomes(one, repo, AT) == git_outcomes(one, repo, AT)


def test_squashed_on_a_base_that_moved_on(repo: Path) -> None:
    one = delivered(repo)
    commit(repo, "c.py", "z = 2\n")
    git(repo, "merge", "-q", "--squash", BRANCH)
    git(repo, "commit", "-q", "-m", "All of it (#1)")
    git(repo, "branch", "-D", BRANCH)
    assert words(one, repo) == {"merged": ()}


def test_rebased(repo: Path) -> None:
    one = delivered(repo)
    commit(repo, "c.py", "z = 2\n")
    git(repo, "cherry-pick", *one.commits)
    assert words(one, repo) == {"merged": ()}


def test_half_of_it_is_not_merged(repo: Path) -> None:
    one = delivered(repo)
    git(repo, "cherry-pick", one.commits[0])
    assert words(one, repo) == {}


def test_people_s_commits_on_the_branch_before_the_merge(repo: Path) -> None:
    one = delivered(repo)
    git(repo, "checkout", "-q", BRANCH)
    commit(repo, "a.py", "x = 3\n", "Ann <ann@example.org>")
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "merge", BRANCH)
    git(repo, "branch", "-D", BRANCH)
    assert words(one, repo) == {"merged": (), "edited": ("a.py",)}


def test_deleted_without_a_merge(repo: Path) -> None:
    one = delivered(repo)
    git(repo, "branch", "-D", BRANCH)
    assert words(one, repo) == {"closed": ()}


def test_on_a_busy_base_what_is_too_far_back_is_not_called_closed(repo: Path) -> None:
    one = delivered(repo)
    git(repo, "merge", "-q", "--squash", BRANCH)
    git(repo, "commit", "-q", "-m", "both")
    git(repo, "branch", "-q", "-D", BRANCH)
    assert words(one, repo) == {"merged": ()}
    busy(repo)
    assert words(one, repo) == {}


def test_merged_far_back_is_merged(repo: Path) -> None:
    one = delivered(repo)
    git(repo, "merge", "-q", "--ff-only", BRANCH)
    busy(repo)
    git(repo, "branch", "-q", "-D", BRANCH)
    assert words(one, repo) == {"merged": ()}


def test_reverted_by_git_s_own_words_and_by_undoing_it(repo: Path) -> None:
    one = delivered(repo)
    git(repo, "merge", "-q", "--no-ff", "-m", "merge", BRANCH)
    git(repo, "revert", "--no-edit", "-m", "1", "HEAD")
    assert words(one, repo) == {"merged": (), "reverted": ()}
    git(repo, "commit", "-q", "--amend", "-m", "This was not what we wanted")
    assert words(one, repo) == {"merged": (), "reverted": ()}


def test_a_revert_of_something_else_is_none_of_ours(repo: Path) -> None:
    one = delivered(repo)
    git(repo, "merge", "-q", "--no-ff", "-m", "merge", BRANCH)
    commit(repo, "c.py", "z = 2\n")
    git(repo, "revert", "--no-edit", "HEAD")
    assert words(one, repo) == {"merged": ()}


def test_commits_that_are_gone_say_nothing(repo: Path) -> None:
    one = delivered(repo)
    gone = Delivered("r1", 1, ("f" * 40,), "main", "factory/gone", one.start)
    assert words(gone, repo) == {}
    assert words(Delivered("r1", 1, one.commits, "other", BRANCH, one.start), repo) == {}


class Pulls:
    """Pull requests as GitHub would list them."""

    def __init__(self, *pulls: PullInfo) -> None:
        self.all = {pull.number: pull for pull in pulls}
        self.asked: list[int] = []

    def pull(self, number: int) -> PullInfo:
        self.asked.append(number)
        if number not in self.all:
            raise HubMissing("not there", 404)
        return self.all[number]

    def pulls(self, head: str = "", state: str = "open") -> Iterator[PullInfo]:
        return iter([pull for pull in self.all.values() if pull.state == state])

    def pull_diff(self, number: int) -> str:
        raise NotImplementedError

    def reviews(self, number: int) -> Iterator[Review]:
        raise NotImplementedError

    def review_comments(self, number: int) -> Iterator[tuple[ReviewNote, Comment]]:
        raise NotImplementedError


def info(number: int, state: str = "open", merged: bool = False, head: str = "a" * 40, **facts: str) -> PullInfo:
    told = {
        "title": "t", "body": "", "author": Person(login="ann", id=1), "head": "factory/x", "head_repo": "acme/shop",
        "head_sha": head, "base": "main", "base_sha": "b" * 40, **facts,
    }  # fmt: skip
    return PullInfo.model_validate({"number": number, "state": state, "merged": merged, **told})


def said(*pulls: PullInfo, known: int = 4) -> dict[int, set[str]]:
    runs = [Delivered(f"r{n}", n, ("a" * 40,)) for n in range(1, known + 1)]
    found: dict[int, set[str]] = {}
    for line in hub_outcomes(runs, Pulls(*pulls), "acme/shop", AT):
        found.setdefault(line.pull, set()).add(line.word)
    return found


def test_what_github_says() -> None:
    undo = info(9, "closed", merged=True, title='Revert "t"', body="Reverts acme/shop#1")
    assert said(info(1, "closed", merged=True), info(2, "closed"), info(3, head="c" * 40), info(4), undo) == {
        1: {"merged", "reverted"}, 2: {"closed"}, 3: {"edited"},
    }  # fmt: skip
    assert said(known=1) == {1: {"closed"}}


@pytest.mark.parametrize(
    "facts",
    [
        {"title": "Revert", "body": "Reverts acme/other#1"}, {"title": "Tidy", "body": "Reverts acme/shop#1"},
        {"title": "Revert", "body": "Reverts acme/shop#12"},
    ],
)  # fmt: skip
def test_only_a_merged_revert_of_this_very_pull_request_counts(facts: dict[str, str]) -> None:
    other = info(9, "closed", merged=True).but(**facts)
    assert said(info(1, "closed", merged=True), other, known=1) == {1: {"merged"}}
    unmerged = info(9, "closed").but(title="Revert", body="Reverts acme/shop#1")
    assert said(info(1, "closed", merged=True), unmerged, known=1) == {1: {"merged"}}


def test_how_many_are_looked_at_is_bounded_and_what_is_over_is_not_asked_again() -> None:
    runs = [run_of(f"r{n:02}", "a.py", ago=n, pull=n + 1, commit="a" * 40) for n in range(40)]
    over = [seen("outcome", f"r{n:02}", word="closed", about="closed", pull=n + 1) for n in range(5)]
    pulls = Pulls(*(info(n) for n in range(60)))
    assert hub_outcomes(from_memory(folded([*runs, *over])), pulls, "acme/shop", AT) == []
    assert pulls.asked == list(range(6, 6 + MOST_PULLS))
