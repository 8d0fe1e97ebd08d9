"""What a killed factory left on the machine: processes, temporary folders, control groups, half-built environments.

Each bears the mark of the process that made it (pid, start time, boot), so that nothing of a living one is touched.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from factory.contracts.record import Record
from factory.ledger.process import VARIABLE, mark_alive
from factory.sandbox import cgroup

STALE_S = 3600.0  # a file that is written whole has its temporary name for less than a second


class Orphan(Record):
    """One thing that nobody owns any more. `place`: a path, or the number of a process."""

    kind: Literal["process", "temporary folder", "control group", "half-built environment", "temporary file"]
    place: str


def orphans(state: Path, temporary: Path | None = None, groups: Path = cgroup.ROOT) -> tuple[Orphan, ...]:
    """All there are. `state`: the state folder."""
    temporary = temporary or Path(tempfile.gettempdir())
    return (
        *(Orphan(kind="process", place=str(pid)) for pid in _processes()),
        *(Orphan(kind="temporary folder", place=str(path)) for path in _folders(temporary)),
        *(Orphan(kind="control group", place=str(path)) for path in _groups(groups)),
        *(Orphan(kind="half-built environment", place=str(path)) for path in _unbuilt(state)),
        *(Orphan(kind="temporary file", place=str(path)) for path in _half_written(state)),
    )


def remove(orphan: Orphan) -> None:
    """End or delete it. What went meanwhile is gone as well."""
    path = Path(orphan.place)
    if orphan.kind == "process":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(int(orphan.place), signal.SIGKILL)
    elif orphan.kind == "control group":
        cgroup.Cgroup(path, path).end()
    elif orphan.kind == "temporary file":
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)


def _processes() -> Iterator[int]:
    """Of this user: started by a factory that is gone, and not ended with it."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            for item in path.read_bytes().split(b"\0"):
                name, _, value = item.partition(b"=")
                if name == VARIABLE.encode() and not mark_alive(value.decode(errors="replace")):
                    yield int(path.parent.name)


def _folders(temporary: Path) -> Iterator[Path]:
    for path in temporary.glob(f"{cgroup.PREFIX}*"):
        name = path.name[len(cgroup.PREFIX) :].rpartition("-")[0]
        with contextlib.suppress(OSError):
            if path.is_dir() and path.lstat().st_uid == os.geteuid() and not mark_alive(name):
                yield path


def _groups(root: Path) -> Iterator[Path]:
    for parent in (root, root / "memory", root / "pids"):
        yield from cgroup.abandoned(parent)


def _unbuilt(state: Path) -> Iterator[Path]:
    """Folders in which an installation was under way. Whoever builds holds the lock of the key, and only as long as
    it lives."""
    for lock in (path for root in ("envs", "envs-none") for path in (state / root).glob(".*.lock")):
        with lock.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            yield from (path for path in lock.parent.glob(f"{lock.name[: -len('.lock')]}-*") if path.is_dir())


def _half_written(state: Path) -> Iterator[Path]:
    """`.name.random` of files.write_whole, when a process died before the renaming."""
    places = [state, *(path for path in (state / "runs").glob("*") if path.is_dir()), *(state / "forge").glob("*")]
    for path in (path for place in places for path in place.glob(".*.????????")):
        with contextlib.suppress(OSError):
            if path.is_file() and time.time() - path.lstat().st_mtime > STALE_S:
                yield path
