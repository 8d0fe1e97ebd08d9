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


def third(db: sqlite3.Connection) -> None:
    """The gateway: who asked, who was asked before, how many requests a row stands for, and the sums of each day.

    The sums are kept by triggers, so that every writer keeps them, in its own transaction, whatever it writes. With
    them a limit of a day costs the same at a million rows as at ten.
    """
    db.execute("ALTER TABLE spend ADD COLUMN key TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE spend ADD COLUMN calls INTEGER NOT NULL DEFAULT 1")
    db.execute("ALTER TABLE spend ADD COLUMN after TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE egress ADD COLUMN key TEXT NOT NULL DEFAULT ''")
    db.execute("DROP INDEX spend_day")
    db.execute("CREATE INDEX spend_day_run ON spend (day, run, kind, cost) WHERE run <> ''")
    db.execute("CREATE INDEX spend_run_paid ON spend (run, day, kind, cost) WHERE cost > 0")
    db.execute("CREATE INDEX spend_warned ON spend (role, day) WHERE kind = 'warned'")
    db.execute("CREATE INDEX runs_open ON runs (id) WHERE status = 'open'")
    db.execute(
        "CREATE TABLE day_totals (day TEXT NOT NULL, key TEXT NOT NULL, endpoint TEXT NOT NULL, kind TEXT NOT NULL,"
        " calls INTEGER NOT NULL, cost INTEGER NOT NULL, tokens INTEGER NOT NULL, tokens_in INTEGER NOT NULL,"
        " tokens_out INTEGER NOT NULL, PRIMARY KEY (day, key, endpoint, kind)) WITHOUT ROWID"
    )
    db.execute(
        "INSERT INTO day_totals (day, key, endpoint, kind, calls, cost, tokens, tokens_in, tokens_out)"
        " SELECT day, key, endpoint, kind, SUM(calls), SUM(cost), SUM(tokens), SUM(tokens_in), SUM(tokens_out)"
        " FROM spend GROUP BY day, key, endpoint, kind"
    )
    more = (
        "INSERT INTO day_totals (day, key, endpoint, kind, calls, cost, tokens, tokens_in, tokens_out)"
        " VALUES (NEW.day, NEW.key, NEW.endpoint, NEW.kind, NEW.calls, NEW.cost, NEW.tokens, NEW.tokens_in,"
        " NEW.tokens_out) ON CONFLICT (day, key, endpoint, kind) DO UPDATE SET calls = calls + excluded.calls,"
        " cost = cost + excluded.cost, tokens = tokens + excluded.tokens,"
        " tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out;"
    )
    less = (
        "UPDATE day_totals SET calls = calls - OLD.calls, cost = cost - OLD.cost, tokens = tokens - OLD.tokens,"
        " tokens_in = tokens_in - OLD.tokens_in, tokens_out = tokens_out - OLD.tokens_out"
        " WHERE day = OLD.day AND key = OLD.key AND endpoint = OLD.endpoint AND kind = OLD.kind;"
    )
    summed = "day, key, endpoint, kind, calls, cost, tokens, tokens_in, tokens_out"
    db.execute(f"CREATE TRIGGER spend_added AFTER INSERT ON spend BEGIN {more} END")
    db.execute(f"CREATE TRIGGER spend_changed AFTER UPDATE OF {summed} ON spend BEGIN {less} {more} END")
    db.execute(f"CREATE TRIGGER spend_removed AFTER DELETE ON spend BEGIN {less} END")


