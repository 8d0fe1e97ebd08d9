"""Starts of a task's runs and how they ended: a task that fails again and again is left to a person."""

from typing import get_args

from factory.contracts.errors import StopReason
from factory.contracts.record import Record
from factory.contracts.seams import Clock
from factory.db import Database
from factory.ledger.process import alive, this_process

SOLVED = "solved"
NOT_SOLVED = "not_solved"  # went to its end, but not well enough
TERMINATED = "terminated"  # SIGTERM: the machine or a service went down, no person's Ctrl-C
NEUTRAL = {  # says nothing about the task: the machine, a provider or a person ended it
    TERMINATED, "interrupted", "cancelled_by_human", "waiting_quota", "rate_limited", "sandbox_unavailable",
    "auth_expired", "wrong_key", "no_model", "disk_full", "state_unusable",
}  # fmt: skip
assert {*get_args(StopReason), TERMINATED} >= NEUTRAL


class Attempt(Record):
    """One start. `outcome` is a reason to stop, or one of the above; '' while it runs or when its process died."""

    id: int
    task: str
    run: str
    holder: str
    at: str
    ended: str
    outcome: str

    @property
    def died(self) -> bool:
        return not self.outcome and not alive(self.holder)

    @property
    def failed(self) -> bool:
        return self.died or bool(self.outcome and self.outcome not in NEUTRAL and self.outcome != SOLVED)


class Attempts:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def begin(self, task: str, run: str) -> int:
        """`task`: as ledger.issue.issue_key gives it. Written before the work, so that a death is counted too."""
        with self._db.transaction() as db:
            row = db.execute(
                "INSERT INTO attempts (task, run, holder, at) VALUES (?, ?, ?, ?)",
                (task, run, this_process(), self._clock.now()),
            )
        return int(row.lastrowid or 0)

    def end(self, number: int, outcome: str) -> None:
        with self._db.transaction() as db:
            db.execute("UPDATE attempts SET ended = ?, outcome = ? WHERE id = ?",
                       (self._clock.now(), outcome, number))  # fmt: skip

    def failed_in_a_row(self, task: str) -> int:
        """Failures since the task was last solved. What says nothing about the task is passed over."""
        count = 0
        for attempt in self._rows("task = ?", task):
            if attempt.outcome == SOLVED:
                break
            count += attempt.failed
        return count

    def of(self, run: str) -> tuple[Attempt, ...]:
        """A run's own, the newest first."""
        return self._rows("run = ?", run)

    def _rows(self, where: str, key: str) -> tuple[Attempt, ...]:
        query = f"SELECT * FROM attempts WHERE {where} ORDER BY id DESC LIMIT 100"  # noqa: S608 (two fixed texts)
        return tuple(Attempt.model_validate(dict(row)) for row in self._db.connection().execute(query, (key,)))
