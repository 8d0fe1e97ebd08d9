"""A state database that is damaged: what can be read of it goes into a new one, and what cannot counts as spent.

Money errs towards having been spent: when rows of `spend` are missing, today's limit and those of the runs that were
open are used up until a person says otherwise (`factory ledger lost --clear`).
"""

import contextlib
import lzma
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from factory.contracts.errors import FactoryError
from factory.contracts.record import Record, ValidationError, digest
from factory.contracts.run import Run
from factory.db import Database
from factory.ledger.issue import issue_key
from factory.ledger.lost import count_as_spent
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.process import nobody
from factory.ledger.texts import unpack

TABLES = ("runs", "leases", "steps", "trail", "spend", "egress", "outbox", "attempts")
KEYS = {"runs": "rowid", "leases": "rowid", "steps": "run, stage, unit, n"}  # what a table is read by; the others by id
Row = dict[str, object]


class Salvaged(Record):
    """What came of a rebuilding. `partly`: tables of which rows are missing."""

    aside: str = ""
    runs: int = 0
    from_files: int = 0
    rows: dict[str, int] = {}
    partly: tuple[str, ...] = ()

    @property
    def money_lost(self) -> bool:
        return "spend" in self.partly

    def words(self) -> str:
        """For the person who starts the factory next."""
        kept = ", ".join(f"{count} {name}" for name, count in self.rows.items() if count) or "nothing"
        said = f"The state database was damaged: it is kept as {self.aside}, and rebuilt with {kept} rows from it"
        said += f" and {self.from_files} runs from their files." if self.from_files else "."
        if self.partly:
            said += f" Rows are missing from {', '.join(self.partly)}."
        if self.money_lost:
            said += (
                " What was spent is not known for certain, so today's limit and those of open runs count as used up: "
                "look at your provider's bill, then run `factory ledger lost --clear`."
            )
        return said


def salvage(broken: Path, runs: Path, fresh: Path, now: str) -> Salvaged:
    """A new database at `fresh` from the broken one and from `runs`/<id>/run.json. The old one is only read.

    `now`: ISO 8601, UTC. Raises Stopped('disk_full' | 'state_unusable') when the new one cannot be written whole.
    """
    for left in fresh.parent.glob(f"{fresh.name}*"):
        left.unlink()
    db = Database(fresh, MIGRATIONS)
    with contextlib.closing(db.connection()):
        found = _rebuilt(broken, runs, db, now)
        db.settle()  # closing would pass over a disk that is full, and the log is not what gets the name
    return found


def _rebuilt(broken: Path, runs: Path, db: Database, now: str) -> Salvaged:
    with db.transaction() as connection:
        rows, partly, fence = _copied(broken, connection)
        from_files = _from_files(runs, connection)
        # higher than any number that was given out, so that nobody who still holds one may write
        connection.execute(
            "INSERT INTO leases (run, holder, fence) VALUES ('', '', ?)", (max(fence, _seconds(now)) + 1,)
        )
        if {"spend", "egress"} & {*partly}:
            count_as_spent(connection, now[:10], {*partly})
        total = int(connection.execute("SELECT COUNT(*) FROM runs").fetchone()[0])
        found = Salvaged(runs=total, from_files=from_files, rows=rows, partly=partly)
        connection.execute(
            "INSERT INTO trail (run, at, event, facts) VALUES ('', ?, 'rebuilt', ?)", (now, found.to_json())
        )
    return found


