"""What is mended already, as the repository's own history says: commits of ours name their finding in a trailer."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from factory.contracts.errors import GitProblem
from factory.git import run_git

RECENT = timedelta(days=14)  # a merge younger than that speaks for its findings
MOST = 5000  # commits that are looked through
_UNIT = re.compile(r"mend-([0-9a-f]{12})")
_FORM = "--format=%cI%x09%(trailers:key=Factory-Run,valueonly,separator=%x20)%x09" \
        "%(trailers:key=Factory-Unit,valueonly,separator=%x20)"  # fmt: skip


class Delivered(NamedTuple):
    findings: frozenset[str]  # on a branch of ours, or merged within a fortnight
    today: int  # branches that were made on this UTC day


def delivered(repo: Path, commit: str, now: str) -> Delivered:
    """`commit`: what is hunted in. `now`: ISO 8601."""
    at = datetime.fromisoformat(now)
    rows = [*_log(repo, "--glob=refs/heads/factory/*"), *_log(repo, f"--since={(at - RECENT).isoformat()}", commit)]
    mended = [(when, run, unit) for when, run, units in rows for unit in _UNIT.findall(units)]
    today = {run for when, run, _ in mended if datetime.fromisoformat(when).astimezone(at.tzinfo).date() == at.date()}
    return Delivered(frozenset(unit for _, _, unit in mended), len(today))


def _log(repo: Path, *arguments: str) -> list[tuple[str, str, str]]:
    """(when, run, units) a commit. Without a branch of ours git lists nothing."""
    try:
        raw = run_git(repo, "log", f"--max-count={MOST}", _FORM, *arguments, "--")
    except GitProblem:
        return []
    rows = (line.split("\t") for line in raw.decode(errors="replace").splitlines())
    return [(row[0], row[1], row[2]) for row in rows if len(row) == 3 and row[0]]
