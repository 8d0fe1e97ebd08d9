"""What was sent where: one row for each piece of the repository and one for the rest of the prompt."""

from collections.abc import Mapping, Sequence

from factory.contracts.model import Piece, Tier
from factory.contracts.record import Record
from factory.contracts.seams import Clock
from factory.contracts.story import Sent
from factory.db import Database
from factory.ledger.egress_limits import Caps, Known, check, covered, share


class SentFile(Record):
    """One file's part of it; path '' is everything in the prompts that is not a file of the repository."""

    endpoint: str
    tier: Tier
    path: str
    times: int
    bytes: int


class Egress:
    """The egress ledger of all runs on this machine."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def sending(
        self, run: str, endpoint: str, tier: Tier, pieces: Sequence[Piece], rest: Piece, caps: Caps | None = None
    ) -> tuple[int, ...]:
        """Written before the bytes leave; returns the rows' ids for `not_sent`. `rest` has path ''.

        Raises Withheld when they would pass one of `caps`; then no row is there. Asked and written in one transaction.
        """
        at = self._clock.now()
        with self._db.transaction() as db:
            if caps is not None:
                check(db, run, tier, at[:10], caps, pieces, rest)
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

    def by_endpoint(self, run: str, sizes: Mapping[str, int] | None = None) -> tuple[Sent, ...]:
        """What each endpoint was sent: distinct files, and bytes in all (what is sent twice counts twice).

        `sizes`: bytes of each file of the base tree, for the share of the repository.
        """
        made: dict[tuple[str, Tier], Sent] = {}
        for item in self.files(run):
            sent = made.get((item.endpoint, item.tier)) or Sent(
                endpoint=item.endpoint, tier=item.tier, files=0, bytes=0
            )
            made[item.endpoint, item.tier] = sent.but(
                files=sent.files + bool(item.path),
                bytes=sent.bytes + item.bytes,
                paths=(*sent.paths, item.path) if item.path else sent.paths,
            )
        known = sizes or {}
        whole = [
            sent.but(distinct=covered(pieces, known), share=share(pieces, known))
            for place, sent in made.items()
            for pieces in (self._distinct(run, *place),)
        ]
        return tuple(sorted(whole, key=lambda sent: (-sent.bytes, sent.endpoint)))

    def _distinct(self, run: str, endpoint: str, tier: Tier) -> list[Known]:
        rows = self._db.connection().execute(
            "SELECT DISTINCT path, sha256, bytes FROM egress WHERE run=? AND endpoint=? AND tier=? AND path<>''",
            (run, endpoint, tier),
        )
        return [(row["path"], row["sha256"], row["bytes"]) for row in rows]

    def files(self, run: str) -> tuple[SentFile, ...]:
        """Each file by endpoint, most bytes first."""
        rows = self._db.connection().execute(
            "SELECT endpoint, tier, path, COUNT(*) AS times, SUM(bytes) AS bytes"
            " FROM egress WHERE run=? GROUP BY endpoint, tier, path ORDER BY bytes DESC, endpoint, path",
            (run,),
        )
        return tuple(SentFile.model_validate(dict(row)) for row in rows)
