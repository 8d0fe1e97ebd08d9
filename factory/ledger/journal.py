"""The journal: a run's record after every stage, and every step inside a stage, in SQLite.

Resume is replay of the finished steps, then going on: a step that finished with the same input is answered from here.
"""

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import Any

from factory.contracts.errors import LostLease, UsageProblem
from factory.contracts.record import Json, R, Record, ValidationError, digest, digest_of
from factory.contracts.run import Run
from factory.contracts.seams import Clock
from factory.db import Database
from factory.ledger.process import alive, named, this_process
from factory.ledger.texts import pack, unpack

RUN = "id, created, issue, repo, stage, record, status"  # columns of the table `runs`
STEP = "run, stage, unit, n, kind, input_digest, output_digest, texts, seconds, started"  # of `steps`


class Step(Record):
    """One finished step as it lies in the journal."""

    stage: str
    unit: str
    n: int
    kind: str
    input_digest: str
    input: str
    output: str
    seconds: float
    started: str


class SqliteJournal:
    """Implements contracts.seams.Journal. `stop` is asked before each step: true raises KeyboardInterrupt.

    `keep` gets every record that is saved, to put it where it outlives the database. `make_room` is called when the
    disk is full, before the last words are written.
    """

    def __init__(self, db: Database, clock: Clock, stop: Callable[[], bool] = lambda: False,
                 keep: Callable[[Run], None] = lambda run: None,
                 make_room: Callable[[], None] = lambda: None) -> None:  # fmt: skip
        self.db = db
        self.clock = clock
        self.stop = stop
        self.keep = keep
        self.make_room = make_room
        self.fences: dict[str, int] = {}

    def open(self, run: Run, issue: str) -> None:
        """A new run, leased to this process."""
        with self.db.transaction() as db:
            db.execute(
                f"INSERT INTO runs ({RUN}) VALUES (?, ?, ?, ?, '', ?, 'open')",  # noqa: S608 (constants)
                (run.id, run.created, issue, run.repo.path, run.to_json()),
            )
        self.lease(run.id)
        self.keep(run)

    def adopt(self, run: Run, issue: str) -> None:
        """A run that came as a file: known from now on, unless it is already."""
        with self.db.transaction() as db:
            db.execute(
                f"INSERT OR IGNORE INTO runs ({RUN}) VALUES (?, ?, ?, ?, '', ?, 'open')",  # noqa: S608 (constants)
                (run.id, run.created, issue, run.repo.path, run.to_json()),
            )

    def share(self, run: str) -> None:
        """Work on a part of a run beside others that do: the fencing number that is in force, nobody is put out."""
        row = self.db.connection().execute("SELECT fence FROM leases WHERE run = ?", (run,)).fetchone()
        if row is None:
            self.lease(run)
        else:
            self.fences[run] = row["fence"]

    def lease(self, run: str, take_over: bool = False) -> None:
        """Take the run for this process with a new fencing number. Raises UsageProblem while its holder lives.

        `take_over`: also from a holder that seems to live; whatever it still tries to write is refused.
        """
        with self.db.transaction() as db:
            row = db.execute("SELECT holder, fence FROM leases WHERE run = ?", (run,)).fetchone()
            holder = named(row["holder"]) if row and row["holder"] != this_process() else None
            if holder and alive(row["holder"]) and not take_over:
                raise UsageProblem(
                    f"Run {run} is being worked on by process {holder.pid} on {holder.host}: wait for it or stop it "
                    f"with `factory runs cancel {run}` (if it is gone for certain: `factory resume --take-over`)."
                )
            # higher than that of any run: also when the row is new because the database had to be made anew
            fence = int(db.execute("SELECT COALESCE(MAX(fence), 0) FROM leases").fetchone()[0]) + 1
            db.execute(
                "INSERT OR REPLACE INTO leases (run, holder, fence, beat) VALUES (?, ?, ?, ?)",
                (run, this_process(), fence, self.clock.now()),
            )
        self.fences[run] = fence

    def release(self, run: str) -> None:
        with self.db.transaction() as db:
            db.execute("UPDATE leases SET holder = '' WHERE run = ? AND fence = ?", (run, self.fences.get(run, 0)))

    def check(self, run: str) -> int:
        """This process's fencing number. Raises LostLease when a newer holder has one: asked before each effect."""
        row = self.db.connection().execute("SELECT fence FROM leases WHERE run = ?", (run,)).fetchone()
        fence = self.fences.get(run, 0)
        if row is None or row["fence"] != fence:
            raise LostLease(f"Run {run} was taken over by another process: this one stops without writing.")
        return fence

    def beat(self, run: str) -> int:
        """A sign of life, and `check`, in the caller's transaction: nobody takes the run in between."""
        fence = self.check(run)
        self.db.connection().execute("UPDATE leases SET beat = ? WHERE run = ?", (self.clock.now(), run))
        return fence

    def save(self, run: Run, stage: str) -> None:
        """The record after a stage. The last word of a full disk's run has room set aside for it."""
        if run.stopped and run.stopped.reason == "disk_full":
            self.make_room()
        status = "stopped" if run.stopped else "done" if run.output else "open"
        with self.db.transaction() as db:
            self.beat(run.id)
            db.execute(
                "UPDATE runs SET record = ?, stage = ?, status = ? WHERE id = ?",
                (run.to_json(), stage, status, run.id),
            )
        self.keep(run)

    def load(self, run: str) -> Run:
        """Raises UsageProblem for an unknown or ambiguous id; a unique prefix or `last` will do."""
        query = "SELECT id, record FROM runs WHERE id LIKE ? || '%' ORDER BY created DESC, id DESC LIMIT 2"
        rows = self.db.connection().execute(query, ("" if run == "last" else run.replace("%", ""),)).fetchall()
        exact = [row for row in rows if row["id"] == run]
        if not rows or (len(rows) > 1 and run != "last" and not exact):
            known = self.db.connection().execute("SELECT id FROM runs ORDER BY created DESC LIMIT 5").fetchall()
            word = "ambiguous" if rows else "unknown"
            names = ", ".join(row["id"] for row in known) or "none yet"
            raise UsageProblem(f"The run {run!r} is {word}; the latest: {names}.")
        return Run.from_json((exact or rows)[0]["record"])

    def recent(self, most: int = 200) -> tuple[Run, ...]:
        """The newest runs, newest first; records of an older factory that cannot be read are left out."""
        query = "SELECT record FROM runs ORDER BY created DESC, id DESC LIMIT ?"
        found = []
        for row in self.db.connection().execute(query, (most,)):
            with contextlib.suppress(ValidationError):
                found.append(Run.from_json(row["record"]))
        return tuple(found)

    def scope(self, run: str, stage: str, unit: str = "") -> "JournalScope":
        return JournalScope(self, run, stage, unit)

    def note(self, run: str, event: str, **facts: Any) -> None:
        with self.db.transaction() as db:
            db.execute(
                "INSERT INTO trail (run, at, event, facts) VALUES (?, ?, ?, ?)",
                (run, self.clock.now(), event, json.dumps(facts, sort_keys=True, default=str)),
            )

    def trail(self, run: str) -> tuple[tuple[str, str, Json], ...]:
        rows = self.db.connection().execute("SELECT at, event, facts FROM trail WHERE run = ? ORDER BY id", (run,))
        return tuple((row["at"], row["event"], json.loads(row["facts"])) for row in rows)

    def steps(self, run: str) -> Iterator[Step]:
        """All finished steps in the order they were started."""
        query = "SELECT * FROM steps WHERE run = ? ORDER BY started, stage, unit, n"
        for row in self.db.connection().execute(query, (run,)):
            yield _step(row)

    def forget(self, run: str, stage: str) -> None:
        """Its steps are taken anew."""
        with self.db.transaction() as db:
            db.execute("DELETE FROM steps WHERE run = ? AND stage = ?", (run, stage))

    def seconds(self, run: str, kind: str) -> float:
        """How long a run's finished steps of one kind took, all together."""
        query = "SELECT COALESCE(SUM(seconds), 0) FROM steps WHERE run = ? AND kind = ?"
        return float(self.db.connection().execute(query, (run, kind)).fetchone()[0])

    def find(self, run: str, stage: str, unit: str, n: int) -> Step | None:
        query = "SELECT * FROM steps WHERE run = ? AND stage = ? AND unit = ? AND n = ?"
        row = self.db.connection().execute(query, (run, stage, unit, n)).fetchone()
        return _step(row) if row else None


