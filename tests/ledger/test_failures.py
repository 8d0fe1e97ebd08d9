"""A resumed run asks again what could not be asked, and nothing else."""

import json
from pathlib import Path

from factory.db import Database
from factory.ledger.failures import forget_failures
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.texts import pack


def test_only_failures_at_the_end_of_the_stopped_stage_are_forgotten(tmp_path: Path) -> None:
    db = Database(tmp_path / "factory.db", MIGRATIONS)
    steps = [
        ("generate", "a", 0, "exchange", ""),
        ("generate", "a", 1, "exchange", "unreachable"),  # the next endpoint answered: it stays
        ("generate", "a", 2, "exchange", ""),
        ("generate", "a", 3, "exchange", "rate_limited"),
        ("generate", "a", 4, "exchange", "budget"),
        ("generate", "b", 0, "exchange", "unreachable"),
        ("generate", "b", 1, "check", "unreachable"),  # not an exchange
        ("plan", "", 0, "exchange", "unreachable"),  # a finished stage
    ]
    with db.transaction() as connection:
        for stage, unit, n, kind, problem in steps:
            connection.execute(
                "INSERT INTO steps (run, stage, unit, n, kind, input_digest, output_digest, texts, seconds, started)"
                " VALUES ('run-1', ?, ?, ?, ?, '', '', ?, 0, '')",
                (stage, unit, n, kind, pack("", json.dumps({"problem": problem}))),
            )
    assert forget_failures(db, "run-1", "generate") == 2
    rows = db.connection().execute("SELECT stage, unit, n FROM steps ORDER BY stage, unit, n").fetchall()
    assert [tuple(row) for row in rows] == [
        ("generate", "a", 0), ("generate", "a", 1), ("generate", "a", 2), ("generate", "b", 0), ("generate", "b", 1),
        ("plan", "", 0),
    ]  # fmt: skip
    assert forget_failures(db, "run-2", "generate") == 0
