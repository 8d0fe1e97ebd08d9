"""Where `factory ledger cost --books` reads the shared books: on GitHub, in a clone, or in a file of their lines."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from factory.contracts.bill import Stay
from factory.contracts.errors import GitProblem, UsageProblem
from factory.forge.shared_books import BRANCH, Books, SharedBooks, books_in
from factory.forge.stays import stays
from factory.git import run_git

MOST = 64 * 1024 * 1024  # bytes of a file that are read


def stays_of(books: Sequence[str], state: Path) -> tuple[Stay, ...] | None:
    """Of all these books together; None when none are named. Raises UsageProblem for what is none, HubProblem."""
    if not books:
        return None
    found = [_read(each, state) for each in books]
    if bad := sum(each.bad for each in found):
        print(f"{bad} lines of the books could not be read: what they say is not counted.", file=sys.stderr)
    return stays(tuple({row.id: row for each in found for row in each.rows}.values()))


def _read(where: str, state: Path) -> Books:
    path = Path(where)
    if path.is_dir():
        return _of_clone(path)
    if path.is_file():
        return _of_file(path)
    if re.fullmatch(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}", where):
        return _of_hub(where, state)
    raise UsageProblem(f"--books {where}: say OWNER/NAME on GitHub, the folder of a clone, or a file of their lines.")


def _of_file(path: Path) -> Books:
    with path.open("rb") as handle:
        raw = handle.read(MOST + 1)
    if len(raw) > MOST:
        raise UsageProblem(f"--books {path}: it has more than {MOST:,} bytes; give its months one by one.")
    found = books_in([raw])
    if not found.rows:
        raise UsageProblem(f"--books {path}: no line of it is one of the books.")
    return found


def _of_clone(folder: Path) -> Books:
    """Every copy of the branch that the clone has: its own and those that it fetched."""
    try:
        refs = run_git(
            folder, "for-each-ref", "--format=%(refname)", f"refs/heads/{BRANCH}", f"refs/remotes/*/{BRANCH}"
        )
        files = [
            run_git(folder, "cat-file", "blob", f"{ref}:{name}")
            for ref in refs.decode().split()
            for name in run_git(folder, "ls-tree", "--name-only", ref).decode().split("\n")
            if re.fullmatch(r"\d{4}-\d{2}\.jsonl", name)
        ]
    except GitProblem as problem:
        raise UsageProblem(f"--books {folder}: {problem}") from None
    if not files:
        raise UsageProblem(f"--books {folder}: it has no branch {BRANCH}: git fetch origin {BRANCH}:{BRANCH}")
    return books_in(files)


def _of_hub(name: str, state: Path) -> Books:
    from factory.app import SystemClock
    from factory.contracts.record import digest
    from factory.install.hub import web_of

    url = f"{web_of(os.environ)}/{name}.git"
    token = os.environ.get("GITHUB_TOKEN", "") or os.environ.get("GH_TOKEN", "")
    found = SharedBooks(state / "books" / f"{digest(url)[:16]}.git", url, token, SystemClock()).read()
    if not found.commit:
        raise UsageProblem(f"--books {name}: it has no branch {BRANCH} yet.")
    return found
