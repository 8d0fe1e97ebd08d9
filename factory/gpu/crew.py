"""Does the scheduler's work on real engine processes, each piece in a thread of its own."""

import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from factory.contracts.errors import FactoryError, Stopped
from factory.contracts.record import Json
from factory.contracts.seams import Clock
from factory.gpu.actions import Kill, Load, Sleep, Wake, Work
from factory.gpu.bootlog import Boot
from factory.gpu.catalog import Offer
from factory.gpu.device import CardState
from factory.gpu.engines.health import Health
from factory.gpu.engines.launch import LOOPBACK, Launch
from factory.gpu.engines.learn import learn
from factory.gpu.placement import Cards

GRACE_S = 10.0  # seconds an engine has to end by itself
LOOKS = 3  # at an engine that does not answer, before it counts as dead
PATIENCE_S = 5.0  # for each look


KV_BLOCK = 16  # tokens; vLLM's usual, until a log says another


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a request goes. `kv_tokens`: of the engine's cache, for all requests together; None = not known."""

    url: str  # of the server, without /v1
    model: str  # the name under which the engine serves it
    kv_tokens: int | None
    kv_block: int  # tokens


class Engine(Protocol):
    """One engine process, as `factory.gpu.engines.process.Process`; `pid` leads a session of its own."""

    pid: int | None
    launch: Launch
    version: str

    @property
    def state(self) -> str: ...

    def start(self) -> None: ...
    def wait_ready(self, timeout_s: float) -> Any: ...
    def healthy(self, timeout_s: float = ...) -> Health: ...
    def sleep(self, level: int) -> float: ...
    def wake(self) -> float: ...
    def stop(self, grace_s: float = ...) -> float: ...
    def memory_bytes(self) -> int: ...


Make = Callable[[Offer, int, Cards, float, Path, Clock], Engine]
"""Makes an engine that is not started yet: (offer, port, cards, share of each card's memory, folder, clock)."""


def process(offer: Offer, port: int, cards: Cards, share: float, folder: Path, clock: Clock) -> Engine:
    """The real thing."""
    from factory.gpu.engines.process import Process
    from factory.gpu.engines.registry import launch

    made = launch(
        offer.model.name if not offer.variant else offer.of, offer.settings, port, cards, share, offer.variant
    )
    return Process(made, folder, clock)


class Crew:
    """`report(work, seconds, problem)` is called from the threads, once for each piece of work.

    `state`: the state folder. `tell(event, facts)`: what a start taught that the owner should know.
    """

    def __init__(
        self, offers: Mapping[str, Offer], state: Path, clock: Clock, make: Make,
        report: Callable[[Work, float, str], None], tell: Callable[[str, Json], None],
    ) -> None:  # fmt: skip
        self.engines: dict[str, Engine] = {}
        self.boots: dict[str, Boot] = {}
        self._offers, self._state, self._clock = offers, state, clock
        self._make, self._report, self._tell = make, report, tell
        self.folder = state / "gpu" / "engines"
        self._pool = ThreadPoolExecutor(max_workers=32, thread_name_prefix="engine")
        self._lock = threading.Lock()
        self._closed = False

    def do(self, work: Work, cards: tuple[CardState, ...]) -> None:
        """Begins it and returns."""
        self._pool.submit(self._work, work, cards)

    def look_after(self, model: str, tell: Callable[[str, Health], None]) -> None:
        """Asks the engine how it is, in a thread; one that does not answer several times counts as dead."""
        self._pool.submit(self._look, model, tell)

    def sessions(self) -> dict[int, str]:
        """Who an engine's processes belong to."""
        with self._lock:
            return {engine.pid: name for name, engine in self.engines.items() if engine.pid}

    def died(self) -> dict[str, str]:
        """Engines that ended by themselves, and why."""
        with self._lock:
            engines = dict(self.engines)
        return {name: engine.healthy().said for name, engine in engines.items() if engine.state == "failed"}

    def seat(self, offer: str, size: str) -> Seat | None:
        """Where it answers; None when it has just ended."""
        engine, boot = self.engines.get(offer), self.boots.get(offer)
        if engine is None:
            return None
        tokens = (boot.pool_tokens if boot else None) or self._offers[offer].settings.kv_tokens
        block = (boot.block_size if boot else None) or KV_BLOCK
        return Seat(f"http://{LOOPBACK}:{engine.launch.port}", size or engine.launch.served, tokens, block)

    def memory(self) -> dict[str, int]:
        """Host memory of each engine, bytes."""
        with self._lock:
            engines = dict(self.engines)
        return {name: engine.memory_bytes() for name, engine in engines.items()}

    def close(self) -> None:
        """Ends every engine and waits for all work."""
        with self._lock:
            self._closed = True
            engines = list(self.engines.values())
        ends = [self._pool.submit(engine.stop, GRACE_S) for engine in engines]
        for end in ends:
            end.exception()
        self._pool.shutdown(wait=True)

    def _work(self, work: Work, cards: tuple[CardState, ...]) -> None:
        begun, problem = self._clock.monotonic(), ""
        try:
            match work:
                case Load():
                    self._load(work, cards)
                case Wake():
                    self.engines[work.model].wake()
                case Sleep():
                    self.engines[work.model].sleep(work.level)
                case Kill():
                    self._kill(work)
        except FactoryError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001  the thread's edge: work without an end would hold its card for ever
            problem = f"{type(error).__name__}: {error}"
        self._report(work, self._clock.monotonic() - begun, problem)

    def _load(self, work: Load, cards: tuple[CardState, ...]) -> None:
        offer = self._offers[work.model]
        total = min(card.total for card in cards if card.index in work.cards)
        share = min(0.99, offer.model.need.bytes / total)
        engine = self._make(offer, free_port(), work.cards, share, self.folder, self._clock)
        with self._lock:
            if self._closed:
                raise Stopped("interrupted", f"{work.model} is not started: the server is closing.")
            self.engines[work.model] = engine
        engine.start()
        with self._lock:
            closed = self._closed
        if closed:  # close() may have looked before there was anything to stop
            engine.stop(GRACE_S)
        ready = engine.wait_ready(offer.settings.start_s)
        if ready.boot:
            self.boots[work.model] = ready.boot
            card = next((card.name for card in cards if card.index in work.cards), "")
            for said in learn(self._state, ready.boot, card, len(work.cards)):
                self._tell("pool_small", {"model": work.model, "why": said})

    def _kill(self, work: Kill) -> None:
        with self._lock:
            engine = self.engines.pop(work.model, None)
        if engine:
            engine.stop(GRACE_S)

    def _look(self, model: str, tell: Callable[[str, Health], None]) -> None:
        engine = self.engines.get(model)
        health = Health("dead", "it is not there")
        for _ in range(LOOKS if engine else 0):
            health = engine.healthy(PATIENCE_S) if engine else health
            if health.state != "slow":
                break
        dead = Health("dead", f"it does not answer: {health.said}")
        tell(model, dead if health.state == "slow" else health)


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as trial:
        trial.bind((LOOPBACK, 0))
        return int(trial.getsockname()[1])
