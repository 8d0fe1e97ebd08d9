"""The servers that this gateway keeps up itself: engines on the cards of this box, and rented machines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from factory.contracts.engines import ModelSettings
from factory.contracts.errors import FactoryError, Stopped
from factory.contracts.model import Endpoint, Form
from factory.contracts.seams import Clock
from factory.gpu.fleet import Fleet
from factory.rented.answers import Seat, Starting
from factory.rented.keeper import Keeper
from factory.serve.ask import Ask
from factory.serve.upstream import Failed
from factory.settings import Settings

SPEAKS: dict[str, tuple[Form, ...]] = {  # what each engine takes as it is; messages are converted for the others
    "vllm": ("chat", "responses", "completions", "embeddings", "messages"),
    "ollama": ("chat", "completions", "embeddings"),
    "llama-server": ("chat", "completions", "embeddings"),
}
RUNG_OFF = ("unreachable", "timeout", "oom", "server")  # failures after which an engine is looked at


def kept_as_endpoints(settings: Settings) -> Settings:
    """The settings as the gateway routes by them: what it keeps up stands among the endpoints, without an address."""
    made = dict(settings.endpoints)
    for name in settings.names:
        if name in made:
            continue
        rented = name in settings.rented
        whole = next((key for key, model in settings.models.items() if name == key or name in model.variants), "")
        speaks = SPEAKS["vllm" if rented else settings.models[whole].engine]
        kv = None if rented else settings.models[whole].kv_tokens
        free = {"price_in": 0.0, "price_out": 0.0} if rented else {}  # its hours are paid, not its tokens
        model = settings.rented[name].model if rented else _model_of(settings.models[whole], name)
        made[name] = settings.endpoint(name).but(
            url="", model=model, factory=False, speaks=speaks, key_env="", kv_tokens=kv, **free
        )
    return settings.but(endpoints=made, models={}, rented={})


def _model_of(model: ModelSettings, name: str) -> str:
    """What it loads: two that load the same are equals for routing."""
    return model.variants[name].model if name in model.variants else model.model


def shared(settings: Settings) -> frozenset[str]:
    """Rented machines that every key may use, if it says so."""
    return frozenset(name for name, table in settings.rented.items() if table.shared)


@dataclass(frozen=True)
class Kept:
    """Implements serve.engines.Engines. None: there is none of that kind."""

    fleet: Fleet | None
    keeper: Keeper | None
    clock: Clock
    rented: frozenset[str]
    max_wait_s: float

    @asynccontextmanager
    async def seat(self, endpoint: Endpoint, ask: Ask) -> AsyncIterator[Endpoint]:
        """Holds the engine, or keeps the rented machine from being idle, until the request is done."""
        if endpoint.url:
            yield endpoint
        elif endpoint.name in self.rented and self.keeper is not None:
            url = self._rented(self.keeper, endpoint, ask)
            self.keeper.used(endpoint.name, self.clock.monotonic(), 1)
            try:
                yield endpoint.model_copy(update={"url": url})
            finally:
                self.keeper.used(endpoint.name, self.clock.monotonic(), -1)
        elif self.fleet is not None:
            name = f"{ask.id}/{endpoint.name}"
            try:
                yield await self._engine(self.fleet, endpoint, name, ask.effort)
            finally:
                self.fleet.release(name)
        else:
            raise Failed("open", f"{endpoint.name} is not kept up by this server", broken=False)

    def broken(self, endpoint: Endpoint, problem: Failed) -> None:
        """An engine that gave no answer is asked how it is, and started again if it is dead."""
        if self.fleet is not None and problem.kind in RUNG_OFF and endpoint.name not in self.rented:
            self.fleet.broken(endpoint.name)

    async def _engine(self, fleet: Fleet, endpoint: Endpoint, request: str, effort: int) -> Endpoint:
        try:
            async with asyncio.timeout(self.max_wait_s):
                seat = await asyncio.wrap_future(fleet.acquire(endpoint.name, request, effort))
        except TimeoutError:
            why = f"{endpoint.name} is not loaded after {self.max_wait_s:g} s"
            raise Failed("starting", why, broken=False, retry_after=self.max_wait_s) from None
        except Stopped as stop:
            raise Failed("model_unusable", str(stop), broken=False) from None
        except FactoryError as problem:
            raise Failed("refused", str(problem), broken=False) from None
        return endpoint.model_copy(
            update={"url": seat.url, "model": seat.model, "kv_tokens": seat.kv_tokens, "kv_block": seat.kv_block}
        )

    def _rented(self, keeper: Keeper, endpoint: Endpoint, ask: Ask) -> str:
        answer = keeper.wanted(endpoint.name, ask.effort, ask.queued)
        if isinstance(answer, Seat):
            return answer.url
        if isinstance(answer, Starting):
            why = f"{endpoint.name} is being rented, ready in about {answer.eta_s:.0f} s"
            raise Failed("starting", why, broken=False, retry_after=answer.eta_s)
        raise Failed("refused", answer.sentence, broken=False)
