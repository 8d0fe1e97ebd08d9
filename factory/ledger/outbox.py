"""The outbox: what a run means to do outside is written here first, so that a death in between leaves a trace.

An entry is `intended` before its effect and `done` after it. Whoever takes a run over looks at the entries that were
left `intended`: what is there is done; what is not is made by the stage, which comes by again.
"""

import json
from collections.abc import Callable
from typing import Literal

from factory.contracts.record import Json, Record
from factory.ledger.journal import SqliteJournal

FIELDS = "id, run, kind, key, intended, state, result, fence, at"


class Entry(Record):
    """One effect. `key` is what it is looked up by: a branch's name, a pull request's marker."""

    id: int
    run: str
    kind: str
    key: str
    intended: Json
    state: Literal["intended", "done"]
    result: str
    fence: int
    at: str


class Outbox:
    def __init__(self, journal: SqliteJournal, run: str) -> None:
        self._journal = journal
        self._run = run

    def effect(self, kind: str, key: str, intended: Json, make: Callable[[], str]) -> None:
        """Write what is meant, `make` it, write what came of it. Raises LostLease before anything is made."""
        number = self._intend(kind, key, intended)
        self.done(number, make())

    def _intend(self, kind: str, key: str, intended: Json) -> int:
        """The fencing number is checked in the transaction that writes the intention."""
        journal = self._journal
        with journal.db.transaction() as db:
            fence = journal.beat(self._run)
            found = db.execute(
                "INSERT INTO outbox (run, kind, key, intended, state, fence, at) VALUES (?, ?, ?, ?, 'intended', ?, ?)"
                " ON CONFLICT (run, kind, key) DO UPDATE SET intended = excluded.intended, state = 'intended',"
                " result = '', fence = excluded.fence, at = excluded.at RETURNING id",
                (self._run, kind, key, json.dumps(intended, sort_keys=True), fence, journal.clock.now()),
            ).fetchone()
        return int(found[0])

    def done(self, number: int, result: str) -> None:
        with self._journal.db.transaction() as db:
            self._journal.beat(self._run)
            db.execute("UPDATE outbox SET state = 'done', result = ? WHERE id = ?", (result, number))

    def left(self) -> tuple[Entry, ...]:
        """What was meant and never confirmed."""
        return tuple(entry for entry in self.all() if entry.state == "intended")

    def all(self) -> tuple[Entry, ...]:
        query = f"SELECT {FIELDS} FROM outbox WHERE run = ? ORDER BY id"  # noqa: S608 (constants)
        rows = self._journal.db.connection().execute(query, (self._run,))
        return tuple(Entry.model_validate({**dict(row), "intended": json.loads(row["intended"])}) for row in rows)
