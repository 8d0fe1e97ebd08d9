"""Which process is meant: a pid is reused, a pid with its start time is not."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Owner:
    """A process of this machine since its last boot. `started` in the kernel's clock ticks."""

    pid: int
    started: int

    @property
    def alive(self) -> bool:
        return started(self.pid) == self.started


def owner(pid: int = 0) -> Owner:
    """This process, or the one with that pid; `started` -1 where there is none."""
    pid = pid or os.getpid()
    found = started(pid)
    return Owner(pid, -1 if found is None else found)


def started(pid: int) -> int | None:
    """When the process started; None when it has ended (a zombie holds no memory and has ended too)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the name before it may hold blanks and brackets
    return None if fields[0] in "ZX" else int(fields[19])


def session(pid: int) -> int:
    """The session a process belongs to: an engine is started as the leader of its own. 0 when it has ended."""
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def parents(pid: int) -> tuple[int, ...]:
    """The process itself and those it descends from, nearest first."""
    found: list[int] = []
    while pid > 0 and pid not in found:
        found.append(pid)
        try:
            text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        except OSError:
            break
        pid = int(text[text.rindex(")") + 2 :].split()[1])
    return tuple(found)
