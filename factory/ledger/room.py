"""The disk that the state lies on: can it be written, is there room, and some kept back for the last words."""

import contextlib
import os
import tempfile
from pathlib import Path

from factory.contracts.errors import Stopped, disk_problem

LEAST_FREE = 16 * 1024 * 1024  # bytes without which no run begins: objects, blobs, journal
PLENTY = 4 * LEAST_FREE  # from here on some of it is set aside
LEAST_FILES = 1000  # inodes: blobs and git objects are files
SPARE = ".spare"  # given up when the disk is full, so that the journal and the report can still be written
SPARE_BYTES = 4 * 1024 * 1024


def check_room(folder: Path) -> None:
    """Raises Stopped('disk_full' | 'state_unusable') when no run could be kept in `folder`, with what to do."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise disk_problem(error, folder) from error
    found = os.statvfs(folder)
    if found.f_bavail * found.f_frsize < LEAST_FREE:
        free = found.f_bavail * found.f_frsize // 1024
        raise Stopped("disk_full", f"No space left for {folder} ({free} KiB are free, a run needs more): {_remedy()}.")
    if found.f_files and found.f_favail < LEAST_FILES:
        raise Stopped(
            "disk_full",
            f"Only {found.f_favail} files can still be made in {folder} (inodes): {_remedy()}.",
        )


def _remedy() -> str:
    return "free some with `factory runs gc`, or move the state directory (FACTORY_STATE)"


def keep_spare(folder: Path) -> None:
    """Set room aside, where there is plenty. Without it a full disk still stops the run, with fewer words."""
    path = folder / SPARE
    if path.exists():
        return
    with contextlib.suppress(OSError):
        found = os.statvfs(folder)
        if found.f_bavail * found.f_frsize < PLENTY:
            return
        with path.open("xb") as file:
            os.posix_fallocate(file.fileno(), 0, SPARE_BYTES)


def give_spare(folder: Path) -> None:
    """The room that was set aside is free now."""
    with contextlib.suppress(OSError):
        (folder / SPARE).unlink()
