"""A control group of its own for each sandbox, so that the kernel bounds its memory and processes."""

import contextlib
import itertools
import os
import time
from pathlib import Path

from factory.contracts.sandbox import Limits
from factory.ledger.process import mark, mark_alive

ROOT = Path("/sys/fs/cgroup")
_turn = itertools.count()
MIB = 1024 * 1024
PREFIX = "dark-factory-"  # then the factory's mark and a number


class Cgroup:
    """Version 1 (one folder per controller) or version 2 (one folder). Make it with `create`, then `remove` it."""

    def __init__(self, memory: Path, pids: Path) -> None:
        self._memory, self._pids = memory, pids

    def joins(self) -> list[Path]:
        """The files a process writes its id to."""
        return list(dict.fromkeys([self._memory / "cgroup.procs", self._pids / "cgroup.procs"]))

    def out_of_memory(self) -> bool:
        """Whether the kernel killed something here for its memory."""
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError):
                for line in (self._memory / name).read_text().splitlines():
                    key, _, value = line.partition(" ")
                    if key == "oom_kill" and value.strip() != "0":
                        return True
        return False

    def end(self) -> None:
        """Kill whatever is still in it and remove it."""
        for _ in range(100):
            with contextlib.suppress(OSError):
                for pid in (self._pids / "cgroup.procs").read_text().split():
                    os.kill(int(pid), 9)
            if all(_gone(folder) for folder in {self._memory, self._pids}):
                return
            time.sleep(0.02)


def create(limits: Limits, root: Path = ROOT) -> Cgroup | None:
    """A new group with the limits' memory and processes; None where groups cannot be made."""
    try:
        if (root / "cgroup.controllers").is_file():
            return _version_2(limits, root)
        if (root / "memory").is_dir() and (root / "pids").is_dir():
            return _version_1(limits, root)
    except OSError:
        pass
    return None


def available(root: Path = ROOT) -> bool:
    """Whether a group can really be made here."""
    made = create(Limits(), root)
    if made is not None:
        made.end()
    return made is not None


def _version_1(limits: Limits, root: Path) -> Cgroup:
    memory, pids = _make(root / "memory"), _make(root / "pids")
    cgroup = Cgroup(memory, pids)
    try:
        (memory / "memory.limit_in_bytes").write_text(str(limits.memory_mib * MIB))
        with contextlib.suppress(OSError):
            (memory / "memory.memsw.limit_in_bytes").write_text(str(limits.memory_mib * MIB))
        (pids / "pids.max").write_text(str(_processes(limits)))
    except OSError:
        cgroup.end()
        raise
    return cgroup


def _version_2(limits: Limits, root: Path) -> Cgroup | None:
    if not {"memory", "pids"} <= set((root / "cgroup.subtree_control").read_text().split()):
        (root / "cgroup.subtree_control").write_text("+memory +pids")
    folder = _make(root)
    cgroup = Cgroup(folder, folder)
    try:
        (folder / "memory.max").write_text(str(limits.memory_mib * MIB))
        with contextlib.suppress(OSError):
            (folder / "memory.swap.max").write_text("0")
        (folder / "pids.max").write_text(str(_processes(limits)))
    except OSError:
        cgroup.end()
        raise
    return cgroup


def _processes(limits: Limits) -> int:
    return limits.processes + 4  # bwrap, its helper and the inside are ours


def _make(parent: Path) -> Path:
    for old in abandoned(parent):
        with contextlib.suppress(OSError):
            old.rmdir()
    folder = parent / f"{PREFIX}{mark()}-{next(_turn)}"
    folder.mkdir()
    return folder


def abandoned(parent: Path) -> list[Path]:
    """Groups in `parent` of factories that were killed."""
    return [path for path in parent.glob(f"{PREFIX}*") if not mark_alive(path.name[len(PREFIX) :].rpartition("-")[0])]


def end_abandoned(root: Path = ROOT) -> list[Path]:
    """Kill what is left in the groups of killed factories and remove them; returns them."""
    found = [path for parent in (root, root / "memory", root / "pids") for path in abandoned(parent)]
    for path in found:
        Cgroup(path, path).end()
    return found


def _gone(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
