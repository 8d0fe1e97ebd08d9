"""Is the state database whole? Asked at the first start after a boot, and after whatever looks like trouble.

A broken one is rebuilt from what can be read (salvage.py), then moved aside. That needs the folder for oneself: every
process that uses it holds a shared lock, which the kernel lifts when it dies.
"""

import contextlib
import fcntl
import os
import sqlite3
from pathlib import Path
from typing import IO

from factory.contracts.errors import Stopped, disk_problem
from factory.files import write_whole
from factory.ledger.process import boot
from factory.ledger.salvage import Salvaged, salvage

NAME = "factory.db"
REBUILT = "factory.db.rebuilt"  # whole; only its renaming is missing
LOCK = ".in-use"
LOOKED_AT = 256 * 1024**2  # bytes up to which a killed process is reason enough to read all of it
CHECKED = ".checked"  # the boot in which the database was last found whole; gone after an error


def hold(folder: Path, now: str) -> tuple[IO[str], Salvaged | None]:
    """The lock to keep while the database is used, and what had to be saved from a broken one (None: it was whole).

    Raises Stopped('state_unusable') when it is broken and others use it, or when the disk cannot be written.
    """
    try:
        lock = (folder / LOCK).open("a")
    except OSError as error:
        raise disk_problem(error, folder) from error
    alone = _alone(lock)
    saved = _mended(folder, now) if alone else None
    fcntl.flock(lock, fcntl.LOCK_SH)  # whoever looks at it or rebuilds it just now is waited for
    if not alone and _damaged(folder):
        raise Stopped(
            "state_unusable",
            f"The state database in {folder} is damaged while other processes use it: stop them, then try again.",
        )
    return lock, saved


def doubt(folder: Path) -> None:
    """Something about the database was wrong: the next start looks at all of it."""
    with contextlib.suppress(OSError):
        (folder / CHECKED).unlink()


def _damaged(folder: Path) -> bool:
    """Beside others: is it doubted, and broken? None at all is what the first of them is about to make."""
    return not (folder / CHECKED).exists() and _there(folder / NAME) and not _whole(folder / NAME)


def _alone(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _mended(folder: Path, now: str) -> Salvaged | None:
    """Nobody else uses the folder: finish a rebuilding that was cut short, else look, and rebuild what is broken."""
    path, rebuilt = folder / NAME, folder / REBUILT
    saved = None
    if rebuilt.exists():
        _replace(path, rebuilt, now)
    elif _doubtful(folder) and not _whole(path):
        saved = salvage(path, folder / "runs", folder / "factory.db.building", now)
        (folder / "factory.db.building").replace(rebuilt)
        saved = saved.but(aside=_replace(path, rebuilt, now))
    _remember(folder / CHECKED)
    return saved


def _remember(path: Path) -> None:
    """Found whole in this boot. On a full disk it is looked at again next time: what frees space must still start."""
    with contextlib.suppress(OSError, Stopped):
        if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != boot():
            write_whole(path, boot())


def _doubtful(folder: Path) -> bool:
    """Cheap: a boot since the last look, an error since, a process that ended without closing, or no database at all
    where there are runs."""
    path = folder / NAME
    if not _there(path):
        return any((folder / "runs").glob("*/run.json"))
    try:
        last = (folder / CHECKED).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return True
    left = path.with_name(f"{NAME}-wal")
    small = path.stat().st_size < LOOKED_AT
    return last != boot() or (small and left.exists() and left.stat().st_size > 0)


def _there(path: Path) -> bool:
    """An empty file is a database too, to SQLite: a new one."""
    return path.exists() and path.stat().st_size > 0


def _whole(path: Path) -> bool:
    """SQLite's own quick check: every page is read, no index is compared. Two seconds for 350 MB on two cores."""
    if not _there(path):
        return False
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as db:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.Error as error:
        # locked, full, read-only: nothing that rebuilding would mend
        return isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error)


def _replace(path: Path, rebuilt: Path, now: str) -> str:
    """The broken file and its log get another name, then the rebuilt one gets theirs. Safe to repeat."""
    stamp = "".join(letter for letter in now[:19] if letter.isdigit())
    aside = f"{NAME}.broken-{stamp}"
    for suffix in ("-wal", "-shm", ""):  # the log first: it must never meet the new file
        part = path.with_name(f"{NAME}{suffix}")
        if part.exists():
            part.replace(path.with_name(f"{aside}{suffix}"))
    rebuilt.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return aside
