"""What a graph is built of: the files of a commit, of a checkout as it stands, of a tree in a run's own store."""

import os
import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import Path
from typing import NamedTuple

from factory.codegraph.parse.contents import LARGE
from factory.contracts.errors import GitProblem, UsageProblem
from factory.git import Store, git_folder, run_git


class Place(NamedTuple):
    """A file in a tree. `mode` as git has it: 120000 is a link, 160000 a submodule."""

    mode: str
    oid: str


@dataclass(frozen=True)
class TreeSource:
    """`folder` is the git directory whose objects hold the blobs, except those in `given` (by oid: what is not
    committed). `commit` is where history begins, '' = there is none. `apart` are large files that were not read."""

    entries: Mapping[str, Place]
    folder: Path
    commit: str = ""
    given: Mapping[str, bytes] = field(default_factory=dict)
    apart: tuple[str, ...] = ()


def source_of_commit(repo: Path, ref: str = "HEAD") -> TreeSource:
    """Raises UsageProblem when there is no such commit."""
    folder = git_folder(repo)
    try:
        commit = run_git(repo, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    except GitProblem:
        raise UsageProblem(f"{ref} is no commit of {repo}: name a branch, a tag or a commit that is there.") from None
    found = commit.decode().strip()
    return TreeSource(_listed(folder, found), folder, found)


def source_of_store(trees: Store, tree: str, commit: str) -> TreeSource:
    """A tree of a run's own: a draft's, too. `commit` is the one that it grew from."""
    entries = {path: Place(entry.mode, entry.oid) for path, entry in trees.entries(tree).items()}
    return TreeSource(entries, trees.folder, commit)


def source_of_checkout(repo: Path) -> TreeSource:
    """The files as they stand in the folder: HEAD, and what git says was changed or is new and not ignored."""
    folder = git_folder(repo)
    try:
        root = Path(os.fsdecode(run_git(repo, "rev-parse", "--path-format=absolute", "--show-toplevel")).rstrip("\n"))
    except GitProblem:  # a bare repository
        return source_of_commit(repo)
    with ThreadPoolExecutor(1) as pool:
        status = pool.submit(_status, root)
        try:
            commit = run_git(repo, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode().strip()
        except GitProblem:  # nothing is committed yet
            commit = ""
        entries = dict(_listed(folder, commit)) if commit else {}
        changed = status.result()
    given: dict[str, bytes] = {}
    apart = [path for path in changed if not _taken(root, path, entries, given)]
    return TreeSource(entries, folder, commit, given, tuple(apart))


def _listed(folder: Path, commit: str) -> dict[str, Place]:
    found = {}
    for line in run_git(folder, "ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")[:-1]:
        meta, path = line.split(b"\t", 1)
        mode, _, oid = meta.decode().split(" ")
        found[os.fsdecode(path)] = Place(mode, oid)
    return found


def _status(root: Path) -> list[str]:
    """Paths that differ from HEAD. The target's own filters are programs: they are switched off."""
    raw = run_git(
        root, *_no_filters(root), "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames",
        "--ignore-submodules=all",
    )  # fmt: skip
    return [os.fsdecode(record[3:]) for record in raw.split(b"\0") if record]


def _no_filters(root: Path) -> list[str]:
    try:
        raw = run_git(root, "config", "--name-only", "-z", "--get-regexp", r"^filter\..*\.(clean|smudge|process)$")
    except GitProblem:  # none is set
        return []
    keys = dict.fromkeys(os.fsdecode(key) for key in raw.split(b"\0") if key)
    required = dict.fromkeys(key.rpartition(".")[0] + ".required" for key in keys)
    return [word for key in keys for word in ("-c", f"{key}=")] + [
        word for key in required for word in ("-c", f"{key}=false")
    ]


def _taken(root: Path, path: str, entries: dict[str, Place], given: dict[str, bytes]) -> bool:
    """Put a changed file's contents in the place of the committed ones. False: it is there, but too large or shut."""
    entries.pop(path, None)
    file = root / path
    try:
        mode = file.lstat().st_mode
        if stat.S_ISLNK(mode):
            entries[path] = Place("120000", "")
        elif stat.S_ISREG(mode):
            if file.lstat().st_size > LARGE:
                return False
            data = file.read_bytes()
            oid = sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
            entries[path] = Place("100644", oid)
            given[oid] = data
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True
