"""What the books say of the hunt's pull requests."""

import pytest

from factory.contracts.books import Row
from factory.jobs.hunt_books import places_left

NOW = "2026-11-21T05:17:00Z"


def row(what: str, at: str = NOW, kind: str = "note") -> Row:
    return Row.model_validate({"id": f"gh-0-a.{what}", "kind": kind, "run": "gh-0-a", "event": "x", "purpose": "hunt",
                               "issue": 0, "actor": "schedule", "at": at})  # fmt: skip


@pytest.mark.parametrize(
    ("there", "left"),
    [
        ((), 2),
        ((row("mend"),), 1),
        ((row("mend"), row("pull")), 1),
        ((row("mend", "2026-11-20T23:59:59Z"), row("mend")), 1),
        ((row("mend"), row("mend"), row("mend")), -1),
    ],
)
def test_a_day_s_places_are_counted_by_what_was_begun_that_day(there: tuple[Row, ...], left: int) -> None:
    assert places_left(there, 2, NOW) == left
