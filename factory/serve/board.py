"""The gateway looked at once for everybody who watches: a snapshot a second at most, made of what its parts know."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from factory.contracts.errors import FactoryError
from factory.contracts.model import Endpoint
from factory.ledger.days import KeyDay
from factory.ledger.spend import micro
from factory.ledger.till import Till
from factory.serve.places import Places, Station
from factory.serve.rates import Rates
from factory.serve.recent import Recent
from factory.serve.status import Health, Machine, Place, Snapshot
from factory.settings import Settings

FRESH_S = 0.9  # a snapshot serves all who ask within so long
RATED_S = 1.0  # counters are noted so often


def no_machine() -> Machine:
    """A gateway that keeps nothing up itself."""
    return Machine()


class Board:
    """Lives in the gateway's event loop; what reads the disk or waits for locks is done by one thread of its own."""

    def __init__(
        self, settings: Settings, places: Places, till: Till, recent: Recent, now: Callable[[], float],
        machine: Callable[[], Machine] = no_machine,
    ) -> None:  # fmt: skip
        """`now`: the event loop's time."""
        self._settings, self._places, self._till, self._recent = settings, places, till, recent
        self._now, self._machine = now, machine
        self._rates, self._rated = Rates(), float("-inf")
        self._made, self._latest = float("-inf"), Snapshot("")
        self._making = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="board")
        self.closed = asyncio.Event()

    def tick(self) -> None:
        """To be called a few times a second."""
        now = self._now()
        if now - self._rated >= RATED_S:
            self._rated = now
            self._rates.note(now, {name: one.written for name, one in self._places.stations.items()})

    def close(self) -> None:
        """Whoever watches is let go."""
        self.closed.set()
        self._thread.shutdown(wait=False)

    async def snapshot(self) -> Snapshot:
        """As it is now, or was a moment ago."""
        async with self._making:
            now = self._now()
            if now - self._made >= FRESH_S and not self.closed.is_set():
                places = tuple(map(self._place, self._endpoints()))
                loop = asyncio.get_running_loop()
                self._latest = await loop.run_in_executor(self._thread, self._whole, places)
                self._made = now
            return self._latest

    def _endpoints(self) -> list[Endpoint]:
        return [self._settings.endpoint(name) for name in self._settings.names]

    def _whole(self, places: tuple[Place, ...]) -> Snapshot:
        """In the board's thread."""
        keys: tuple[KeyDay, ...] = ()
        machine, trouble, cap = Machine(), list[str](), self._settings.budget.day_usd
        try:
            keys = self._till.today()
        except (FactoryError, sqlite3.Error) as problem:
            trouble.append(f"What was spent today cannot be read: {problem}")
        try:
            machine = self._machine()
        except (FactoryError, sqlite3.Error) as problem:
            trouble.append(f"Cards and rented machines cannot be read: {problem}")
        return Snapshot(
            at=self._recent.now(), places=places, keys=keys, happened=self._recent.last(), machine=machine,
            day_cap=None if cap is None else micro(cap), trouble=tuple(trouble), open=not self._settings.serve.keys,
        )  # fmt: skip

    def _place(self, endpoint: Endpoint) -> Place:
        station = self._places.stations.get(endpoint.name)
        rate = self._rates.of(endpoint.name)
        if station is None:
            return Place(endpoint.name, endpoint.model, endpoint.tier, rate=rate)
        wait_s, pool = station.breaker.retry_after(self._now()), station.pool
        return Place(
            endpoint.name, endpoint.model, endpoint.tier, _health(station, wait_s), wait_s, pool.running,
            pool.waiting, pool.used, pool.capacity, rate, station.answered,
        )  # fmt: skip


def _health(station: Station, wait_s: float) -> Health:
    if station.breaker.state != "closed":
        return "tried" if station.breaker.state == "half_open" or not wait_s else "failing"
    if wait_s:
        return "limited"
    return "well" if station.answered or station.written else "unasked"
