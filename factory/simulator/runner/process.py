"""One process of a step: its lines as they come, a time limit, cancelling as GitHub does it, and killing."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LOOK = 0.1  # seconds between looks at what may stop the process
DRAIN = 2.0  # seconds that output is waited for when the process has ended and a child holds the pipe


@dataclass(frozen=True)
class Ended:
    code: int
    why: str = ""  # cancelled, timeout, killed


@dataclass(frozen=True)
class Stops:
    """What may end a process early: the job's cancellation and kill, a deadline on the monotonic clock."""

    cancel: threading.Event
    kill: threading.Event
    deadline: float
    patience: tuple[float, float]


def run(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], hear: Callable[[str], None], stops: Stops
) -> tuple[Ended, int]:
    """(how it ended, its process group): what it left in the background lives until `sweep`."""
    process = subprocess.Popen(
        command, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    reader = threading.Thread(target=_read, args=(process.stdout, hear), daemon=True)
    reader.start()
    why = _watch(process, stops)
    reader.join(None if why == "" and not _alive(process.pid) else DRAIN)
    return Ended(process.returncode, why), process.pid


def _read(stream: IO[bytes] | None, hear: Callable[[str], None]) -> None:
    if stream is None:
        return
    with stream, contextlib.suppress(ValueError):
        for raw in stream:
            hear(raw.decode("utf-8", errors="replace").rstrip("\r\n"))


def _watch(process: "subprocess.Popen[bytes]", stops: Stops) -> str:
    """Waits for the end; returns why it was ended early, "" when it was not."""
    while True:
        try:
            process.wait(timeout=LOOK)
            return ""
        except subprocess.TimeoutExpired:
            pass
        if stops.kill.is_set():
            sweep(process.pid)
            process.wait()
            return "killed"
        if stops.cancel.is_set() or time.monotonic() > stops.deadline:
            why = "cancelled" if stops.cancel.is_set() else "timeout"
            _ask_to_end(process, stops)
            sweep(process.pid)
            return why


def _ask_to_end(process: "subprocess.Popen[bytes]", stops: Stops) -> None:
    """SIGINT, then SIGTERM, each to the step's own process; then SIGKILL to all of its group."""
    for number, patience in ((signal.SIGINT, stops.patience[0]), (signal.SIGTERM, stops.patience[1])):
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        end = time.monotonic() + patience
        while time.monotonic() < end and not stops.kill.is_set():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=min(LOOK, max(end - time.monotonic(), 0.001)))
                return
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.wait()


def sweep(group: int) -> None:
    """Kill whatever is left of a process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
