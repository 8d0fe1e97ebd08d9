"""Resuming a run that no model answered: its last failed calls are forgotten, so that they are made again."""

import json

from factory.db import Database


def forget_failures(db: Database, run: str) -> int:
    """Delete, at the end of every scope of the run, the exchanges that got no reply; returns how many there were.

    Failures in the middle stay: what followed them rests on them, and a replay must find them.
    """
    forgotten = 0
    with db.transaction() as connection:
        scopes = connection.execute("SELECT DISTINCT stage, unit FROM steps WHERE run=?", (run,)).fetchall()
        for stage, unit in scopes:
            rows = connection.execute(
                "SELECT n, kind, output FROM steps WHERE run=? AND stage=? AND unit=? ORDER BY n DESC",
                (run, stage, unit),
            )
            numbers: list[int] = []
            for n, kind, output in rows:
                if kind != "exchange" or not json.loads(output).get("problem"):
                    break
                numbers.append(n)
            connection.executemany(
                "DELETE FROM steps WHERE run=? AND stage=? AND unit=? AND n=?",
                [(run, stage, unit, n) for n in numbers],
            )
            forgotten += len(numbers)
    return forgotten
