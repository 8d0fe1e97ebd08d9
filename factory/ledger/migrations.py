"""The state database's schema, as numbered functions. Never change one that was released: add the next."""

import sqlite3


def first(db: sqlite3.Connection) -> None:
    """Runs, their steps, leases and trail; spend and egress. Money in micro-dollars, times in ISO 8601 UTC."""
    for statement in """
        CREATE TABLE runs (id TEXT PRIMARY KEY, created TEXT NOT NULL, issue TEXT NOT NULL, repo TEXT NOT NULL,
                           stage TEXT NOT NULL, record TEXT NOT NULL, status TEXT NOT NULL);
        CREATE TABLE leases (run TEXT PRIMARY KEY, holder TEXT NOT NULL, fence INTEGER NOT NULL);
        CREATE TABLE steps (run TEXT NOT NULL, stage TEXT NOT NULL, unit TEXT NOT NULL, n INTEGER NOT NULL,
                            kind TEXT NOT NULL, input_digest TEXT NOT NULL, output_digest TEXT NOT NULL,
                            texts BLOB NOT NULL, seconds REAL NOT NULL, started TEXT NOT NULL,
                            PRIMARY KEY (run, stage, unit, n)) WITHOUT ROWID;
        CREATE TABLE trail (id INTEGER PRIMARY KEY, run TEXT NOT NULL, at TEXT NOT NULL, event TEXT NOT NULL,
                            facts TEXT NOT NULL);
        CREATE TABLE spend (id INTEGER PRIMARY KEY, run TEXT NOT NULL, issue TEXT NOT NULL, day TEXT NOT NULL,
                            role TEXT NOT NULL, endpoint TEXT NOT NULL, tier TEXT NOT NULL, kind TEXT NOT NULL,
                            state TEXT NOT NULL, cost INTEGER NOT NULL, tokens INTEGER NOT NULL,
                            tokens_in INTEGER NOT NULL DEFAULT 0, tokens_out INTEGER NOT NULL DEFAULT 0,
                            tokens_cached INTEGER NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0);
        CREATE INDEX spend_run ON spend (run);
        CREATE INDEX spend_day ON spend (day);
        CREATE INDEX spend_issue ON spend (issue);
        CREATE TABLE egress (id INTEGER PRIMARY KEY, run TEXT NOT NULL, at TEXT NOT NULL, endpoint TEXT NOT NULL,
                             tier TEXT NOT NULL, path TEXT NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
                             bytes INTEGER NOT NULL, sha256 TEXT NOT NULL);
        CREATE INDEX egress_run ON egress (run);
    """.split(";"):
        if statement.strip():
            db.execute(statement)


def second(db: sqlite3.Connection) -> None:
    """Rows that came from another machine keep the name they had there (`machine:id`), so that each comes in once."""
    db.execute("CREATE TABLE machine (id TEXT NOT NULL)")
    db.execute("INSERT INTO machine VALUES (lower(hex(randomblob(8))))")
    for table in ("spend", "egress", "trail"):
        db.execute(f"ALTER TABLE {table} ADD COLUMN origin TEXT NOT NULL DEFAULT ''")
        db.execute(f"CREATE UNIQUE INDEX {table}_origin ON {table} (run, origin) WHERE origin <> ''")


MIGRATIONS = (first, second)
