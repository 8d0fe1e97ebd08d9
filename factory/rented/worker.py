"""A process that answers JSON lines under another Python; when it does not answer in time, it is ended."""

import json
import os
import select
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from factory.contracts.errors import UsageProblem
from factory.contracts.record import Json
from factory.rented.seam import NoOffer, RentalProblem

MOST = 8 * 1024 * 1024  # bytes of one answer


class Worker:
    """Started with its first question, and anew after each time it had to be ended. Safe for threads: one at a time."""

    def __init__(self, argv: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        """`environment` is added to ours."""
        self._argv = tuple(argv)
        self._environment = {**os.environ, **(environment or {})}
        self._log = log
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, call: str, timeout_s: float, **arguments: object) -> Json:
        """What the call returned. Raises NoOffer when it was refused, else RentalProblem: it may have been done."""
        line = json.dumps({"call": call, "with": arguments}).encode() + b"\n"
        with self._lock:
            process = self._running()
            try:
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(line)
                process.stdin.flush()
                raw = _line(process.stdout, timeout_s)
                answer: Json = json.loads(raw)
            except (OSError, ValueError) as problem:
                self._end()
                raise RentalProblem(f"SkyPilot did not answer `{call}` ({problem}): see {self._log}.") from None
        if "problem" in answer:
            raise (NoOffer if answer.get("refused") else RentalProblem)(str(answer["problem"]))
        found: Json = answer["ok"]
        return found

    def close(self) -> None:
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            try:
                with self._log.open("wb") as log:
                    self._process = subprocess.Popen(
                        self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, bufsize=0,
                        start_new_session=True, env=self._environment,
                    )  # fmt: skip
            except OSError as problem:
                raise UsageProblem(
                    f"{self._argv[0]} cannot be started ({problem.strerror}): name the Python that has SkyPilot as "
                    "`python` in [rented.NAME]; `uv tool install 'skypilot[vast]'` makes one."
                ) from None
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    assert pipe is not None
                    pipe.close()


def _line(pipe: IO[bytes], timeout_s: float) -> bytes:
    """One whole line. Raises OSError when the process ended, its kind TimeoutError when nothing came."""
    end, found = time.monotonic() + timeout_s, bytearray()
    while not found.endswith(b"\n"):
        left = end - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            raise TimeoutError(f"nothing within {timeout_s:.0f} s")
        piece = os.read(pipe.fileno(), 65_536)
        if not piece or len(found) > MOST:
            raise OSError("it ended")
        found += piece
    return bytes(found)
