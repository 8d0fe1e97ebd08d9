"""Who holds a run: a process, named so that neither a recycled pid nor a reboot makes it look alive."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
VARIABLE = "FACTORY_PROCESS"  # in the environment of what would outlive its factory: the factory's mark


@dataclass(frozen=True)
class Holder:
    """`host pid start boot`: start is the kernel's start time of the process in clock ticks since that boot."""

    host: str
    pid: int
    started: str
    boot: str = ""  # "": written by a factory that did not note it

    @property
    def here(self) -> bool:
        return self.host == socket.gethostname()

    @property
    def gone_by_reboot(self) -> bool:
        """Did this machine start anew since? The kernel gives pids and start times out again then."""
        return self.here and bool(self.boot) and self.boot != boot()


def this_process() -> str:
    """The name of this process: `host pid start boot`."""
    return f"{socket.gethostname()} {os.getpid()} {started(os.getpid())} {boot()}"


def nobody() -> str:
    """The name of a process of this machine that is gone, for what was held by one that nobody remembers."""
    return f"{socket.gethostname()} 0 never -"


def named(holder: str) -> Holder | None:
    """The parts of a name; None for "" (nobody) and for what is no name."""
    parts = holder.split(" ")
    if len(parts) not in (3, 4) or not parts[1].isdigit():
        return None
    return Holder(parts[0], int(parts[1]), parts[2], parts[3] if len(parts) == 4 else "")


def alive(holder: str) -> bool:
    """Is that very process still there? One on another machine counts as alive: nobody here can know."""
    found = named(holder)
    if found is None:
        return False
    return not found.here or (not found.gone_by_reboot and started(found.pid) == found.started)


def mark() -> str:
    """This process as a part of a file's name: `pid-start-boot`, the boot shortened."""
    return f"{os.getpid()}-{started(os.getpid())}-{boot()[:8]}"


def mark_alive(text: str) -> bool:
    """Is the process of such a mark still there? What is no mark counts as alive: it is not ours to judge."""
    parts = text.split("-")
    if len(parts) != 3 or not parts[0].isdigit():
        return True
    return parts[2] == boot()[:8] and started(int(parts[0])) == parts[1]


def boot() -> str:
    """The kernel's id of this machine's start; "-" where it does not say."""
    try:
        return BOOT.read_text(encoding="ascii").strip() or "-"
    except OSError:
        return "-"


def started(pid: int) -> str:
    """Clock ticks from boot to the process's start; "gone" when it is not there or only its exit code is."""
    fields = _stat(pid)
    return "gone" if not fields or fields[0] == "Z" else fields[19]


def descendants(pid: int) -> tuple[int, ...]:
    """Living children of a process, and theirs."""
    parents = {int(path.name): fields for path in Path("/proc").glob("[0-9]*") if (fields := _stat(int(path.name)))}
    found: list[int] = []
    look = [pid]
    while look:
        parent = str(look.pop())
        children = [child for child, fields in parents.items() if fields[1] == parent and fields[0] != "Z"]
        found += children
        look += children
    return tuple(found)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name: state, parent, …; the start time is the twentieth."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
