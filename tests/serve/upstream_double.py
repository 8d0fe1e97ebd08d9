"""A model server that misbehaves as told: raw sockets, so that it can lie about lengths, half-close and reset.

What well-behaved answers look like is checked elsewhere against the vendors' SDKs; this one is about the transport.
"""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from factory.contracts.record import Json

OK = b"HTTP/1.1 200 OK\r\n"
USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}


@dataclass(frozen=True)
class Sleep:
    seconds: float


class Reset:
    """Close so that the peer gets ECONNRESET."""


class HalfClose:
    """No more bytes from us, but the socket stays open for reading."""


Step = bytes | Sleep | Reset | HalfClose
Script = Callable[[Json, int], Iterator[Step]]


@dataclass
class Upstream:
    """`url` with /v1. `bodies`: what came, in order; `gone`: connections the gateway hung up on while we wrote."""

    url: str
    bodies: list[Json] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)


def whole(text: str = "hello", **more: object) -> bytes:
    """A good chat completion, as a whole HTTP answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return answer({"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice],
                   "usage": USAGE} | more)  # fmt: skip


def answer(value: object, status: str = "200 OK", extra: str = "") -> bytes:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{extra}content-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def stream_head() -> bytes:
    return OK + b"content-type: text/event-stream\r\nconnection: close\r\n\r\n"


def chunk(delta: Json | None = None, finish: str | None = None, **more: object) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    value = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices} | more
    return b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


def good_stream(body: Json, words: tuple[str, ...] = ("hel", "lo")) -> Iterator[Step]:
    """A good streamed chat completion."""
    yield stream_head()
    yield chunk({"role": "assistant", "content": ""})
    for word in words:
        yield chunk({"content": word})
    yield chunk({}, "stop")
    if (body.get("stream_options") or {}).get("include_usage"):
        yield chunk(None, usage=USAGE)
    yield b"data: [DONE]\n\n"


def good(body: Json, number: int) -> Iterator[Step]:
    """Whole or streamed, as asked."""
    if body.get("stream"):
        yield from good_stream(body)
    else:
        yield whole()


@contextmanager
def upstream(script: Script = good) -> Iterator[Upstream]:
    """Serve on a free port of loopback; each connection has a thread, each request calls the script."""
    listener = socket.create_server(("127.0.0.1", 0))
    made = Upstream(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
    over = threading.Event()

    def accept() -> None:
        while not over.is_set():
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_connection, args=(peer, script, made), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield made
    finally:
        over.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _connection(peer: socket.socket, script: Script, made: Upstream) -> None:
    with peer, suppress(OSError):
        file = peer.makefile("rb")
        while True:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = file.readline()
                if not line:
                    return
                head += line
            size = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)  # fmt: skip # noqa: E501
            raw = file.read(size)
            made.heads.append(head.decode("latin-1"))
            made.raw.append(raw)
            made.bodies.append(json.loads(raw) if raw else {})
            if not _play(peer, script(made.bodies[-1], len(made.bodies)), made):
                return


def _play(peer: socket.socket, steps: Iterator[Step], made: Upstream) -> bool:
    """False when the connection is over."""
    closing = False
    for step in steps:
        if isinstance(step, Sleep):
            peer.settimeout(step.seconds)
            with suppress(TimeoutError):
                if peer.recv(1, socket.MSG_PEEK) == b"":
                    made.gone.set()
                    return False
                time.sleep(step.seconds)
            peer.settimeout(None)
        elif isinstance(step, Reset):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        elif isinstance(step, HalfClose):
            peer.shutdown(socket.SHUT_WR)
            time.sleep(2)
            return False
        else:
            closing = closing or b"connection: close" in step
            try:
                peer.sendall(step)
            except OSError:
                made.gone.set()
                return False
    return not closing
