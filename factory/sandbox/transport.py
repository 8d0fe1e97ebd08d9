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
    attached: Mapping[str, int]  # name -> descriptor of an anonymous file

    def all(self) -> tuple[int, ...]:
        return tuple(fd for fd in (self.spec, self.tar, self.result, self.control, *self.attached.values()) if fd >= 0)


def exchange(command: Callable[[Ends], list[str]], order: message.Order, source: tuple[Store, str], seconds: float,
             env: Mapping[str, str], control: int = -1, attach: Mapping[str, bytes] = {},
             enough: Callable[[], bool] = lambda: False) -> Answer:  # fmt: skip
    """Run `command` to its end. `source`: the store and the tree to export. `control`: a descriptor to pass on.

    `enough` is asked twice a second; true ends the job. Raises GitProblem when the tree cannot be exported.
    Whatever happens, nothing of it is left running.
    """
    store, tree = source
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(tempfile.TemporaryFile())
        result, result_end = os.pipe()
        stack.callback(os.close, result)
        tar, tar_end = os.pipe()
        attached = {name: message.anonymous(data) for name, data in attach.items()}
        ends = Ends(message.anonymous(message.pack(order)), tar, result_end, control, attached)
        try:
            archive = store.archive(tree, tar_end)
            stack.callback(_end, archive)
            os.close(tar_end)
            process = stack.enter_context(_process(command(ends), ends, errors, env))
        finally:
            for fd in ends.all():
                if fd != control:
                    os.close(fd)
        raw, late = _read(result, order.answer_bytes(), time.monotonic() + seconds, enough)
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


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _end(archive: "subprocess.Popen[bytes]") -> None:
    if archive.poll() is None:
        archive.kill()
        archive.wait()


def _read(result: int, most: int, deadline: float, enough: Callable[[], bool]) -> tuple[bytes, bool]:
    """(the answer, whether it came too late or too long)."""
    raw = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(result, selectors.EVENT_READ)
        while len(raw) <= most and time.monotonic() < deadline and not enough():
            if selector.select(min(0.5, max(0.0, deadline - time.monotonic()))):
                data = os.read(result, _CHUNK)
                if not data:
                    return bytes(raw), False
                raw += data
    return bytes(raw), True
