"""A schema that was released stays as it is, and an older file becomes what a new one is."""

from pathlib import Path

import pytest

from factory.contracts.record import digest
from factory.db import Database
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.travel import SpendRow, rows_in
from tests.ledger.tills import book, totals_agree

RELEASED = {1: "989ed06a4f25a43e", 2: "070035bc05963e59", 3: "382263a334c9bda4", 4: "00f2cc295ba00fb4",
            5: "74f92bb639133e95", 6: "196646e9816cc712"}  # fmt: skip
"""After each migration, the digest of what `sqlite_master` says. Never change one: add a migration and its digest."""


def schema(db: Database) -> str:
    rows = db.connection().execute("SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_master ORDER BY 1, 2")
    return "\n".join(" ".join(" ".join(row).split()) for row in rows)


@pytest.mark.parametrize("number", range(1, len(MIGRATIONS) + 1))
def test_a_released_migration_never_changes(tmp_path: Path, number: int) -> None:
    assert digest(schema(Database(tmp_path / "factory.db", MIGRATIONS[:number])))[:16] == RELEASED.get(number)


def test_rows_of_an_older_file_are_summed(tmp_path: Path) -> None:
    old = Database(tmp_path / "factory.db", MIGRATIONS[:2])
    with old.transaction() as inside:
        for n in range(20):
            inside.execute(
                "INSERT INTO spend (run, issue, day, role, endpoint, tier, kind, state, cost, tokens)"
                " VALUES ('r', '', ?, 'coder', ?, 'local', ?, 'settled', ?, 7)",
                (f"2026-11-{n % 3 + 10}", f"e{n % 2}", ("model", "clock")[n % 2], n),
            )
    new = book(tmp_path)
    assert totals_agree(new)
    assert new.connection().execute("SELECT SUM(cost), SUM(calls) FROM day_totals").fetchone()[:2] == (190, 20)


def test_the_sums_follow_every_way_of_writing(tmp_path: Path) -> None:
    """Also rows that come from another machine, are replaced by newer ones, moved to another day, or deleted."""
    db = book(tmp_path)
    row = SpendRow(
        origin="box:1", day="2026-11-20", role="coder", endpoint="e", tier="local", kind="model", state="reserved",
        cost=50, tokens=9, tokens_in=0, tokens_out=0, tokens_cached=0, seconds=0,
    )  # fmt: skip
    rows_in(db, "r", "7", [row, row.but(origin="box:2")])
    rows_in(db, "r", "7", [row.but(state="settled", cost=20, day="2026-11-21", seconds=1, tokens_in=4)])
    rows_in(db, "r", "7", [row.but(origin="box:2", state="settled", kind="escalation", seconds=1)])
    assert totals_agree(db)
    with db.transaction() as inside:
        inside.execute("DELETE FROM spend WHERE origin = 'box:2'")
        inside.execute("UPDATE spend SET endpoint = 'f', key = 'anna', calls = 3")
    assert totals_agree(db)
    found = db.connection().execute("SELECT day, key, endpoint, calls, cost, tokens_in FROM day_totals WHERE calls > 0")
    assert [tuple(each) for each in found] == [("2026-11-21", "anna", "f", 3, 20, 4)]
