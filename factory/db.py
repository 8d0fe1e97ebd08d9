"""SQLite, set up once for all: WAL, synchronous=FULL, numbered migrations, one connection a thread."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from factory.contracts.errors import Stopped

DAMAGED = ("malformed", "not a database")
BUSY = ("locked", "busy")
READ_ONLY = ("readonly", "disk I/O error")

Migration = Callable[[sqlite3.Connection], None]


class Database:
    """A file with a schema. Writers take `transaction()`: BEGIN IMMEDIATE, one at a time, all or nothing."""

    def __init__(self, path: Path, migrations: Sequence[Migration], doubt: Callable[[], None] = lambda: None) -> None:
        """`doubt` is called when the file seems damaged, so that somebody looks at all of it."""
        self.path = path
        self._doubt = doubt
        self._local = threading.local()
        self._migrate(migrations)

    def connection(self) -> sqlite3.Connection:
        """This thread's connection. Raises Stopped('state_unusable') when the file is not a database."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            try:
                found = sqlite3.connect(self.path, timeout=30, isolation_level=None)
                found.row_factory = sqlite3.Row
                found.execute("PRAGMA journal_mode=WAL")
                found.execute("PRAGMA synchronous=FULL")
                found.execute("PRAGMA foreign_keys=ON")
            except sqlite3.Error as error:
                raise self._problem(error) from error
            self._local.connection = found
        return found

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is one commit. Raises Stopped('disk_full' | 'state_unusable')."""
        connection = self.connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk may have ended it already
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._problem(error) from error

    def settle(self) -> None:
        """Everything into the file itself, nothing left in the log beside it. Raises Stopped."""
        try:
            busy = self.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.Error as error:
            raise self._problem(error) from error
        if busy:
            raise self._problem(sqlite3.OperationalError("database is busy"))

    def _migrate(self, migrations: Sequence[Migration]) -> None:
        with self.transaction() as connection:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > len(migrations):
                raise Stopped("state_unusable", f"{self.path} was written by a newer factory: update this one.")
            for number, migrate in enumerate(migrations[version:], start=version + 1):
                migrate(connection)
                connection.execute(f"PRAGMA user_version={number}")

    def _problem(self, error: sqlite3.Error) -> Stopped:
        if "full" in str(error):
            return Stopped("disk_full", f"No space left for {self.path}: free some space, then run `factory resume`.")
        if any(word in str(error) for word in DAMAGED):
            self._doubt()
            return Stopped(
                "state_unusable",
                f"The state database {self.path} is damaged ({error}): start any `factory` command again, "
                "it is rebuilt from what can be read.",
            )
        if any(word in str(error) for word in BUSY):
            return Stopped(
                "state_unusable",
                f"The state database {self.path} is held by another process ({error}): wait until that is done, or end "
                "it, then try again.",
            )
        if any(word in str(error) for word in READ_ONLY):
            return Stopped(
                "state_unusable",
                f"The state database {self.path} cannot be written ({error}): the disk is read-only or broken; look at "
                "`dmesg`, repair and remount it, then run `factory resume`.",
            )
        return Stopped("state_unusable", f"The state database {self.path} cannot be used ({error}): move it aside.")
