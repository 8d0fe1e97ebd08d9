"""One program that looks at files: in an empty environment, without a shell, within limits.

It works on files of strangers, so it is never given their configuration, and what it says is data.
"""

import contextlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

from factory.contracts.errors import FactoryError

SECONDS = 300.0
MEMORY = 8 << 30  # bytes of address space: what is reserved counts, used or not
OUTPUT = 64 << 20  # bytes


class EngineProblem(FactoryError):
    """An engine gave nothing that can be used; the message says why, fit for a report."""


class TooMuch(EngineProblem):
    """It said more than it may. `text`: what it had said by then, whole lines of it."""

    def __init__(self, message: str, text: str) -> None:
        super().__init__(message)
        self.text = text


class Output(NamedTuple):
    status: int
    text: str
    said: str  # its last words on standard error


def program(name: str) -> str:
    """Where it is: beside our own interpreter, else in PATH. Raises EngineProblem."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    if not found:
        raise EngineProblem(f"{name} is not installed: install dark-factory[hunt].")
    return found


def run(
    command: Sequence[str],
    folder: Path,
    *,
    seconds: float = SECONDS,
    memory: int = MEMORY,
    output: int = OUTPUT,
) -> Output:
    """Raises EngineProblem when it does not start, hangs or is killed, TooMuch for more than `output` bytes."""
    name = Path(command[0]).name
    with tempfile.TemporaryFile() as text, tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=text, stderr=said,
                env={"PATH": os.environ.get("PATH", os.defpath)}, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise EngineProblem(f"{name} does not start: {error.strerror}.") from None
        try:
            _limit(process.pid, memory, output)
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise EngineProblem(f"{name} was stopped after {seconds:g} s.") from None
        finally:
            _end(process)
        words = _read(said, 4000).strip()[-300:]
        if text.seek(0, os.SEEK_END) >= output:  # also what killed it, or made it crash
            whole = _read(text, output).rpartition("\n")[0]
            raise TooMuch(f"{name} said too much: {output:,} bytes were not enough.", whole)
        if status < 0:
            raise EngineProblem(f"{name} was ended by signal {-status}: it needed too much memory or crashed. "
                                f"{words}".rstrip())  # fmt: skip
        return Output(status, _read(text, output), words)


def _limit(pid: int, memory: int, output: int) -> None:
    limits = ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, output), (resource.RLIMIT_CORE, 0))
    with contextlib.suppress(ProcessLookupError):  # already at its end
        for what, most in limits:
            _, now = resource.prlimit(pid, what)  # a limit that we stand under ourselves cannot be raised
            most = most if now == resource.RLIM_INFINITY else min(most, now)
            resource.prlimit(pid, what, (most, most))


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()


def _read(file: IO[bytes], most: int) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - most) if most < 10_000 else 0)
    return file.read(most).decode(errors="replace")
