"""Finished runs that are old or too many: which they are, and how their pieces go while their costs stay."""

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from factory.contracts.record import Record
from factory.db import Database
from factory.ledger.process import alive
from factory.ledger.shelf import Shelved, shelf

FINISHED = ("done", "stopped", "removed")
DAY_S = 86400.0
GIT_S = 10.0


class Old(Record):
    """A run whose folder may go, and why."""

    run: str
    bytes: int
    why: str


def old_runs(db: Database, runs: Path, now: str, days: float, most_bytes: int | None = None) -> tuple[Old, ...]:
    """Finished ones older than `days`; then the oldest, until the rest takes at most `most_bytes`.

    Never one that is open or held. Age counts from the last sign of life. `now`: ISO 8601, UTC.
    """
    found: list[Old] = []
    kept: list[tuple[Shelved, int]] = []
    for row in reversed(shelf(db)):
        folder = runs / row.id
        if not folder.is_dir():
            continue
        size, free = folder_bytes(folder), row.status in FINISHED and not row.alive
        if free and (row.status == "removed" or _age(row, now) > days * DAY_S):
            found.append(Old(run=row.id, bytes=size, why=f"finished {_age(row, now) / DAY_S:.0f} days ago"))
        else:
            kept.append((row, size))
    total = sum(size for _, size in kept)
    for row, size in kept:
        if most_bytes is None or total <= most_bytes:
            break
        if row.status in FINISHED and not row.alive:
            found.append(Old(run=row.id, bytes=size, why="more than --keep-gib is kept"))
            total -= size
    return tuple(found)


def remove_run(db: Database, runs: Path, run: str) -> bool:
    """The folder and the journal's steps go; record, trail, spend and egress stay. False: it is in use again.

    The database first: a death in between leaves a folder of a run that is marked as removed, which goes next time.
    """
    with db.transaction() as inside:
        held = inside.execute("SELECT holder FROM leases WHERE run = ?", (run,)).fetchone()
        if held and held["holder"] and alive(held["holder"]):
            return False
        marked = inside.execute(
            "UPDATE runs SET status = 'removed' WHERE id = ? AND status IN ('done', 'stopped', 'removed')", (run,)
        )
        if marked.rowcount != 1:
            return False
        inside.execute("DELETE FROM steps WHERE run = ?", (run,))
        inside.execute("DELETE FROM leases WHERE run = ?", (run,))
    shutil.rmtree(runs / run, ignore_errors=True)
    return True


def old_files(folders: Sequence[Path], now: str, days: float) -> tuple[Path, ...]:
    """What lies in these folders and was neither read nor written for `days`."""
    limit = datetime.fromisoformat(now).timestamp() - days * DAY_S
    found = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    return tuple(sorted(path for path in found if not path.name.startswith(".") and _used(path) < limit))


def drop_locks(folder: Path) -> int:
    """Lock files that a git of a dead process left below a folder which only the caller writes to; how many.

    A git takes milliseconds, also one whose factory was killed: one that is ten seconds old has no owner any more.
    """
    limit = time.time() - GIT_S
    stale = [path for path, info in _files(folder) if path.name.endswith(".lock") and info.st_mtime < limit]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def folder_bytes(folder: Path) -> int:
    return sum(info.st_size for _, info in _files(folder) if stat.S_ISREG(info.st_mode))


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """All that is no folder, below one in which a run may be at work: what goes meanwhile is passed over."""
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names):
            with contextlib.suppress(FileNotFoundError):
                yield path, path.lstat()


def _used(path: Path) -> float:
    """What is gone is no matter of age any more."""
    try:
        info = path.lstat()
    except FileNotFoundError:
        return float("inf")
    return max(info.st_atime, info.st_mtime)


def _age(row: Shelved, now: str) -> float:
    """A clock that went back makes nothing old."""
    last = row.beat or row.created
    return (datetime.fromisoformat(now) - datetime.fromisoformat(last)).total_seconds()
