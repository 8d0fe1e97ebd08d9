"""The parent of one engine: keeps its log small, and leaves none of its processes behind.

    python -I -S keeper.py LOG BYTES GRACE -- COMMAND…

It is a process of its own because the factory may be killed: its standard input is a pipe from there, and the pipe's
end is the order to stop. (The kernel's own "signal when the parent ends" is bound to the *thread* that started the
child, which in a server may end any time.) Orphans of the engine become children of the keeper, so it finds them all.

Standard output: `pid N` or `error WHY`, then `exit CODE` (negative: a signal's number). `stop SECONDS` on standard
input ends the engine: SIGTERM to its process group, SIGKILL to whatever is left after so long. BYTES bound each of two
files, LOG and LOG.1 (the older part). Standard library only; nothing of it may wait for a disk or a reader for ever.
"""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
CHUNK = 65_536
UNKILLABLE_S = 5.0  # a process that hangs in the driver does not end even at SIGKILL


class Seen(NamedTuple):
    """One process, from /proc."""

    pid: int
    parent: int
    session: int
    started: int  # clock ticks since the machine came up
    resident: int  # bytes
    ended: bool  # a zombie: nobody has asked for its exit code yet


def processes() -> list[Seen]:
    """All that can be seen now."""
    found, page = [], os.sysconf("SC_PAGE_SIZE")
    for entry in os.listdir("/proc"):  # noqa: PTH208  (names are enough, and this runs often)
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_bytes().rpartition(b")")[2].split()
            except OSError:
                continue
            found.append(Seen(int(entry), int(fields[1]), int(fields[3]), int(fields[19]), int(fields[21]) * page,
                              fields[0] in b"ZX"))  # fmt: skip
    return found


def below(pid: int) -> list[Seen]:
    """Descendants of a process that still run."""
    children: dict[int, list[Seen]] = {}
    for one in processes():
        children.setdefault(one.parent, []).append(one)
    found: list[Seen] = []
    next_ones = [pid]
    while next_ones:
        for one in children.get(next_ones.pop(), ()):
            next_ones.append(one.pid)
            if not one.ended:
                found.append(one)
    return found


class Log:
    """Two files of at most `most` bytes. A disk that is full costs lines, not the engine."""

    def __init__(self, path: Path, most: int) -> None:
        self._path, self._most = path, most
        self._file, self._size = -1, 0
        self._turn()

    def write(self, data: bytes) -> None:
        try:
            if self._size + len(data) > self._most:
                os.close(self._file)
                self._file = -1  # should the next one not be had
                self._turn()
            os.write(self._file, data)
            self._size += len(data)
        except OSError:
            return

    def _turn(self) -> None:
        if self._path.exists():
            self._path.replace(f"{self._path}.1")
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self._size = 0


class Keeper:
    def __init__(self, log: Log, command: list[str], grace: float) -> None:
        self.log, self.grace = log, grace
        self.code: int | None = None
        self.deadline = float("inf")  # when everything is killed
        self.engine = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            preexec_fn=_end_with_the_keeper,  # this process has one thread, which lives as long as it does
        )  # fmt: skip

    def watch(self) -> int:
        """Until the engine has ended; returns its exit code."""
        output = self.engine.stdout
        assert output
        os.set_blocking(output.fileno(), False)
        with selectors.DefaultSelector() as waiting:
            waiting.register(output, selectors.EVENT_READ, self._copy)
            waiting.register(sys.stdin.fileno(), selectors.EVENT_READ, self._obey)
            waiting.register(os.pidfd_open(self.engine.pid), selectors.EVENT_READ, self._ended)
            while self.code is None:
                events = waiting.select(max(0.0, min(self.deadline - time.monotonic(), 3600)))
                for key, _ in events:
                    if not key.data(key.fd):
                        waiting.unregister(key.fileobj)
                if time.monotonic() >= self.deadline:
                    self._kill()
        self._kill()
        with contextlib.suppress(BlockingIOError):
            while data := os.read(output.fileno(), CHUNK):
                self.log.write(data)
        return self.code

    def _copy(self, source: int) -> bool:
        """A piece of what the engine has written goes to the log. False at the end of it."""
        try:
            data = os.read(source, CHUNK)
        except BlockingIOError:
            return True
        self.log.write(data)
        return bool(data)

    def _obey(self, source: int) -> bool:
        said = os.read(source, CHUNK).decode().split()  # "stop 10", or nothing: the factory has gone
        self.deadline = min(self.deadline, time.monotonic() + (float(said[-1]) if said else self.grace))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.engine.pid, signal.SIGTERM)
        return bool(said)

    def _ended(self, source: int) -> bool:
        self._reap()
        return False

    def _reap(self) -> None:
        """Takes the exit codes of whoever has ended, orphans too."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid == self.engine.pid:
                self.code = os.waitstatus_to_exitcode(status)

    def _kill(self) -> None:
        """Ends all that is left below."""
        end = time.monotonic() + UNKILLABLE_S
        while (left := below(os.getpid())) and time.monotonic() < end:
            for one in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one.pid, signal.SIGKILL)
            time.sleep(0.01)
            self._reap()
        self._reap()
        if self.code is None:
            self.code = -signal.SIGKILL


def _end_with_the_keeper() -> None:
    """Runs in the engine before its program does."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _say(line: str) -> None:
    try:
        os.write(1, f"{line}\n".encode())
    except OSError:
        return  # the factory has gone


def main() -> int:
    log, most, grace, _, *command = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # meant for the factory, which will say so
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        keeper = Keeper(Log(Path(log), int(most)), command, float(grace))
    except OSError as error:
        _say(f"error {error.strerror}: {error.filename}")
        return 1
    _say(f"pid {keeper.engine.pid}")
    _say(f"exit {keeper.watch()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