def _copied(broken: Path, new: sqlite3.Connection) -> tuple[dict[str, int], tuple[str, ...], int]:
    """(rows of each table, tables with gaps, the highest fencing number that can be read)."""
    rows, partly, fence = dict.fromkeys(TABLES, 0), [], 0
    try:
        old = sqlite3.connect(broken, timeout=30) if broken.exists() else sqlite3.connect(":memory:")
    except sqlite3.Error:
        old = sqlite3.connect(":memory:")
    with contextlib.closing(old):
        old.row_factory = sqlite3.Row
        for table in TABLES:
            reader = _Reader(old, table)
            for row in reader.rows():
                try:
                    rows[table] += _put(new, table, row)
                except (sqlite3.IntegrityError, sqlite3.DataError):
                    reader.gaps = True
            if reader.gaps:
                partly.append(table)
        with contextlib.suppress(sqlite3.Error):
            fence = int(old.execute("SELECT COALESCE(MAX(fence), 0) FROM leases").fetchone()[0])
        with contextlib.suppress(sqlite3.Error):
            (name,) = old.execute("SELECT id FROM machine").fetchone()
            new.execute("UPDATE machine SET id = ?", (name,))
    return rows, tuple(partly), fence


class _Reader:
    """The rows of one table of a damaged file: from the front up to the damage, then from the back up to it."""

    def __init__(self, old: sqlite3.Connection, table: str) -> None:
        self._old = old
        self._table = table
        self.gaps = False

    def rows(self) -> Iterator[Row]:
        key = KEYS.get(self._table, "id")
        try:
            verdict = self._old.execute(f"PRAGMA quick_check('{self._table}')").fetchone()[0]  # a name of ours
            self.gaps = verdict != "ok"
        except sqlite3.Error:
            self.gaps = True
        yield from self._walk(key)
        if self.gaps:
            yield from self._walk(", ".join(f"{part} DESC" for part in key.split(", ")))

    def _walk(self, order: str) -> Iterator[Row]:
        query = f"SELECT * FROM {self._table} ORDER BY {order}"  # noqa: S608 (names of ours)
        try:
            for row in self._old.execute(query):
                yield dict(row)
        except (sqlite3.Error, UnicodeDecodeError):
            self.gaps = True


def _put(new: sqlite3.Connection, table: str, row: Row) -> int:
    """1 when the row is sound and new."""
    if not _sound(table, row):
        return 0
    known = {found[1] for found in new.execute(f"PRAGMA table_info({table})")}
    names = [name for name in row if name in known]
    marks = ", ".join("?" * len(names))
    done = new.execute(
        f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 (names of ours)
        [row[name] for name in names],
    )
    return max(done.rowcount, 0)


def _sound(table: str, row: Row) -> bool:
    """Rows that carry their own proof are held to it."""
    if table == "runs":
        return _run(str(row.get("record"))) is not None
    if table == "steps":
        with contextlib.suppress(lzma.LZMAError, ValueError, TypeError, EOFError):
            return digest(unpack(row["texts"])[1]) == row["output_digest"]  # type: ignore[arg-type]
        return False
    return True


def _run(text: str | bytes) -> Run | None:
    try:
        return Run.from_json(text)
    except ValidationError:
        return None


def _read(path: Path) -> Run | None:
    try:
        return _run(path.read_bytes())
    except OSError:  # the disk that lost the database lost this as well
        return None


def _from_files(runs: Path, new: sqlite3.Connection) -> int:
    """Runs that the database does not know any more: each was written to its folder after every stage."""
    found = 0
    for path in sorted(runs.glob("*/run.json")):
        run = _read(path)
        if run is None or run.id != path.parent.name:
            continue
        try:
            issue = issue_key(run)
        except FactoryError:
            issue = ""  # the repository is not there any more
        status = "stopped" if run.stopped else "done" if run.output else "open"
        done = new.execute(
            "INSERT OR IGNORE INTO runs (id, created, issue, repo, stage, record, status)"
            " VALUES (?, ?, ?, ?, '', ?, ?)",
            (run.id, run.created, issue, run.repo.path, run.to_json(), status),
        )
        found += done.rowcount
        # who held it is not known, but that nobody does: the caller has the folder for itself
        new.execute("INSERT OR IGNORE INTO leases (run, holder, fence) VALUES (?, ?, 0)", (run.id, nobody()))
    return found


def _seconds(now: str) -> int:
    return int(datetime.fromisoformat(now).timestamp())
