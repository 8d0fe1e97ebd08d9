"""Putting an installation into a repository here: into the work tree, or as a commit on a branch of its own."""

from collections.abc import Sequence
from pathlib import Path

from factory.contracts.change import FileChange
from factory.contracts.errors import GitProblem, UsageProblem
from factory.files import write_whole
from factory.git import AUTHOR, Store, run_git
from factory.install.written import Planned
from factory.target import resolve

BRANCH = "factory-setup"
MESSAGE = "Set up Dark Factory\n\nWritten by `factory init`; run it again to update these files."


def reader(root: Path) -> "_Folder":
    """Reads paths of a work tree, without following a symlink out of it."""
    return _Folder(root)


class _Folder:
    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def __call__(self, path: str) -> str | None:
        target = self.root / path
        if not target.resolve().is_relative_to(self.root):
            raise UsageProblem(f"{path} leads out of {self.root} by a symlink: remove the link first.")
        try:
            return target.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (IsADirectoryError, UnicodeDecodeError, OSError) as error:
            raise UsageProblem(f"{target} is in the way ({error}): move it aside.") from None


def write(root: Path, files: Sequence[Planned]) -> None:
    """New and updated files into the work tree; nothing else is touched, nothing is staged."""
    for each in files:
        if each.writes:
            write_whole(root / each.path, each.text)


def commit(repo: Path, base: str, files: Sequence[Planned], store: Store, when: str) -> tuple[str, str]:
    """(branch, commit): the files on top of `base`, on a branch of ours. No checkout, no index is touched.

    Raises UsageProblem when somebody else committed to that branch.
    """
    _, parent, tree = resolve(repo, base)
    changes = [_change(store, each) for each in files if each.writes]
    made = store.commit(store.overlay(tree, changes), parent, MESSAGE, when)
    ref = f"refs/heads/{BRANCH}"
    there = _there(repo, ref)
    store.git("update-ref", ref, made)
    run_git(repo, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", str(store.folder), ref)
    try:
        run_git(repo, "update-ref", ref, made, there)
    except GitProblem:
        raise UsageProblem(f"The branch {BRANCH} moved meanwhile: run `factory init` again.") from None
    return BRANCH, made


def _change(store: Store, each: Planned) -> FileChange:
    data = each.text.encode()
    return FileChange(path=each.path, op="write", oid=store.blob(data), size=len(data))


def _there(repo: Path, ref: str) -> str:
    """The branch's commit, when it is one of ours."""
    try:
        found = run_git(repo, "rev-parse", "--verify", "--quiet", ref).decode().strip()
    except GitProblem:
        return "0" * 40
    if run_git(repo, "show", "-s", "--format=%ae", found).decode().strip() != AUTHOR[1]:
        raise UsageProblem(f"Somebody else committed to the branch {BRANCH}: merge or rename it, then run again.")
    return found
