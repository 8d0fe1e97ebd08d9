"""Starts an inside, feeds it a tree and an order, reads its answer: nothing touches the disk on the way."""

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from factory.contracts.errors import GitProblem
from factory.git import Store
from factory.sandbox import message

_CHUNK = 1 << 20
_LAST_WORDS = 15.0  # seconds to report after being told to stop


@dataclass(frozen=True)
class Answer:
    raw: bytes
    words: str  # what the launcher itself said (its errors)
    late: bool = False  # ended by us: past the deadline, or too long an answer


@dataclass(frozen=True)
class Ends:
    """The descriptors the inside inherits."""

    spec: int
    tar: int
    result: int
    control: int  # -1: none
    stop: int
    attached: Mapping[str, int]  # name -> descriptor of an anonymous file

    def all(self) -> tuple[int, ...]:
        return tuple(
            fd for fd in (self.spec, self.tar, self.result, self.control, self.stop, *self.attached.values()) if fd >= 0
        )

    def numbers(self) -> list[str]:
        """The arguments of the inside."""
        return [str(fd) for fd in (self.spec, self.tar, self.result, self.control, self.stop)]


def exchange(command: Callable[[Ends], list[str]], order: message.Order, source: tuple[Store, str], seconds: float,
             env: Mapping[str, str], control: int = -1, attach: Mapping[str, bytes] = {},
             enough: Callable[[], str] = str, patience: float = 0.0) -> Answer:  # fmt: skip
    """Run `command` to its end. `source`: the store and the tree to export. `control`: a descriptor to pass on.

    `enough` is asked four times a second; a status it names ends the job. Raises GitProblem when the tree cannot
    be exported. Whatever happens, nothing of it is left running: where no namespace takes care of that, `patience` is
    the seconds the inside gets to end what it started.
    """
    store, tree = source
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(tempfile.TemporaryFile())
        result, result_end = os.pipe()
        stack.callback(os.close, result)
        stop_end, stop = os.pipe()
        stack.callback(os.close, stop)
        tar, tar_end = os.pipe()
        attached = {name: message.anonymous(data) for name, data in attach.items()}
        ends = Ends(message.anonymous(message.pack(order)), tar, result_end, control, stop_end, attached)
        try:
            archive = store.archive(tree, tar_end)
            stack.callback(_end, archive)
            os.close(tar_end)
            process = stack.enter_context(_process(command(ends), ends, errors, env))
            stack.callback(_ask_to_end, process, stop, patience)
        finally:
            for fd in ends.all():
                if fd != control:
                    os.close(fd)
        raw, late = _read(result, order.answer_bytes(), time.monotonic() + seconds, lambda: _tell(stop, enough()))
        if late or not raw:
            _stop(process)
        process.wait()
        if archive.wait() not in (0, -signal.SIGPIPE, 128 + signal.SIGPIPE) and not late and message.started(raw):
            raise GitProblem(f"git archive {tree}: exit code {archive.returncode}: the tree cannot be exported.")
        errors.seek(0)
        return Answer(raw, errors.read(4000).decode(errors="replace").strip(), late)


@contextlib.contextmanager
def _process(command: list[str], ends: Ends, errors: IO[bytes],
             env: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:  # fmt: skip
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=errors,
        stderr=errors,
        env=dict(env),
        cwd="/",
        pass_fds=ends.all(),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _stop(process)
        process.wait()


def _ask_to_end(process: "subprocess.Popen[bytes]", stop: int, patience: float) -> None:
    if patience and process.poll() is None:
        os.write(stop, b"end")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _end(archive: "subprocess.Popen[bytes]") -> None:
    if archive.poll() is None:
        archive.kill()
        archive.wait()


def _tell(stop: int, status: str) -> bool:
    """Tell the inside to end the job; it still reports."""
    if status:
        os.write(stop, status.encode())
    return bool(status)


def _read(result: int, most: int, deadline: float, told: Callable[[], bool]) -> tuple[bytes, bool]:
    """(the answer, whether it came too late or too long)."""
    raw, ending = bytearray(), False
    with selectors.DefaultSelector() as selector:
        selector.register(result, selectors.EVENT_READ)
        while len(raw) <= most and time.monotonic() < deadline:
            if not ending and told():
                ending, deadline = True, time.monotonic() + _LAST_WORDS
            if selector.select(min(0.25, max(0.0, deadline - time.monotonic()))):
                data = os.read(result, _CHUNK)
                if not data:
                    return bytes(raw), False
                raw += data
    return bytes(raw), True
