"""The object store on real repositories."""

from pathlib import Path

import pytest

from factory.contracts.change import FileChange
from factory.contracts.errors import UsageProblem
from factory.git import Store, git_folder
from factory.target import resolve
from tests.line.targets import git, repository

FILES: dict[str, str | bytes] = {
    "a.py": "x = 1\n", "dir/with space.txt": "y\n", "crlf.txt": "one\r\ntwo\r\n", "bin": b"\0\1\2", "no-newline": "end",
    ".gitattributes": "tests export-ignore\n*.txt text eol=crlf\n", "tests/t.py": "pass\n", "latin.txt": b"caf\xe9\n",
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store.git", repository(tmp_path / "r", FILES))


def tree_of(store: Store) -> str:
    return resolve(store.target, "")[2]


def test_entries_and_blobs(store: Store) -> None:
    entries = store.entries(tree_of(store))
    assert set(entries) == set(FILES)
    assert store.read(entries["bin"].oid) == b"\0\1\2"
    assert store.read(entries["no-newline"].oid) == b"end"
    assert entries["a.py"].size == 6


def test_overlay_changes_only_what_it_names(store: Store) -> None:
    tree = tree_of(store)
    files = [
        FileChange(path="new/deep.py", op="write", oid=store.blob(b"z\n"), size=2),
        FileChange(path="a.py", op="delete"),
    ]
    made = store.overlay(tree, files)
    before, after = store.entries(tree), store.entries(made)
    assert set(after) == {*before, "new/deep.py"} - {"a.py"}
    assert all(after[path] == before[path] for path in before if path != "a.py")
    assert {change.path: change.op for change in store.changed(tree, made)} == {
        "a.py": "delete",
        "new/deep.py": "write",
    }
    assert store.overlay(tree, files) == made
    assert "+z" in store.diff(tree, made)


def test_the_targets_objects_are_borrowed_and_ours_stay_ours(store: Store) -> None:
    before = git(store.target, "count-objects", "-v")
    oid = store.blob(b"ours")
    assert git(store.target, "count-objects", "-v") == before
    assert store.read(oid) == b"ours"


def test_the_export_is_the_whole_tree_whatever_its_attributes_say(store: Store, tmp_path: Path) -> None:
    """`export-ignore` may not hide the tests from the sandbox."""
    import io
    import os
    import tarfile

    read, write = os.pipe()
    process = store.archive(tree_of(store), write)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        data = stream.read()
    assert process.wait() == 0
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert {member.name for member in archive if member.isfile()} == set(FILES)


def test_commits_are_reproducible(store: Store) -> None:
    tree, parent = tree_of(store), resolve(store.target, "")[1]
    made = {store.commit(tree, parent, "same\n", "2026-01-01T00:00:00Z") for _ in range(2)}
    assert len(made) == 1


def test_git_in_a_subfolder_a_worktree_and_a_shallow_environment(store: Store, tmp_path: Path) -> None:
    assert git_folder(store.target / "dir") == store.target / ".git"
    git(store.target, "worktree", "add", "-q", str(tmp_path / "wt"), "-b", "other")
    assert git_folder(tmp_path / "wt") == store.target / ".git"
    other = Store(tmp_path / "second.git", tmp_path / "wt")
    assert "a.py" in other.entries(resolve(tmp_path / "wt", "")[2])


def test_a_ref_that_looks_like_an_option(store: Store) -> None:
    with pytest.raises(UsageProblem, match="There is no ref"):
        resolve(store.target, "--all")
