"""Looks at the servers behind the port every few seconds: is each there, and what does it measure of itself?

A breaker learns from requests alone; this finds a server that went away overnight before somebody asks, and collects
what engines know and the gateway cannot: hits of the prefix cache, use of the KV cache. It decides nothing.
"""

import threading
from collections.abc import Callable, Mapping

from factory.contracts.errors import FactoryError
from factory.contracts.record import Json
from factory.gpu.engines.external import External
from factory.gpu.fleet import Fleet
from factory.settings import Settings

PACE_S = 15.0
CLOSE_S = 5.0  # for a look that is under way
Measured = Mapping[str, Mapping[str, float]]


def external(settings: Settings) -> dict[str, str]:
    """Addresses of the owner's servers that run already, by endpoint. What is paid for is not looked at."""
    return {
        name: one.url
        for name, one in settings.endpoints.items()
        if one.url and one.tier == "local" and one.wire in ("openai", "anthropic")
    }


def engines(fleet: Fleet | None) -> dict[str, str]:
    """Addresses of the engines of this box that are up, by model."""
    models = fleet.status().models if fleet is not None else ()
    return {model.name: model.url for model in models if model.url and model.state == "ready"}


class Watch:
    """`fixed`: servers whose coming and going is told, by name; `moving`: those of a fleet, which tells that itself."""

    def __init__(
        self, fixed: Mapping[str, str], moving: Callable[[], Mapping[str, str]], log: Callable[[str, Json], None],
        pace_s: float = PACE_S,
    ) -> None:  # fmt: skip
        self._fixed, self._moving, self._log, self._pace_s = fixed, moving, log, pace_s
        self._down: set[str] = set()
        self._measured: dict[str, dict[str, float]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join(CLOSE_S)

    def measured(self) -> Measured:
        """What each server said of itself at the last look; `up` is 1 or 0. Names: METRICS of factory/gpu/engines."""
        return self._measured

    def look(self) -> None:
        """One round."""
        found = {name: self._at(name, url) for name, url in self._fixed.items()}
        try:
            moving = self._moving()
        except FactoryError:
            moving = {}
        self._measured = {name: {"up": 1.0, **External(name, url).metrics()} for name, url in moving.items()} | found

    def _at(self, name: str, url: str) -> dict[str, float]:
        server = External(name, url)
        health = server.healthy()
        down = health.state == "dead"
        if down and name not in self._down:
            self._log("endpoint_down", {"endpoint": name, "why": health.said})
        elif not down and name in self._down:
            self._log("endpoint_back", {"endpoint": name})
        (self._down.add if down else self._down.discard)(name)
        return {"up": 0.0} if down else {"up": 1.0, **server.metrics()}

    def _run(self) -> None:
        while not self._over.is_set():
            self.look()
            self._over.wait(self._pace_s)
