"""The load of benchmarks/gateway.py: `python -m benchmarks.gateway_load JOB CORE`, a process of its own.

A closed loop: so many connections, each with one request at a time, until the seconds or the requests are used up.
Every answer is looked at: one that is not 200, not whole or not the upstream's counts as failed.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

from benchmarks.gateway_upstream import ANSWER, run

STAMP = re.compile(rb"t=(\d+);")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
LATE = 30  # seconds after which an answer no longer comes
ENOUGH = 200  # failures after which nothing more is learned
SYSTEM = "You are a careful engineer. Answer with the change that was asked for and nothing else. " * 8


class Mode(NamedTuple):
    """A kind of request: what it says to the upstream, how long it is, how many pieces come (0 = not a stream).

    The connections begin within `spread` seconds, so that slow streams are not written in step.
    """

    words: str
    size: int
    pieces: int
    spread: float = 0.0


MODES = {
    "plain": Mode("", 200, 0),
    "large": Mode("", 60_000, 0),  # a coding agent's usual prompt
    "streamed": Mode(" events=16", 200, 16),
    "paced": Mode(" events=4 gap=20", 200, 4, 0.06),  # 50 tokens/s, as a local model writes
}


@dataclass(frozen=True)
class Job:
    """What to do. `requests` 0 = as many as go into the seconds."""

    port: int
    mode: str
    concurrency: int
    seconds: float
    requests: int = 0
    key: str = ""
    tag: str = ""  # so that the requests of two jobs differ, too
    model: str = "m"


@dataclass
class Load:
    """What came of it. Milliseconds, p50 and p99; `first` and `piece`: from leaving upstream to arriving here."""

    done: int = 0
    failed: int = 0
    seconds: float = 0
    latency: Sequence[float] = (0, 0)
    first: Sequence[float] = (0, 0)
    piece: Sequence[float] = (0, 0)
    why: list[str] = field(default_factory=list)
    busy_ms: float = 0  # processor time of the server, a request; whoever has the server fills it in

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.done / self.seconds if self.seconds else 0


class Loop:
    """What the connections of one job share."""

    def __init__(self, job: Job) -> None:
        words, size, self.events, _ = MODES[job.mode]
        self.job, self.streams = job, bool(self.events)
        text = ("It must be done well. " * (size // 20 + 1))[:size]
        user = f"Task {job.tag}-%09d.{words} {text}"
        said = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": user}]
        body = {"model": job.model, "max_tokens": 256, "stream": self.streams, "messages": said}
        self.body = json.dumps(body).encode()
        length = len(self.body % 0)
        self.head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{job.port}\r\ncontent-type: application/json\r\n"
            f"authorization: Bearer {job.key}\r\ncontent-length: {length}\r\n\r\n"
        ).encode()
        self.times: list[int] = []
        self.firsts: list[int] = []
        self.pieces: list[int] = []
        self.why: list[str] = []
        self.sent = self.failed = 0
        self.begun = time.perf_counter()
        self.end = self.begun + job.seconds

    def more(self) -> bool:
        """Is there anything left to ask?"""
        left = not self.job.requests or self.sent < self.job.requests
        return left and time.perf_counter() < self.end and self.failed < ENOUGH

    def next(self) -> bytes | None:
        """Each asks for something else: no two requests are the same session. None: no more."""
        if not self.more():
            return None
        self.sent += 1
        return self.head + self.body % self.sent

    def fail(self, why: str) -> None:
        self.failed += 1
        if len(self.why) < 3:
            self.why.append(why)


class Asking(asyncio.Protocol):
    """One connection, one request at a time. `over` is set when there is nothing more to ask or it broke."""

    def __init__(self, loop: Loop, over: "asyncio.Future[None]") -> None:
        self.all, self.over, self.busy = loop, over, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.ask()

    def ask(self) -> None:
        request = self.all.next()
        if request is None:
            self.transport.close()
            return
        self.got, self.whole, self.status, self.stamps, self.seen = bytearray(), -1, 0, 0, 0
        self.busy, self.begun = True, time.perf_counter_ns()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        self.got += data
        if not self.status:
            self.head()
        if self.all.streams:
            self.stamped(now)
        ended = len(self.got) >= self.whole if self.whole >= 0 else self.got.endswith(b"\r\n0\r\n\r\n")
        if self.status and ended:
            self.judge()

    def head(self) -> None:
        end = self.got.find(b"\r\n\r\n")
        if end >= 0:
            self.status = int(self.got[9:12])
            length = LENGTH.search(self.got, 0, end + 2)
            self.whole = end + 4 + int(length[1]) if length else -1

    def stamped(self, now: int) -> None:
        for stamp in STAMP.finditer(self.got, self.seen):
            (self.all.pieces if self.stamps else self.all.firsts).append(now - int(stamp[1]))
            self.stamps += 1
            self.seen = stamp.end()

    def judge(self) -> None:
        good = (
            self.stamps == self.all.events and b"[DONE]" in self.got
            if self.all.streams
            else ANSWER.encode() in self.got
        )
        if self.status == 200 and good:
            self.all.times.append(time.perf_counter_ns() - self.begun)
        else:
            self.all.fail(f"{self.status}, {self.stamps} pieces: {bytes(self.got[-300:])!r}")
        self.busy = False
        self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        if self.busy:
            self.all.fail(f"the connection was lost: {error}, after {bytes(self.got[-300:])!r}")
        if not self.over.done():
            self.over.set_result(None)


async def ask(job: Job) -> Load:
    """Every connection is made anew when it broke, as long as there is something to ask."""
    shared = Loop(job)

    async def one(number: int) -> None:
        running = asyncio.get_running_loop()
        await asyncio.sleep(MODES[job.mode].spread * number / job.concurrency)
        while shared.more():
            over: asyncio.Future[None] = running.create_future()
            await running.create_connection(lambda over=over: Asking(shared, over), "127.0.0.1", job.port)  # type: ignore[misc]
            await over

    try:
        async with asyncio.timeout(job.seconds + LATE):
            await asyncio.gather(*(one(number) for number in range(job.concurrency)))
    except TimeoutError:
        shared.fail(f"no answer {LATE} seconds after the end")
    seconds = time.perf_counter() - shared.begun
    latency, first, piece = (middle_and_end(values) for values in (shared.times, shared.firsts, shared.pieces))
    return Load(len(shared.times), shared.failed, seconds, latency, first, piece, shared.why)


def middle_and_end(nanoseconds: Sequence[int]) -> tuple[float, float]:
    """p50 and p99 in milliseconds."""
    if not nanoseconds:
        return 0.0, 0.0
    ranked = sorted(nanoseconds)
    return ranked[len(ranked) // 2] / 1e6, ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)] / 1e6


async def main(job: Job) -> None:
    print(json.dumps(asdict(await ask(job))), flush=True)


if __name__ == "__main__":
    run(main(Job(**json.loads(sys.argv[1]))), sys.argv[2])
