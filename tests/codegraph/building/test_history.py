"""The commits before a tree: its own only, asked of git once."""

from pathlib import Path

import pytest

from factory.codegraph.building.build import source_of_commit, view_of
from factory.codegraph.building.history import WIDE, commits_of
from factory.codegraph.store.store import GraphStore
from tests.line.targets import git, repository


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "r", {"a.py": "a = 1\n", "b.py": "b = 1\n"})
    for number in range(3):
        commit(folder, f"change {number}", f"2026-01-0{number + 2}", {"a.py": f"a = {number}0\n"})
    return folder


def commit(folder: Path, subject: str, day: str, files: dict[str, str]) -> str:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(
        folder, "-c", f"committer.date={day}", "commit", "-q", "--allow-empty", "-m", subject, "--date", f"{day}T00:00Z"
    )
    return git(folder, "rev-parse", "HEAD")


def subjects(store: GraphStore, repo: Path, ref: str) -> list[str]:
    source = source_of_commit(repo, ref)
    return [each.subject for each in commits_of(store, source.folder, source.commit)]


def test_the_trees_own_history_newest_first(repo: Path, tmp_path: Path) -> None:
    store = GraphStore(tmp_path / "g.db")
    assert subjects(store, repo, "HEAD") == ["change 2", "change 1", "change 0", "first"]
    assert subjects(store, repo, "HEAD~2") == ["change 0", "first"]  # never what came later
    git(repo, "checkout", "-q", "-b", "side", "HEAD~3")
    commit(repo, "aside", "2026-01-09", {"b.py": "b = 2\n"})
    assert subjects(store, repo, "side") == ["aside", "first"]
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "-m", "both", "side")
    assert set(subjects(store, repo, "HEAD")) == {"aside", "change 2", "change 1", "change 0", "first"}  # no merge


def test_what_a_commit_says(repo: Path, tmp_path: Path) -> None:
    names = {f"dir/ä {number}\n.py": "x = 1\n" for number in range(2)}
    sha = commit(repo, "\x01" + "a" * 40 + " odd", "2026-01-09", names)
    view, _ = view_of(GraphStore(tmp_path / "g.db"), source_of_commit(repo))
    newest, before = view.commits()[:2]
    assert (newest.sha, newest.paths, newest.age) == (sha, tuple(sorted(names)), 0)
    assert newest.subject.endswith("odd")
    assert before.paths == ("a.py",)
    assert before.age >= 0


def test_wide_and_empty_commits_say_nothing(repo: Path, tmp_path: Path) -> None:
    commit(repo, "wide", "2026-01-09", {f"f{number}.py": "" for number in range(WIDE + 1)})
    commit(repo, "empty", "2026-01-09", {})
    commit(repo, "just", "2026-01-09", {f"f{number}.py": "1" for number in range(WIDE)})
    store = GraphStore(tmp_path / "g.db")
    for _ in range(2):  # asked, and kept
        assert subjects(store, repo, "HEAD")[:2] == ["just", "change 2"]


def test_only_new_commits_are_asked_of_git(repo: Path, tmp_path: Path) -> None:
    store = GraphStore(tmp_path / "g.db")
    subjects(store, repo, "HEAD~1")
    with store.transaction() as db:  # what is kept is believed
        db.execute("UPDATE commits SET subject = 'kept ' || subject")
    assert subjects(store, repo, "HEAD") == ["change 2", "kept change 1", "kept change 0", "kept first"]


def test_bounded(repo: Path, tmp_path: Path) -> None:
    source = source_of_commit(repo)
    assert len(commits_of(GraphStore(tmp_path / "g.db"), source.folder, source.commit, most=2)) == 2


def test_a_shallow_clone_has_what_it_has(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{repo}", "shallow")
    assert subjects(GraphStore(tmp_path / "g.db"), tmp_path / "shallow", "HEAD") == ["change 2", "change 1"]
