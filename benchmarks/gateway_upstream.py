"""A model server that answers at once, for benchmarks/gateway.py: `python -m benchmarks.gateway_upstream CORE`.

It prints its port and serves until its standard input ends. The request says how to answer: `"stream": true`, and in a
message `events=16` (how many pieces) and `gap=20` (milliseconds between them). Every piece holds the time at which it
was written (`t=…;`, nanoseconds of the machine's monotonic clock), so that whoever receives it knows how long it took.
"""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Coroutine
from functools import partial
from typing import Any

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
STREAM = re.compile(rb'"stream": ?true')
EVENTS = re.compile(rb"events=(\d+)")
GAP = re.compile(rb"gap=(\d+)")
ANSWER = "It works as planned. " * 12
USAGE = {"prompt_tokens": 200, "completion_tokens": 64, "total_tokens": 264}
SHAPE = {"id": "chatcmpl-1", "created": 1_700_000_000, "model": "m"}
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


def _json(value: object) -> bytes:
    body = json.dumps(value, separators=(",", ":")).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def _event(part: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps({**SHAPE, "object": "chat.completion.chunk", **part}).encode() + b"\n\n"


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _delta(delta: object, finish: str | None = None) -> bytes:
    return _event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


MESSAGE = {"role": "assistant", "content": ANSWER}
WHOLE = _json(
    {**SHAPE, "object": "chat.completion", "usage": USAGE,
     "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}]}
)  # fmt: skip
MODELS = _json({"object": "list", "data": [{"id": "m", "object": "model", "created": 0, "owned_by": "mock"}]})
ROLE = _chunk(_delta({"role": "assistant", "content": ""}))
PIECE = _delta({"content": "t=%d;"})
LAST = _chunk(_delta({}, "stop"))
COUNTED = _chunk(_event({"choices": [], "usage": USAGE}))
DONE = _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


class Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.buffer = b""
        self.loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.buffer, 0, end)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < whole:
                return
            request, self.buffer = self.buffer[:whole], self.buffer[whole:]
            self.answer(request)

    def answer(self, request: bytes) -> None:
        if not request.startswith(b"POST"):
            self.transport.write(MODELS)
        elif not STREAM.search(request):
            self.transport.write(WHOLE)
        else:
            self.transport.write(STREAM_HEAD + ROLE)
            events, gap = EVENTS.search(request), GAP.search(request)
            self.pieces(int(events[1]) if events else 1, int(gap[1]) / 1000 if gap else 0, b"include_usage" in request)

    def pieces(self, left: int, gap: float, counted: bool) -> None:
        """The rest of a stream; each piece is a write of its own."""
        while left and not self.transport.is_closing():
            self.transport.write(_chunk(PIECE % time.monotonic_ns()))
            left -= 1
            if gap and left:
                self.loop.call_later(gap, partial(self.pieces, left, gap, counted))
                return
        self.transport.write(LAST + (COUNTED if counted else b"") + DONE)


async def serve() -> None:
    """Until standard input ends: nobody has to remember to stop it."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answering, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()
    server.close()


def run(main: Coroutine[Any, Any, None], core: str) -> None:
    """On one core, on uvloop. For the load generator too."""
    from uvloop import new_event_loop

    os.sched_setaffinity(0, {int(core)})
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main)


if __name__ == "__main__":
    run(serve(), sys.argv[1])
