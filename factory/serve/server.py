"""The gateway put together and run: one process, one event loop, one port."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import TYPE_CHECKING

from factory.contracts.errors import UsageProblem
from factory.contracts.record import Json
from factory.contracts.serving import ServeSettings
from factory.ledger.till import Till
from factory.llm.environment import secrets_of
from factory.llm.redact import Redaction
from factory.prompting import Prompts
from factory.serve.app import Gateway
from factory.serve.board import Board, no_machine
from factory.serve.chains import Chains
from factory.serve.door import Door
from factory.serve.engines import Engines, External
from factory.serve.front import Front
from factory.serve.metrics import Metrics
from factory.serve.orders import Answer
from factory.serve.outgoing import Outgoing
from factory.serve.pages import pages
from factory.serve.places import Places
from factory.serve.reason import Reasoner
from factory.serve.recent import Recent
from factory.serve.relay import Relay
from factory.serve.status import Machine
from factory.serve.upstream import Upstream, upstream_ready
from factory.serve.visitors import Visitors
from factory.settings import Settings

if TYPE_CHECKING:
    import uvicorn

TICK_S = 0.25
LOOPBACK = ("127.0.0.1", "::1", "localhost")
Log = Callable[[str, Json], None]


@dataclass(frozen=True)
class Parts:
    """What the gateway stands on; given, so that tests can give their own."""

    settings: Settings  # what it routes by
    till: Till  # started, and stopped afterwards, by whoever made it
    log: Recent
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    engines: Engines = field(default_factory=External)
    shared: frozenset[str] = frozenset()
    orders: Answer | None = None  # to the box, if there is one
    servers: Callable[[], Mapping[str, Mapping[str, float]]] = dict  # what they measure of themselves
    machine: Callable[[], Machine] = no_machine  # what the box keeps up, for the status page


def check(settings: Settings) -> None:
    """Raises UsageProblem when the gateway may not be started like this."""
    serve = settings.serve
    if serve.host not in LOOPBACK and not serve.keys:
        raise UsageProblem(
            f"The gateway may listen on {serve.host} only with keys: make one with `factory serve key NAME`, or listen "
            "on 127.0.0.1."
        )
    if not (settings.endpoints or settings.models or settings.rented):
        raise UsageProblem(
            "No model endpoint is configured: put an [endpoints.NAME] or [models.NAME] table into factory.toml."
        )


async def serve(parts: Parts, listener: socket.socket, stop: threading.Event) -> None:
    """Serve until `stop`; what is under way then is given a few seconds. The till must have been started."""
    import uvicorn

    loop = asyncio.get_running_loop()
    metrics = Metrics(parts.servers)
    upstream = Upstream(parts.environment)
    settings = parts.settings
    relay = Relay(
        settings=settings,
        chains=Chains(settings, parts.shared),
        upstream=upstream,
        places=Places(settings.serve, metrics, loop.time),
        till=parts.till,
        engines=parts.engines,
        outgoing=Outgoing(Redaction(token_bytes(32), secrets_of(settings.endpoints, parts.environment))),
        metrics=metrics,
        log=parts.log,
    )
    door = Door(settings.serve, bool(parts.shared))
    board = Board(settings, relay.places, parts.till, parts.log, loop.time, parts.machine)
    front = Front(door, board, Visitors(loop.time))
    config = uvicorn.Config(
        Gateway(door, relay, Reasoner(relay, Prompts()), pages(door, relay, front, parts.orders)),
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        lifespan="off",
        loop="none",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    if threading.current_thread() is threading.main_thread():
        _settle()
    ticking = asyncio.create_task(_ticks(relay.places, board, server, stop))
    try:
        await server.serve(sockets=[listener])
    finally:
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
        relay.outgoing.close()
        await upstream.close()


def _settle() -> None:
    """What is loaded by now stays as long as this process, whose only work is to serve: walking it all would stop
    every answer for tens of milliseconds."""
    import gc

    upstream_ready()
    gc.collect()
    gc.freeze()


async def _ticks(places: Places, board: Board, server: "uvicorn.Server", stop: threading.Event) -> None:
    while True:
        await asyncio.sleep(TICK_S)
        places.tick()
        board.tick()
        if stop.is_set():
            board.close()
            server.should_exit = True


def listening(settings: ServeSettings) -> socket.socket:
    """The port, bound. Raises UsageProblem when it is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=1024)
    except OSError as error:
        raise UsageProblem(
            f"Cannot listen on {settings.host}:{settings.port} ({error.strerror}): set serve.port to a free one."
        ) from None


def run(parts: Parts, listener: socket.socket, stop: threading.Event) -> None:
    """`serve` in an event loop of its own, uvloop's."""
    import uvloop

    uvloop.run(serve(parts, listener, stop))


@contextmanager
def serving(parts: Parts) -> Iterator[str]:
    """The gateway in a thread of this process; yields its URL without /v1."""
    check(parts.settings)
    listener = listening(parts.settings.serve)
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(parts, listener, stop), daemon=True, name="gateway")
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        thread.join(timeout=15)
        listener.close()
