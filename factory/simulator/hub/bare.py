"""The bare repositories behind the GitHub double: what git has to be asked, and the little that is written."""

import functools
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from factory.contracts.errors import GitProblem

NONE = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_CONFIG = {
    "core.hooksPath": "hooks",
    "gc.auto": "0",
    "core.fsync": "none",
    "http.receivepack": "true",
    "receive.denyDeleteCurrent": "ignore",
    "receive.hideRefs": "refs/pull",
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.allowFilter": "true",
}
HOOK = r"""#!/bin/sh
# Refusals in GitHub's words. HUB_WORKFLOWS: may touch workflow files; HUB_PROTECTED: branches, one a line.
bad=0
while read -r old new ref; do
  branch=${ref#refs/heads/}
  if [ "$branch" != "$ref" ] && printf '%s\n' "$HUB_PROTECTED" | grep -qxF -- "$branch"; then
    echo "error: GH006: Protected branch update failed for $ref." >&2; bad=1; continue
  fi
  case $new in *[!0]*) ;; *)
    if [ "$branch" = "$HUB_DEFAULT" ]; then echo "error: refusing to delete the default branch: $ref" >&2; bad=1; fi
    continue;;
  esac
  [ "$HUB_WORKFLOWS" = yes ] && continue
  found=$(git rev-list "$new" --not --all | git diff-tree --stdin -r -c --root --no-commit-id --name-only \
    -- .github/workflows | head -n 1)
  if [ -n "$found" ]; then
    printf 'error: refusing to allow a GitHub App to create or update workflow `%s` without `workflows` permission\n' \
      "$found" >&2
    bad=1
  fi
done
exit $bad
"""


