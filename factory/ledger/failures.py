"""Resuming a run that no model answered: its last failed calls are forgotten, so that they are made again."""

import json

from factory.db import Database
from factory.ledger.texts import unpack


def forget_failures(db: Database, run: str, stage: str, finished: tuple[str, ...] = ()) -> int:
    """Delete, at the end of every scope of the stage that stopped, the exchanges without a reply; returns their number.

    `finished`: beginnings of the names of units whose work is done: they stay, as do failures in the middle and those
    of finished stages, since what followed rests on them and a replay must find them.
    """
    forgotten = 0
    with db.transaction() as connection:
        scopes = connection.execute("SELECT DISTINCT unit FROM steps WHERE run=? AND stage=?", (run, stage)).fetchall()
        for (unit,) in scopes:
            if unit.startswith(finished):
                continue
            rows = connection.execute(
                "SELECT n, kind, texts FROM steps WHERE run=? AND stage=? AND unit=? ORDER BY n DESC",
                (run, stage, unit),
            )
            numbers: list[int] = []
            for n, kind, texts in rows:
                if kind != "exchange" or not json.loads(unpack(texts)[1]).get("problem"):
                    break
                numbers.append(n)
            connection.executemany(
                "DELETE FROM steps WHERE run=? AND stage=? AND unit=? AND n=?",
                [(run, stage, unit, n) for n in numbers],
            )
            forgotten += len(numbers)
    return forgotten