def _step(row: sqlite3.Row) -> Step:
    request, output = unpack(row["texts"])
    rest = {name: row[name] for name in ("stage", "unit", "n", "kind", "input_digest", "seconds", "started")}
    return Step(**rest, input=request, output=output)


class JournalScope:
    """Implements contracts.seams.Scope: steps numbered in the order they are taken, by one thread."""

    def __init__(self, journal: SqliteJournal, run: str, stage: str, unit: str) -> None:
        self.journal = journal
        self.place = (run, stage, unit)
        self.n = 0

    def step(self, kind: str, request: Record, work: Callable[[], R], output: type[R]) -> R:
        n, self.n = self.n, self.n + 1
        found = self.journal.find(*self.place, n)
        key = digest_of(request)
        if found and found.kind == kind and found.input_digest == key:
            return output.from_json(found.output)
        if self.journal.stop():
            raise KeyboardInterrupt
        started, clock = self.journal.clock.now(), time.monotonic()
        value = work()
        self._write(n, kind, key, request.to_json(), value.to_json(), time.monotonic() - clock, started)
        return value

    def _write(self, n: int, kind: str, key: str, text: str, output: str, seconds: float, started: str) -> None:
        run, stage, unit = self.place
        texts = pack(text, output)
        with self.journal.db.transaction() as db:
            self.journal.beat(run)
            # what follows a step that is done afresh rests on the old answer
            db.execute("DELETE FROM steps WHERE run=? AND stage=? AND unit=? AND n>=?", (run, stage, unit, n))
            db.execute(
                f"INSERT INTO steps ({STEP}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 (constants)
                (run, stage, unit, n, kind, key, digest(output), texts, seconds, started),
            )
