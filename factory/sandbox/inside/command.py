"""Runs one command: only descriptors 0 to 2, its own session, limits, output bounded, ended in time."""

import contextlib
import fcntl
import os
import resource
import selectors
import signal
import time
from collections import deque
from typing import Any, Literal

TICK = 0.05  # seconds between two looks at memory, disk and clock
MIB = 1024 * 1024
SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ, which Python 3.11 does not name everywhere
Outcome = tuple[Literal["exited", "oom", "enospc", "timeout"], int]


class Tail:
    """The first and the last `cap / 2` bytes of a stream."""

    def __init__(self, cap: int) -> None:
        self.half = cap // 2
        self.head = bytearray()
        self.total = 0
        self._chunks: deque[bytes] = deque()
        self._kept = 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = self.half - len(self.head)
        if room > 0:
            self.head += data[:room]
            data = data[room:]
        if data:
            self._chunks.append(data)
            self._kept += len(data)
            while self._kept - len(self._chunks[0]) >= self.half:
                self._kept -= len(self._chunks.popleft())

    def tail(self) -> bytes:
        return b"".join(self._chunks)[-self.half :]


class Watch:
    """What the job uses: room left on its disks, and resident memory where no cgroup counts it.

    `stop`: a descriptor through which the host ends the job, naming the status, or by its own end.
    """

    def __init__(self, spec: dict[str, Any], stop: int) -> None:
        self.stop = stop
        self.folders: list[str] = spec["disks"]
        self.memory = spec["watch_mib"] * MIB
        self.full = False
        self._next = 0.0

    def over_memory(self) -> bool:
        """Look, at most every TICK and never more than a sixth of the time."""
        began = time.monotonic()
        if began < self._next:
            return False
        used = sum(self._disk(folder) for folder in self.folders)
        over = bool(self.memory) and used + resident() > self.memory
        now = time.monotonic()
        self._next = now + max(TICK, 5 * (now - began))
        return over

    def look(self) -> None:
        for folder in self.folders:
            self._disk(folder)

    def _disk(self, folder: str) -> int:
        room = os.statvfs(folder)
        self.full |= room.f_bavail * room.f_frsize < 64 * 1024 or (room.f_files > 0 and room.f_ffree < 8)
        return (room.f_blocks - room.f_bfree) * room.f_frsize


def resident() -> int:
    """Bytes of anonymous memory of all processes here but ourselves."""
    total = 0
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with contextlib.suppress(OSError), open(f"/proc/{name}/status", "rb") as file:
                for line in file:
                    if line.startswith(b"RssAnon:"):
                        total += int(line.split()[1]) * 1024
    return total


def run(words: list[str], spec: dict[str, Any], output: Tail, watch: Watch, deadline: float) -> Outcome:
    """Run to the end, then end everything it left behind."""
    reader, writer = os.pipe()
    with contextlib.suppress(OSError):
        fcntl.fcntl(writer, SET_PIPE_SIZE, MIB)
    child = os.fork()
    if child == 0:
        _become(words, spec, writer)
    os.close(writer)
    outcome = _follow(child, reader, output, watch, deadline)
    watch.look()
    _end_all(child)
    os.set_blocking(reader, False)
    with contextlib.suppress(BlockingIOError):
        while data := os.read(reader, MIB):
            output.add(data)
    os.close(reader)
    return outcome


def _become(words: list[str], spec: dict[str, Any], output: int) -> None:
    """In the child; never returns."""
    code = 126
    try:
        os.setsid()
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.closerange(3, 1 << 16)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")  # under memory pressure the command goes, not the process that reports it
        os.umask(0o022)
        os.chdir(spec["cwd"])
        _limit(spec["limits"])
        os.execvpe(words[0], words, spec["env"])
    except FileNotFoundError:
        code = 127
        os.write(2, f"{words[0]}: not found\n".encode(errors="surrogateescape"))
    except BaseException as error:  # noqa: BLE001  (a forked child must not return)
        os.write(2, f"{words[0]}: {error}\n".encode(errors="surrogateescape"))
    finally:
        os._exit(code)


def _limit(limits: dict[str, int]) -> None:
    """Both soft and hard, so that they cannot be raised again. `limits`: RLIMIT names in lower case."""
    for name, value in limits.items():
        which = getattr(resource, f"RLIMIT_{name.upper()}")
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def _follow(child: int, reader: int, output: Tail, watch: Watch, deadline: float) -> Outcome:
    """Read the command's output until it ends or must be ended."""
    ended = os.pidfd_open(child)
    with selectors.DefaultSelector() as selector, os.fdopen(ended, "rb"):
        selector.register(reader, selectors.EVENT_READ)
        selector.register(ended, selectors.EVENT_READ)
        selector.register(watch.stop, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select(TICK)}
            if reader in ready:
                data = os.read(reader, MIB)
                output.add(data)
                if not data:
                    selector.unregister(reader)
            if ended in ready:
                code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                return "exited", code if code >= 0 else 128 - code
            if watch.stop in ready:
                return ("oom" if os.read(watch.stop, 64) == b"oom" else "enospc"), 137
            _reap_orphans(child)
            if watch.over_memory():
                return "oom", 137
            if time.monotonic() > deadline:
                return "timeout", 124


def _reap_orphans(child: int) -> None:
    """As process 1 must, but leave the command's own end to `_follow`."""
    with contextlib.suppress(ChildProcessError):
        while info := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if info.si_pid == child:
                return
            os.waitpid(info.si_pid, 0)


def _end_all(child: int) -> None:
    """Everything the command started. As process 1 that is everything else in the namespace."""
    for _ in range(300):
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)
        if os.getpid() == 1:
            with contextlib.suppress(OSError):
                os.kill(-1, signal.SIGKILL)
        for pid in _children():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []
