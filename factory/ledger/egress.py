"""What was sent where: one row for each piece of the repository and one for the rest of the prompt."""

from collections.abc import Sequence

from factory.contracts.model import Piece
from factory.contracts.record import Record
from factory.contracts.seams import Clock
from factory.db import Database


class Sent(Record):
    """What one endpoint was sent in a run: distinct files, bytes in all (repeated sendings count again)."""

    endpoint: str
    tier: str
    files: int
    bytes: int


class SentFile(Record):
    """One file's part of it; path '' is everything in the prompts that is not a file of the repository."""

    endpoint: str
    tier: str
    path: str
    times: int
    bytes: int


class Egress:
    """The egress ledger of all runs on this machine."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def sending(self, run: str, endpoint: str, tier: str, pieces: Sequence[Piece], rest: Piece) -> tuple[int, ...]:
        """Written before the bytes leave; returns the rows' ids for `not_sent`. `rest` has path ''."""
        at = self._clock.now()
        with self._db.transaction() as db:
            return tuple(
                int(
                    db.execute(
                        "INSERT INTO egress (run, at, endpoint, tier, path, start, stop, bytes, sha256)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        (run, at, endpoint, tier, item.path, item.start, item.end, item.bytes, item.sha256),
                    ).lastrowid
                    or 0
                )
                for item in (*pieces, rest)
            )

    def not_sent(self, rows: Sequence[int]) -> None:
        """The connection was never made: take the rows back."""
        with self._db.transaction() as db:
            db.executemany("DELETE FROM egress WHERE id=?", [(row,) for row in rows])

    def by_endpoint(self, run: str) -> tuple[Sent, ...]:
        rows = self._db.connection().execute(
            "SELECT endpoint, tier, COUNT(DISTINCT NULLIF(path, '')) AS files, SUM(bytes) AS bytes"
            " FROM egress WHERE run=? GROUP BY endpoint, tier ORDER BY bytes DESC, endpoint",
            (run,),
        )
        return tuple(Sent.model_validate(dict(row)) for row in rows)

    def files(self, run: str) -> tuple[SentFile, ...]:
        """Each file by endpoint, most bytes first."""
        rows = self._db.connection().execute(
            "SELECT endpoint, tier, path, COUNT(*) AS times, SUM(bytes) AS bytes"
            " FROM egress WHERE run=? GROUP BY endpoint, tier, path ORDER BY bytes DESC, endpoint, path",
            (run,),
        )
        return tuple(SentFile.model_validate(dict(row)) for row in rows)
