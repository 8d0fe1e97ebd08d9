"""What the books say of findings that are on a pull request of ours: for the gate, before anything is mended again, and
for the ship job, before anything is opened.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from factory.contracts.books import Row
from factory.contracts.errors import HubMissing
from factory.contracts.hub import PullReader

RECENT = timedelta(days=14)  # a merge younger than that speaks for its findings


def elsewhere(pulls: PullReader, rows: Sequence[Row], findings: Iterable[str], run: str, now: str) -> str:
    """Which other pull request of ours has some of these findings: an open one, one that was merged within a fortnight,
    one that a person closed unmerged. "" = none. Raises HubProblem."""
    wanted = set(findings)
    for row in _mending(rows):
        if row.run != run and wanted & set(row.why.split()):
            said = _speaks(pulls, row, _pull(rows, row), now)
            if said:
                return said
    return ""


def taken(pulls: PullReader, rows: Sequence[Row], now: str) -> frozenset[str]:
    """Ids of all findings of which that is so. Raises HubProblem."""
    held = (row for row in _mending(rows) if _speaks(pulls, row, _pull(rows, row), now))
    return frozenset(each for row in held for each in row.why.split())


def places_left(rows: Sequence[Row], most: int, now: str) -> int:
    """How many more themes may get a pull request this UTC day, of `most`."""
    return most - sum(row.at[:10] == now[:10] for row in _mending(rows))


def _mending(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.kind == "note" and row.id == f"{row.run}.mend"]


def _pull(rows: Sequence[Row], row: Row) -> int:
    return next((each.pull_made for each in rows if each.id == f"{row.run}.pull"), 0)


def _speaks(pulls: PullReader, row: Row, number: int, now: str) -> str:
    try:
        pull = pulls.pull(number) if number else None
    except HubMissing:
        return ""
    if pull is None:
        return "An earlier night began with some of it." if _recent(row.at, now) else ""
    if pull.state == "open":
        return f"Pull request {number} has some of it."
    if not pull.merged:
        return f"Pull request {number} had some of it, and a person closed it."
    return f"Pull request {number} was merged lately." if _recent(pull.ended or row.at, now) else ""


def _recent(at: str, now: str) -> bool:
    return datetime.fromisoformat(now) - datetime.fromisoformat(at) < RECENT
