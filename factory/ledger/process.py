"""Who holds a run: a process, named so that a recycled pid is not mistaken for it."""

import os
import socket
from pathlib import Path


def this_process() -> str:
    """`host pid start`, where start is the kernel's start time of the process in clock ticks."""
    return f"{socket.gethostname()} {os.getpid()} {_started(os.getpid())}"


def alive(holder: str) -> bool:
    """Is that very process still there? One on another machine counts as alive: nobody here can know."""
    host, pid, started = holder.split(" ")
    return host != socket.gethostname() or _started(int(pid)) == started


def _started(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return "gone"
    fields = text.rpartition(")")[2].split()
    return "gone" if fields[0] == "Z" else fields[19]
