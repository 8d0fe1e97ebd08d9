"""Engines that outlived their factory, though their keeper should have ended them: found by a mark, ended at a start.

A mark is a file beside the log: the engine's session and when its first process began. The kernel gives a number to no
new process while a session or group still bears it, so a session whose leader is another process is not ours.
"""

import contextlib
import os
import signal
from pathlib import Path

from factory.contracts.record import Record, ValidationError
from factory.files import write_whole
from factory.gpu.engines.keeper import Seen, processes
from factory.ledger.process import alive, this_process

MARKS = "*.engine"
BOOT = Path("/proc/sys/kernel/random/boot_id")


class Mark(Record):
    """A running engine, for whoever comes after its factory."""

    owner: str  # the factory's process, as the ledger writes it
    session: int  # = the engine's pid
    started: int  # clock ticks since the machine came up
    boot: str  # the machine's start in which these numbers mean something


def mark(path: Path, session: int) -> int:
    """When the session's leader began. Raises Stopped when the disk takes nothing."""
    began = next((one.started for one in processes() if one.pid == session), 0)
    write_whole(path, Mark(owner=this_process(), session=session, started=began, boot=_boot()).to_json() + "\n")
    return began


def reap(folder: Path) -> tuple[int, ...]:
    """Ends what engines marked in `folder` left of factories that are gone; returns the pids that were killed."""
    killed: list[int] = []
    for path in sorted(folder.rglob(MARKS)):
        try:
            found = Mark.from_json(path.read_bytes())
        except (OSError, ValidationError):
            found = None
        if found and found.boot == _boot():
            if alive(found.owner):
                continue
            killed += end_session(found.session, found.started)
        with contextlib.suppress(OSError):
            path.unlink()
    return tuple(killed)


def end_session(session: int, started: int = 0) -> tuple[int, ...]:
    """Kills every process of a session, unless its leader began at another time than `started`."""
    found = members(session)
    if started and any(one.pid == session and one.started != started for one in found):
        return ()
    for one in found:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(one.pid, signal.SIGKILL)
    return tuple(one.pid for one in found)


def members(session: int) -> list[Seen]:
    return [one for one in processes() if one.session == session and not one.ended]


def _boot() -> str:
    try:
        return BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""
