"""What outlives a run: the state folder, its database and its journal, opened once a process."""

import sys
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from factory.contracts.run import Run
from factory.db import Database
from factory.files import BlobFolder, trusted_folder, write_whole
from factory.ledger.clock import SystemClock
from factory.ledger.journal import SqliteJournal
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.room import give_spare
from factory.ledger.sound import NAME, doubt, hold


@dataclass(frozen=True)
class State:
    """What outlives a run: the state folder and its database. `halt` is set when a person interrupts."""

    folder: Path
    db: Database
    journal: SqliteJournal
    clock: SystemClock
    halt: threading.Event
    lock: IO[str]  # held as long as the database is used
    said: str = ""  # what had to be done to the database, for people

    def run_folder(self, run: str) -> Path:
        return self.folder / "runs" / run

    def blobs(self, run: str) -> BlobFolder:
        return BlobFolder(self.run_folder(run) / "blobs")


def open_state(folder: Path) -> State:
    """A damaged database is rebuilt, and what that means is said. Raises UsageProblem for a folder that others could
    have planted, Stopped('state_unusable' | 'disk_full') for one that cannot be used."""
    clock, halt = SystemClock(), threading.Event()
    lock, saved = hold(trusted_folder(folder), clock.now())
    db = Database(folder / NAME, MIGRATIONS, doubt=partial(doubt, folder))
    journal = SqliteJournal(db, clock, halt.is_set, partial(_keep, folder), partial(give_spare, folder))
    said = saved.words() if saved else ""
    if said:
        sys.stderr.write(f"factory: {said}\n")
    return State(folder, db, journal, clock, halt, lock, said)


def _keep(folder: Path, run: Run) -> None:
    """The record beside the run's pieces: from it the run is known again when the database is lost."""
    write_whole(folder / "runs" / run.id / "run.json", run.to_json(indent=2) + "\n")
