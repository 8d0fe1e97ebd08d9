"""Open issues in the order in which the night would take them up.

    rank = kind · (1 + log₂(1 + reactions)) · (1 + ½ log₂(1 + comments)) · (½ + ½ age)

- kind: the largest of its labels' weights (KINDS), 1 without one; 0 for what people have said no to
- age: 1 - ½ ^ (days open / 90): what has waited longer comes earlier
- an issue that is perhaps a duplicate of one above it counts half, and says of which: nothing is closed for that
"""

import math
from collections.abc import Iterable
from datetime import datetime

from factory.contracts.hub import Issue
from factory.contracts.record import Record
from factory.hunt.dedupe import ALIKE, alike

HALF_LIFE = 90.0  # days
KINDS = {
    "security": 4.0, "critical": 3.0, "regression": 2.5, "bug": 2.0, "crash": 2.0, "performance": 1.5,
    "enhancement": 0.7, "feature": 0.7, "documentation": 0.7, "question": 0.3, "discussion": 0.2,
    "duplicate": 0.0, "invalid": 0.0, "wontfix": 0.0,
}  # fmt: skip
COMPARED = 200  # issues that are compared with each other: the highest


class Wished(Record):
    issue: Issue
    rank: float
    duplicate_of: int = 0  # perhaps


def wished(issues: Iterable[Issue], now: str) -> tuple[Wished, ...]:
    """Highest first; those of rank 0 are left out. `now`: ISO 8601."""
    rows = [Wished(issue=each, rank=rank(each, now)) for each in issues if not each.is_pull and each.state == "open"]
    rows = sorted((row for row in rows if row.rank > 0), key=lambda row: (-row.rank, row.issue.number))
    rows = [*(_marked(row, rows[:n]) for n, row in enumerate(rows[:COMPARED])), *rows[COMPARED:]]
    return tuple(sorted(rows, key=lambda row: (-row.rank, row.issue.number)))


def rank(issue: Issue, now: str) -> float:
    labels = [label.lower().rpartition(":")[2].strip() for label in issue.labels]
    known = [KINDS[label] for label in labels if label in KINDS]
    kind = 0.0 if 0.0 in known else max(known, default=1.0)
    liked = 1 + math.log2(1 + issue.reactions)
    spoken = 1 + math.log2(1 + issue.comments) / 2
    return round(kind * liked * spoken * (0.5 + 0.5 * _age(issue, now)), 3)


def _age(issue: Issue, now: str) -> float:
    try:
        days = (datetime.fromisoformat(now) - datetime.fromisoformat(issue.created)).total_seconds() / 86_400
    except (ValueError, TypeError):
        return 0.5
    return float(1 - 0.5 ** (max(days, 0.0) / HALF_LIFE))


def _marked(row: Wished, above: list[Wished]) -> Wished:
    text = f"{row.issue.title}\n{row.issue.body}"
    for other in above:
        if alike(text, f"{other.issue.title}\n{other.issue.body}") >= ALIKE:
            return row.but(rank=row.rank / 2, duplicate_of=other.issue.number)
    return row
