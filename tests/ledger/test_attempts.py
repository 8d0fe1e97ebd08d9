"""Failures of a task in a row, as far as they are the task's."""

from pathlib import Path

import pytest

from factory.db import Database
from factory.ledger.attempts import NOT_SOLVED, SOLVED, TERMINATED, Attempts
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.process import nobody
from tests.ledger.test_process import Jumping


def of(folder: Path, *outcomes: str) -> Attempts:
    """A task with these ends, the oldest first; 'died' had no time for one."""
    db = Database(folder / "factory.db", MIGRATIONS)
    attempts = Attempts(db, Jumping("2026-11-20T12:00:00.000Z"))
    for outcome in outcomes:
        number = attempts.begin("task", "run")
        if outcome == "died":
            with db.transaction() as inside:
                inside.execute("UPDATE attempts SET holder = ? WHERE id = ?", (nobody(), number))
        elif outcome != "runs":
            attempts.end(number, outcome)
    return attempts


@pytest.mark.parametrize(
    ("outcomes", "failed"),
    [
        ((), 0),
        (("units_failed", "died", NOT_SOLVED), 3),
        (("units_failed", SOLVED, "died"), 1),
        (("died", "died", SOLVED), 0),
        (("died", "interrupted", TERMINATED, "waiting_quota", "sandbox_unavailable", "died"), 2),
        (("disk_full", "state_unusable", "disk_full", "died"), 1),  # the machine's
        (("died", "runs"), 1),  # the one at work has not failed yet
    ],
)
def test_in_a_row(tmp_path: Path, outcomes: tuple[str, ...], failed: int) -> None:
    assert of(tmp_path, *outcomes).failed_in_a_row("task") == failed


def test_tasks_are_counted_apart(tmp_path: Path) -> None:
    attempts = of(tmp_path, "died", "died")
    assert attempts.failed_in_a_row("another") == 0
    assert [each.outcome for each in attempts.of("run")] == ["", ""]