def fourth(db: sqlite3.Connection) -> None:
    """What left for tiers that are not local, summed as it is written: bytes of a day and run, and distinct pieces.

    Also these sums are kept by triggers; a row that is taken back takes its part of them back.
    """
    db.execute(
        "CREATE TABLE egress_sums (day TEXT NOT NULL, tier TEXT NOT NULL, run TEXT NOT NULL, bytes INTEGER NOT NULL,"
        " PRIMARY KEY (day, tier, run)) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX egress_sums_run ON egress_sums (run, tier)")
    db.execute(
        "CREATE TABLE egress_pieces (run TEXT NOT NULL, tier TEXT NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL,"
        " bytes INTEGER NOT NULL, day TEXT NOT NULL, times INTEGER NOT NULL,"
        " PRIMARY KEY (run, tier, path, sha256, bytes, day)) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX egress_pieces_day ON egress_pieces (day, tier)")
    db.execute(
        "INSERT INTO egress_sums (day, tier, run, bytes) SELECT substr(at, 1, 10) AS day, tier, run, SUM(bytes)"
        " FROM egress WHERE tier <> 'local' GROUP BY day, tier, run"
    )
    db.execute(
        "INSERT INTO egress_pieces (run, tier, path, sha256, bytes, day, times)"
        " SELECT run, tier, path, sha256, bytes, substr(at, 1, 10) AS day, COUNT(*) FROM egress"
        " WHERE tier <> 'local' AND path <> '' GROUP BY run, tier, path, sha256, bytes, day"
    )
    db.execute(
        "CREATE TRIGGER egress_added AFTER INSERT ON egress WHEN NEW.tier <> 'local' BEGIN"
        " INSERT INTO egress_sums (day, tier, run, bytes)"
        " VALUES (substr(NEW.at, 1, 10), NEW.tier, NEW.run, NEW.bytes)"
        " ON CONFLICT (day, tier, run) DO UPDATE SET bytes = bytes + excluded.bytes; END"
    )
    db.execute(
        "CREATE TRIGGER egress_piece_added AFTER INSERT ON egress WHEN NEW.tier <> 'local' AND NEW.path <> '' BEGIN"
        " INSERT INTO egress_pieces (run, tier, path, sha256, bytes, day, times)"
        " VALUES (NEW.run, NEW.tier, NEW.path, NEW.sha256, NEW.bytes, substr(NEW.at, 1, 10), 1)"
        " ON CONFLICT (run, tier, path, sha256, bytes, day) DO UPDATE SET times = times + 1; END"
    )
    db.execute(
        "CREATE TRIGGER egress_removed AFTER DELETE ON egress WHEN OLD.tier <> 'local' BEGIN"
        " UPDATE egress_sums SET bytes = bytes - OLD.bytes"
        " WHERE day = substr(OLD.at, 1, 10) AND tier = OLD.tier AND run = OLD.run;"
        " UPDATE egress_pieces SET times = times - 1 WHERE run = OLD.run AND tier = OLD.tier AND path = OLD.path"
        " AND sha256 = OLD.sha256 AND bytes = OLD.bytes AND day = substr(OLD.at, 1, 10);"
        " DELETE FROM egress_pieces WHERE run = OLD.run AND tier = OLD.tier AND path = OLD.path"
        " AND sha256 = OLD.sha256 AND bytes = OLD.bytes AND day = substr(OLD.at, 1, 10) AND times <= 0; END"
    )


def fifth(db: sqlite3.Connection) -> None:
    """What a run means to do outside, written before it is done; each start of a task's run and how it ended."""
    db.execute(
        "CREATE TABLE outbox (id INTEGER PRIMARY KEY, run TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,"
        " intended TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('intended', 'done')),"
        " result TEXT NOT NULL DEFAULT '', fence INTEGER NOT NULL, at TEXT NOT NULL, UNIQUE (run, kind, key))"
    )
    db.execute("CREATE INDEX outbox_open ON outbox (run) WHERE state = 'intended'")
    db.execute(
        "CREATE TABLE attempts (id INTEGER PRIMARY KEY, task TEXT NOT NULL, run TEXT NOT NULL, holder TEXT NOT NULL,"
        " at TEXT NOT NULL, ended TEXT NOT NULL DEFAULT '', outcome TEXT NOT NULL DEFAULT '')"
    )
    db.execute("CREATE INDEX attempts_task ON attempts (task, id)")
    db.execute("CREATE INDEX attempts_run ON attempts (run, id)")
    db.execute("ALTER TABLE leases ADD COLUMN beat TEXT NOT NULL DEFAULT ''")  # the holder's last sign of life


def sixth(db: sqlite3.Connection) -> None:
    """What recorded answers name stands beside the money: NULL where a model was asked."""
    db.execute("ALTER TABLE spend ADD COLUMN recorded INTEGER")
    db.execute("DROP INDEX spend_day_run")
    db.execute("CREATE INDEX spend_day_run ON spend (day, run, kind, cost, recorded) WHERE run <> ''")


MIGRATIONS = (first, second, third, fourth, fifth, sixth)
