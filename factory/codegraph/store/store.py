"""What was read of files, kept by the id of their contents, in one SQLite file for a repository.

A cache: a file that is damaged or of another version is thrown away and made anew. Two processes may build at once:
what one has already added the other leaves out. Times are days since 1970; a document's is when it was last in a view.
"""

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from factory.codegraph.parse.contents import hint_of
from factory.codegraph.store.edition import edition
from factory.codegraph.store.rows import Segment
from factory.codegraph.store.segments import Block
from factory.contracts.errors import Stopped, disk_problem
from factory.git import full

SCHEMA = """
CREATE TABLE docs (
  doc INTEGER PRIMARY KEY, segment INTEGER NOT NULL, oid TEXT NOT NULL, hint TEXT NOT NULL, language TEXT NOT NULL,
  bytes INTEGER NOT NULL, lines INTEGER NOT NULL, words INTEGER NOT NULL, skip TEXT NOT NULL, failed INTEGER NOT NULL,
  day INTEGER NOT NULL, UNIQUE (oid, hint));
CREATE TABLE facts (doc INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE segments (segment INTEGER PRIMARY KEY AUTOINCREMENT, start INTEGER NOT NULL, docs INTEGER NOT NULL);
CREATE TABLE blocks (
  segment INTEGER NOT NULL, kind TEXT NOT NULL, first TEXT NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (segment, kind, first));
CREATE TABLE commits (sha TEXT PRIMARY KEY, time INTEGER NOT NULL, subject TEXT NOT NULL, paths TEXT NOT NULL);
CREATE TABLE numbers (next INTEGER NOT NULL, tidied INTEGER NOT NULL);
INSERT INTO numbers VALUES (1, 0);
"""
BLOCKS_OF = """
SELECT start, blocks.data FROM segments JOIN blocks ON blocks.rowid = (
  SELECT rowid FROM blocks WHERE segment = segments.segment AND kind = ? AND first <= ? ORDER BY first DESC LIMIT 1)
"""


class Key(NamedTuple):
    """A file's contents and how they are read (`contents.hint_of`)."""

    oid: str
    hint: str


class Kept(NamedTuple):
    """What the store says of one content."""

    doc: int
    language: str
    size: int
    lines: int
    words: int
    skip: str
    failed: bool
    day: int


class Damaged(Exception):
    """The store cannot be read. `start_over` and build again."""


def silent(_: str) -> None:
    """Nobody to tell."""


