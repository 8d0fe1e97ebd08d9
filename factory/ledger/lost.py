"""Spending that a damaged database forgot: counted as more than any limit, until a person has looked."""

from sqlite3 import Connection

from factory.db import Database

LOST = "lost"  # kind of the rows
ALL = 10**12  # micro-dollars, and bytes: more than any limit
TIERS = ("rented", "frontier")  # where bytes count


def count_as_spent(db: Connection, day: str, tables: set[str]) -> None:
    """In the caller's transaction: the day's money, and that of each run that is not finished. Bytes alike."""
    everyone = [("", ""), *db.execute("SELECT id, issue FROM runs WHERE status <> 'done'").fetchall()]
    for run, issue in everyone:
        if "spend" in tables:
            db.execute(
                "INSERT INTO spend (run, issue, day, role, endpoint, tier, kind, state, cost, tokens)"
                " VALUES (?, ?, ?, ?, '', '', ?, 'settled', ?, 0)",
                (run, issue, day, LOST, LOST, ALL),
            )
        if "egress" in tables:
            for tier in TIERS:
                db.execute(
                    "INSERT INTO egress (run, at, endpoint, tier, path, start, stop, bytes, sha256)"
                    " VALUES (?, ?, ?, ?, '', 0, 0, ?, '')",
                    (run, f"{day}T00:00:00.000Z", LOST, tier, ALL),
                )


def lost(db: Database) -> tuple[tuple[str, str], ...]:
    """(day, run) of the rows in force; run '' stands for the whole day."""
    query = (
        f"SELECT day, run FROM spend WHERE kind = '{LOST}'"  # noqa: S608 (a constant)
        f" UNION SELECT substr(at, 1, 10), run FROM egress WHERE endpoint = '{LOST}' ORDER BY 1, 2"
    )
    return tuple((row[0], row[1]) for row in db.connection().execute(query))


def forgive(db: Database) -> int:
    """A person has looked: the limits count again what is known. Returns how many rows were taken back."""
    with db.transaction() as inside:
        money = inside.execute("DELETE FROM spend WHERE kind = ?", (LOST,)).rowcount
        sent = inside.execute("DELETE FROM egress WHERE endpoint = ?", (LOST,)).rowcount
    return int(money + sent)
