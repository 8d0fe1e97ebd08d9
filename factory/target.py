"""The target: the user's own repository, and what a ref of it means. Only asked, never changed here."""

import os
import re
from pathlib import Path

from factory.contracts.errors import GitProblem, UsageProblem
from factory.git import git_folder, run_git


def work_tree(path: Path) -> Path:
    """The top folder of the checkout that `path` lies in; `path` itself for a bare repository."""
    try:
        raw = run_git(path, "rev-parse", "--path-format=absolute", "--show-toplevel")
    except GitProblem:
        return path
    return Path(os.fsdecode(raw).rstrip("\n") or path)


def refuse_unusable(path: Path) -> None:
    """Raises UsageProblem for what is no repository, one whose objects cannot be borrowed or that has no room for our
    branches."""
    git_folder(path)
    config = run_git(path, "config", "--local", "--list", "-z").decode(errors="replace").lower()
    if "extensions.objectformat\nsha256" in config:
        raise UsageProblem(f"{path} uses SHA-256 object names, which the factory does not read yet: use a SHA-1 clone.")
    if re.search(r"(^|\0)(extensions\.partialclone\n|remote\..*\.promisor\ntrue)", config):
        raise UsageProblem(f"{path} is a partial clone: run `git fetch --refetch --no-filter` there, then run again.")
    if _is_branch(path, "factory"):
        raise UsageProblem(f"{path} has a branch named 'factory', which leaves no room for 'factory/…': rename it.")


def _is_branch(path: Path, name: str) -> bool:
    try:
        run_git(path, "rev-parse", "--verify", "--quiet", f"refs/heads/{name}")
    except GitProblem:
        return False
    return True


def resolve(path: Path, ref: str) -> tuple[str, str, str]:
    """(ref name, commit, tree) of `ref`, or of the checked-out branch when it is empty. Raises UsageProblem."""
    refuse_unusable(path)
    name = ref
    if not ref:
        try:
            name = run_git(path, "symbolic-ref", "--short", "HEAD").decode().strip()
        except GitProblem:
            name = "HEAD"
        try:
            run_git(path, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        except GitProblem:
            raise UsageProblem(f"{path} has no commit yet: commit something first, then run again.") from None
    try:
        line = run_git(path, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    except GitProblem:
        known = run_git(path, "for-each-ref", "--format=%(refname:short)", "--count=8", "refs/heads").decode().split()
        raise UsageProblem(f"There is no ref {name!r} in {path}: choose one of {', '.join(known) or 'none'}.") from None
    commit = line.decode().strip()
    return name, commit, run_git(path, "rev-parse", f"{commit}^{{tree}}").decode().strip()


def merge_base(path: Path, base: str, head: str) -> str:
    """The commit where `head` left `base` (empty: the checked-out branch). Raises UsageProblem when there is none."""
    _, before, _ = resolve(path, base)
    try:
        return run_git(path, "merge-base", before, head).decode().strip()
    except GitProblem:
        words = f"{base or 'HEAD'} and {head[:12]} have no common history in {path}"
        raise UsageProblem(f"{words}: fetch more of it (git fetch --unshallow).") from None
