"""The store's reader of blobs: one process that survives being killed, misuse and many threads."""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from factory.contracts.errors import GitProblem
from factory.git import Store, run_git


@pytest.fixture
def store(tmp_path: Path) -> Store:
    target = tmp_path / "target"
    target.mkdir()
    run_git(target, "init", "--quiet", "-b", "main")
    return Store(tmp_path / "store.git", target)


def readers(store: Store) -> list[int]:
    """The store's `cat-file` processes that live."""
    found = subprocess.run(["pgrep", "-P", str(os.getpid()), "-f", "cat-file"], capture_output=True, text=True)
    return [int(pid) for pid in found.stdout.split() if Path(f"/proc/{pid}/cwd").resolve() == store.folder.resolve()]


CONTENTS = (b"", b"\n", b"no newline", b"a\nb\n", b"\0" * 1000, b"x" * 3_000_000, "grüße\n".encode())


def test_bytes_come_back_as_they_are_from_one_process(store: Store) -> None:
    for data in CONTENTS:
        assert store.read(store.blob(data)) == data
    assert len(readers(store)) == 1


def test_what_is_written_later_and_in_the_target_is_seen(store: Store) -> None:
    store.read(store.blob(b"first"))
    later = run_git(store.target, "hash-object", "-w", "--stdin", stdin=b"later").decode().strip()
    assert store.read(later) == b"later"


def test_threads_get_their_own_answers(store: Store) -> None:
    oids = {store.blob(f"{number}\n".encode() * (number + 1)): number for number in range(20)}
    with ThreadPoolExecutor(8) as pool:
        for oid, data in pool.map(lambda oid: (oid, store.read(oid)), list(oids) * 20):
            assert data == f"{oids[oid]}\n".encode() * (oids[oid] + 1)


@pytest.mark.parametrize("oid", ["0" * 40, "", "HEAD", "a\nb", "--help"])
def test_what_is_no_blob_is_said_and_the_next_is_read(store: Store, oid: str) -> None:
    known = store.blob(b"known")
    with pytest.raises(GitProblem):
        store.read(oid)
    assert store.read(known) == b"known"


def test_a_tree_is_no_blob(store: Store) -> None:
    tree = store.git("mktree", stdin=b"").decode().strip()
    with pytest.raises(GitProblem, match="not a blob"):
        store.read(tree)
    assert store.read(store.blob(b"after")) == b"after"


def test_a_reader_that_was_killed_is_started_anew(store: Store) -> None:
    known = store.blob(b"known")
    store.read(known)
    for pid in readers(store):
        os.kill(pid, signal.SIGKILL)
    assert store.read(known) == b"known"


def test_the_reader_ends_with_its_store(store: Store) -> None:
    store.read(store.blob(b"x"))
    (pid,) = readers(store)
    del store.__dict__["_blobs"]
    assert not Path(f"/proc/{pid}").exists()