@dataclass(frozen=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: tuple[str, str, str]  # name, e-mail, ISO 8601 UTC
    committer: tuple[str, str, str]
    message: str


@dataclass(frozen=True)
class Changed:
    """One file of a diff. `blob` is the new side's, the old side's for a deletion."""

    path: str
    status: str  # added, removed, modified, renamed
    blob: str
    before: str = ""  # its old path when renamed
    added: int = 0
    deleted: int = 0


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """A closed one: no user's or system's configuration, no inherited GIT_*."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "TZ": "UTC",
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
        "GIT_CONFIG_KEY_1": "core.quotePath", "GIT_CONFIG_VALUE_1": "false", **(extra or {}),
    }  # fmt: skip


def git(folder: Path, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
    """Raises GitProblem with git's own words."""
    done = subprocess.run(["git", *arguments], cwd=folder, input=stdin, env=environment(env), capture_output=True)
    if done.returncode:
        raise GitProblem(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()[-500:]}")
    return done.stdout


def text(folder: Path, *arguments: str) -> str:
    return git(folder, *arguments).decode(errors="replace").strip()


def create(folder: Path, source: Path | None, branch: str) -> None:
    """A bare repository; with `source` it has that one's branches and tags."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}", ".")
    for key, value in _CONFIG.items():
        git(folder, "config", key, value)
    hook = folder / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK)
    hook.chmod(0o755)
    if source:
        git(folder, "fetch", "--quiet", str(source.resolve()), "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


def resolve(folder: Path, name: str) -> str:
    """The commit that a ref, branch or SHA means, or ""."""
    if not name or name.startswith("-"):
        return ""
    try:
        return text(folder, "rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
    except GitProblem:
        return ""


def branch(folder: Path, name: str) -> str:
    """The branch's commit, or ""."""
    return resolve(folder, f"refs/heads/{name}") if name else ""


def refs(folder: Path, prefix: str) -> dict[str, str]:
    """Full names under `refs/heads/` and the like, or one ref by its full name."""
    rows = text(folder, "for-each-ref", "--format=%(refname) %(objectname)", prefix).splitlines()
    return dict(row.split(" ") for row in rows)


def set_ref(folder: Path, name: str, new: str, old: str | None = None) -> None:
    """`new` "" deletes; `old` None = whatever it is, "" = must not exist."""
    expected = [] if old is None else [old or NONE]
    if new:
        git(folder, "update-ref", name, new, *expected)
    else:
        git(folder, "update-ref", "-d", name, *expected)


def valid_ref(folder: Path, name: str) -> bool:
    try:
        git(folder, "check-ref-format", name)
    except GitProblem:
        return False
    return True


def log(folder: Path, *what: str, most: int = 250) -> list[Commit]:
    """Commits, newest first."""
    form = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x01"
    raw = git(folder, "log", f"-n{most}", f"--format={form}", "--no-show-signature", *what).decode(errors="replace")
    return [_commit(each.lstrip("\n").split("\0")) for each in raw.split("\x01")[:-1]]


def _commit(part: list[str]) -> Commit:
    def who(at: int) -> tuple[str, str, str]:
        return part[at], part[at + 1], part[at + 2].replace("+00:00", "Z")

    return Commit(part[0], part[1], tuple(part[2].split()), who(3), who(6), part[9].rstrip("\n"))


@functools.lru_cache(maxsize=1024)
def fork_point(folder: Path, base: str, head: str) -> str:
    """Where two commits (SHAs) parted; "" without a common ancestor."""
    try:
        return text(folder, "merge-base", base, head)
    except GitProblem:
        return ""


@functools.lru_cache(maxsize=64)
def diff(folder: Path, old: str, new: str) -> str:
    """Between two commits or trees (SHAs: what they mean never changes, so the answer is kept)."""
    return git(folder, "diff-tree", "-r", "-p", "--find-renames", "--full-index", old, new).decode(errors="replace")


@functools.lru_cache(maxsize=256)
def changed(folder: Path, old: str, new: str) -> tuple[Changed, ...]:
    """The files that differ between two commits (SHAs)."""
    raw = git(folder, "diff-tree", "-r", "-z", "--raw", "--numstat", "--find-renames", "--no-abbrev", old, new)
    fields = raw.decode(errors="replace").split("\0")
    found: dict[str, Changed] = {}
    at = 0
    while at < len(fields) - 1:
        if fields[at].startswith(":"):
            _, _, old_blob, new_blob, kind = fields[at].split(" ")
            both = kind[0] in "RC"
            path = fields[at + 2] if both else fields[at + 1]
            status = {"A": "added", "D": "removed", "R": "renamed", "C": "added"}.get(kind[0], "modified")
            blob = old_blob if kind[0] == "D" else new_blob
            found[path] = Changed(path, status, blob, fields[at + 1] if both else "")
            at += 3 if both else 2
        else:
            added, deleted, path = fields[at].split("\t")
            at += 1 if path else 3
            one = found[path or fields[at - 1]]
            numbers = (int(added), int(deleted)) if added.isdigit() else (0, 0)
            found[one.path] = Changed(one.path, one.status, one.blob, one.before, *numbers)
    return tuple(found.values())


def is_ancestor(folder: Path, old: str, new: str) -> bool:
    return fork_point(folder, old, new) == old


def write_commit(
    folder: Path, parents: tuple[str, ...], files: Mapping[str, bytes | None], message: str, when: str,
    who: tuple[str, str] = ("Somebody", "somebody@example.com"),
) -> str:  # fmt: skip
    """A commit with these files written or (None) deleted on top of the first parent."""
    index = {"GIT_INDEX_FILE": str(folder / "hub-index")}
    git(folder, "read-tree", *([parents[0]] if parents else ["--empty"]), env=index)
    rows = []
    for path, data in files.items():
        blob = text_of(git(folder, "hash-object", "-w", "--stdin", stdin=data)) if data is not None else NONE
        rows.append(f"{'100644' if data is not None else '0'} {blob}\t{path}\0")
    git(folder, "update-index", "-z", "--index-info", stdin="".join(rows).encode(), env=index)
    tree = text_of(git(folder, "write-tree", env=index))
    return commit_tree(folder, tree, parents, message, when, who)


def commit_tree(
    folder: Path, tree: str, parents: tuple[str, ...], message: str, when: str, who: tuple[str, str]
) -> str:
    env = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
           for what, value in (("NAME", who[0]), ("EMAIL", who[1]), ("DATE", when))}  # fmt: skip
    arguments = [word for parent in parents for word in ("-p", parent)]
    return text_of(git(folder, "commit-tree", tree, *arguments, stdin=message.encode(), env=env))


def merged_tree(folder: Path, base: str, head: str) -> str:
    """The tree of a merge, or "" when there is a conflict."""
    try:
        return text(folder, "merge-tree", "--write-tree", base, head).splitlines()[0]
    except GitProblem:
        return ""


def text_of(raw: bytes) -> str:
    return raw.decode().strip()
