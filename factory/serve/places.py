"""Each endpoint's place in the gateway: who may start there, is it well, and what it is like (learned as it goes)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from factory.contracts.model import Endpoint
from factory.contracts.serving import ServeSettings
from factory.serve import admission
from factory.serve.admission import Pool, Rules, Ticket
from factory.serve.affinity import Affinity, Load, session_of
from factory.serve.ask import Ask
from factory.serve.breaker import Breaker
from factory.serve.errors import Refused
from factory.serve.exchange import Exchange, Told
from factory.serve.heads import Story
from factory.serve.metrics import Metrics

BYTES_PER_TOKEN = 3.5  # of a request's JSON, until an endpoint has counted
WEIGHT = 1 / 8  # of the newest in an average


@dataclass(slots=True)
class Station:
    """What the gateway knows of one endpoint."""

    pool: Pool
    breaker: Breaker
    density: float = BYTES_PER_TOKEN
    waiting: dict[Ticket, asyncio.Future[None]] = field(default_factory=dict)
    kv_tokens: int | None = None  # that the pool was made for
    url: str = ""
    answered: int = 0
    tokens_out: int = 0
    writing: set[Exchange] = field(default_factory=set)

    @property
    def written(self) -> int:
        """Tokens of all answers so far, also of those that are still being written."""
        return self.tokens_out + sum(exchange.pieces for exchange in self.writing)


class Places:
    """One for the whole gateway; lives in its event loop."""

    def __init__(self, settings: ServeSettings, metrics: Metrics, now: Callable[[], float]) -> None:
        self._settings, self._metrics, self._now = settings, metrics, now
        self._rules = Rules(
            aging_s=settings.aging_s,
            patience_s=settings.patience_s,
            max_wait_s=settings.max_wait_s,
            max_queue=settings.max_requests,
        )
        self.stations: dict[str, Station] = {}
        self._affinity = Affinity()

    def station(self, endpoint: Endpoint) -> Station:
        found = self.stations.get(endpoint.name)
        if found is None:
            pool = Pool(endpoint.kv_tokens, endpoint.kv_block, endpoint.parallel, self._rules)
            found = self.stations[endpoint.name] = Station(
                pool, Breaker(), kv_tokens=endpoint.kv_tokens, url=endpoint.url
            )
            self._metrics.gauge("in_flight", endpoint.name, lambda: pool.running)
            self._metrics.gauge("queued", endpoint.name, lambda: pool.waiting)
        return found

    def breaker(self, endpoint: Endpoint) -> Breaker:
        return self.station(endpoint).breaker

    def ordered(self, chain: tuple[Endpoint, ...], ask: Ask) -> tuple[Endpoint, ...]:
        """The chain, with equals in the order in which they would answer soonest."""
        ask.session = session_of(ask.session, ask.body, ask.key)
        if len(chain) == 1:
            return chain
        size = self.tokens_in(chain[0], ask)
        loads = {one.name: self._load(one, ask) for one in chain}
        return self._affinity.order(chain, ask.session, size, loads, self._now())

    def tokens_in(self, endpoint: Endpoint, ask: Ask) -> int:
        """Tokens of the prompt, as this endpoint has counted so far."""
        return int(ask.size / self.station(endpoint).density) + 1

    async def take(self, endpoint: Endpoint, ask: Ask, story: Story) -> Ticket:
        """A place at the endpoint, waited for; it must be given back.

        Raises Refused when it would take too long, or never fits.
        """
        station, now = self._sized(endpoint), self._now()
        limit = ask.limit()
        room = min(endpoint.max_output if limit is None else limit, self._settings.answer_tokens)
        need = self.tokens_in(endpoint, ask) + room
        ticket = Ticket(ask.id, ask.key, ask.share, need, ask.effort, ask.interactive, now)
        outcome = station.pool.offer(ticket, now)
        if isinstance(outcome, admission.Refused):
            raise _refusal(outcome, endpoint)
        story.first_s = self._prefill_s(endpoint, ask)
        waited = 0.0
        if isinstance(outcome, admission.Queued):
            story.queue, story.predicted_s = outcome.position, outcome.predicted_s
            story.first_s += outcome.predicted_s
            try:
                await self._wait(station, ticket)
            except BaseException:
                self.give(endpoint, ticket, None)
                raise
            waited = self._now() - now
            story.waited_s += waited
        self._metrics.waited(endpoint.name, waited)
        self._metrics.expected(endpoint.name, story.first_s)
        return ticket

    def give(self, endpoint: Endpoint, ticket: Ticket, used: int | None) -> None:
        """The place is free again. `used` tokens, prompt and answer; None when that is not known."""
        pool, now = self.station(endpoint).pool, self._now()
        started = pool.leave(ticket, now) if used is None else pool.release(ticket, now, used)
        if started:
            self._start(self.station(endpoint), started)

    def first(self, endpoint: Endpoint, ask: Ask, begun: float) -> None:
        """The first token is there: the session is warm at this endpoint now."""
        seconds = self._now() - begun
        self._metrics.first_token(endpoint.name, seconds)
        if ask.session:
            self._affinity.answered(endpoint, ask.session, self.tokens_in(endpoint, ask), seconds, self._now())

    def learn(self, endpoint: Endpoint, ask: Ask, told: Told) -> None:
        """What an endpoint has counted says how many bytes a token of these prompts has."""
        station = self.station(endpoint)
        station.answered += 1
        station.tokens_out += told.usage.output
        if told.counted and told.usage.input > 50:
            density = min(max(ask.size / told.usage.input, 1.0), 8.0)
            station.density += WEIGHT * (density - station.density)

    @property
    def waiting(self) -> int:
        """Requests that wait for a place, at whichever endpoint."""
        return sum(station.pool.waiting for station in self.stations.values())

    def tick(self) -> None:
        """To be called a few times a second: those who have waited too long are told so."""
        for station in self.stations.values():
            for ticket in station.pool.overdue(self._now()):
                future = station.waiting.get(ticket)
                if future is not None and not future.done():
                    wait = station.pool.hold_s
                    text = "This request has waited as long as it may: ask again later."
                    future.set_exception(Refused("rate_limit", text, wait))

    def _prefill_s(self, endpoint: Endpoint, ask: Ask) -> float:
        """Seconds that reading the prompt takes there: next to nothing where its session is warm."""
        warm = bool(ask.session) and self._affinity.home(ask.session, endpoint, self._now()) == endpoint.name
        return 0.0 if warm else self.tokens_in(endpoint, ask) / self._affinity.rate(endpoint.name)

    def _sized(self, endpoint: Endpoint) -> Station:
        """The station, its pool as large as the engine has said it is."""
        station = self.station(endpoint)
        if endpoint.kv_tokens != station.kv_tokens or endpoint.url != station.url:
            station.kv_tokens, station.url = endpoint.kv_tokens, endpoint.url
            self._affinity.forget(endpoint.name)  # another engine, or another cache: nothing is warm there
            self._start(station, station.pool.resize(endpoint.kv_tokens, endpoint.parallel, self._now()))
        return station

    async def _wait(self, station: Station, ticket: Ticket) -> None:
        station.waiting[ticket] = asyncio.get_running_loop().create_future()
        try:
            await station.waiting[ticket]
        finally:
            del station.waiting[ticket]

    def _start(self, station: Station, tickets: tuple[Ticket, ...]) -> None:
        for ticket in tickets:
            future = station.waiting.get(ticket)
            if future is not None and not future.done():
                future.set_result(None)

    def _load(self, endpoint: Endpoint, ask: Ask) -> Load:
        station = self.station(endpoint)
        ticket = Ticket(ask.id, ask.key, ask.share, self.tokens_in(endpoint, ask), ask.effort, ask.interactive, 0.0)
        wait, ready = station.pool.predict(ticket).predicted_s, station.breaker.ready(self._now())
        return Load(tokens=station.pool.load, wait_s=wait, ready=ready)


def _refusal(outcome: admission.Refused, endpoint: Endpoint) -> Refused:
    if outcome.reason == "too_large":
        return Refused(
            "invalid_request",
            f"The request needs more tokens than {endpoint.name} can hold: shorten it, or lower its max_tokens.",
        )
    why = "would wait too long" if outcome.reason == "busy" else "finds the queue full"
    return Refused("rate_limit", f"At {endpoint.name} this request {why}: ask again later.", outcome.retry_after_s)