class GraphStore:
    """The file at `path`; in memory, said by `notify`, where it cannot be written. May be used by several threads.

    `now` gives seconds since 1970. Raises Stopped('disk_full' | 'state_unusable').
    """

    def __init__(
        self, path: Path, notify: Callable[[str], None] = silent, now: Callable[[], float] = time.time
    ) -> None:
        self.path = path
        self.notify = notify
        self._now = now
        self._lock = threading.RLock()
        self._file = 0  # inode of the file that is open
        try:
            self._db = self._opened()
        except Damaged as problem:
            notify(f"The code graph's store {path} {problem}: it is built anew.")
            self._throw_away()
            self._db = self._opened()

    @property
    def today(self) -> int:
        return int(self._now() // 86400)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def start_over(self, why: str) -> None:
        """After damage: an empty store in its place, unless another process has made one already."""
        with self._lock:
            self.notify(f"The code graph's store {self.path} {why}: it is built anew.")
            self._db.close()
            self._throw_away()
            try:
                self._db = self._opened()
            except Damaged:
                self._throw_away()
                self._db = self._opened()

    def is_new(self) -> bool:
        """Nothing was ever put in."""
        try:
            return self.read("SELECT next FROM numbers") == [(1,)]
        except Damaged:
            return False

    def kept(self, keys: Iterable[Key]) -> dict[Key, Kept]:
        """What is known of these contents."""
        wanted = set(keys)
        oids = json.dumps(list({key.oid for key in wanted}))
        rows = self.read(
            "SELECT oid, hint, doc, language, bytes, lines, words, skip, failed, day FROM docs"
            " WHERE oid IN (SELECT value FROM json_each(?))",
            (oids,),
        )
        return {key: Kept(*rest) for oid, hint, *rest in rows if (key := Key(oid, hint)) in wanted}

    def facts(self, doc: int) -> bytes:
        """Packed; empty for a document that is not there, or of which nothing is known."""
        rows = self.read("SELECT data FROM facts WHERE doc = ?", (doc,))
        return rows[0][0] if rows else b""

    def blocks(self, kind: str, term: str) -> Sequence[tuple[int, bytes]]:
        """(what its document numbers are moved by, block) for each block that may hold the term, by number."""
        return sorted(self.read(BLOCKS_OF, (kind, term.encode("utf-8", "replace").decode())))

    def read(self, question: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        """All rows. Raises Damaged."""
        with self._lock, self._troubles():
            return self._db.execute(question, values).fetchall()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, one process at a time. Raises Damaged or Stopped."""
        with self._lock, self._troubles():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def add(self, segment: Segment) -> None:
        """Take in what was read. Contents that are there already (of another process) stay as they are."""
        rows = segment.rows
        with self.transaction() as db:
            (after,) = db.execute("UPDATE numbers SET next = next + ? RETURNING next", (len(rows),)).fetchone()
            start = after - len(rows)
            number = insert_segment(db, start, len(rows), segment.blocks)
            before = db.total_changes
            db.executemany(
                "INSERT OR IGNORE INTO docs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (doc, number, row.file.oid, hint_of(row.file.name), row.language, row.size, row.lines, row.words,
                     row.skip, row.failed, self.today)
                    for doc, row in enumerate(rows, start)
                ],
            )  # fmt: skip
            if db.total_changes == before:  # another process was quicker with all of them
                db.execute("DELETE FROM blocks WHERE segment = ?", (number,))
                db.execute("DELETE FROM segments WHERE segment = ?", (number,))
            db.executemany(
                "INSERT INTO facts SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM docs WHERE doc = ?1)",
                [(doc, row.facts) for doc, row in enumerate(rows, start) if row.facts],
            )

    def touch(self, docs: Sequence[int]) -> None:
        """These are in a view today."""
        with self.transaction() as db:
            db.executemany("UPDATE docs SET day = ? WHERE doc = ?", [(self.today, doc) for doc in docs])

    def _opened(self) -> sqlite3.Connection:
        """Raises Damaged when the file is none of ours."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._inode()
            with self._troubles():
                db = self._connected(str(self.path))
        except (OSError, Stopped) as problem:
            if isinstance(problem, Stopped) and problem.reason == "disk_full":
                raise
            self.notify(f"The code graph cannot be kept in {self.path} ({problem}): it is built anew each time.")
            return self._connected(":memory:")
        self._file = self._inode()
        return db

    def _connected(self, where: str) -> sqlite3.Connection:
        db = sqlite3.connect(where, timeout=60, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA auto_vacuum=INCREMENTAL")
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            if _version(db) != edition():
                db.execute("BEGIN IMMEDIATE")
                if _version(db) == 0:
                    for statement in SCHEMA.split(";\n"):
                        db.execute(statement)
                    db.execute(f"PRAGMA user_version={edition()}")
                found = _version(db)
                db.execute("COMMIT")
                if found != edition():
                    raise Damaged("was written by another version")
        except BaseException:
            db.close()
            raise
        return db

    @contextlib.contextmanager
    def _troubles(self) -> Iterator[None]:
        """SQLite's errors as ours: damage, or a disk that does not take more."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if "full" in str(error) or ("disk I/O" in str(error) and full(self.path.parent)):
                raise disk_problem(OSError(28, str(error)), self.path) from error
            if any(sign in str(error) for sign in ("no such", "malformed", "disk I/O")):
                raise Damaged("is damaged") from error
            raise Stopped("state_unusable", f"The code graph's store {self.path} cannot be used: {error}.") from error
        except sqlite3.DatabaseError as error:
            raise Damaged("is damaged") from error

    def _inode(self) -> int:
        try:
            return self.path.stat().st_ino
        except OSError:
            return 0

    def _throw_away(self) -> None:
        """Only the file that was found damaged: not one that another process has put in its place."""
        if self._inode() != self._file:
            return
        for ending in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)


def insert_segment(db: sqlite3.Connection, start: int, docs: int, blocks: Iterable[Block]) -> int:
    """Its number. Documents in its blocks are numbered from `start`."""
    number = db.execute("INSERT INTO segments (start, docs) VALUES (?, ?)", (start, docs)).lastrowid
    assert number is not None
    db.executemany("INSERT INTO blocks VALUES (?, ?, ?, ?)", ((number, *block) for block in blocks))
    return number


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
