"""A request on its way down its chain of endpoints: a place, the money, the exchange, and what is booked afterwards."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from factory.contracts.errors import Stopped
from factory.contracts.model import Endpoint, Usage
from factory.contracts.record import Json
from factory.ledger.till import Charge, Sent, Till
from factory.llm.prices import Price, cost, price_of, worst_case
from factory.serve.ask import Ask
from factory.serve.chains import Chains
from factory.serve.engines import Engines
from factory.serve.errors import Refused, passed
from factory.serve.exchange import ClientGone, Exchange, Out, Told
from factory.serve.heads import Story
from factory.serve.material import beyond_tokens, most_tokens
from factory.serve.metrics import Metrics
from factory.serve.outgoing import Outgoing
from factory.serve.places import Places
from factory.serve.prepare import Prepared, form_for, prepared
from factory.serve.upstream import Failed, Upstream
from factory.settings import Settings

NOTHING = Usage()
LIMITED_S = 5.0  # an endpoint that says 429 and not until when is left alone for so long
FREE = Price.model_validate(dict.fromkeys(Price.model_fields, 0))


@dataclass(slots=True)
class Booking:
    """What was reserved for one exchange. `worst` in micro-dollars, `tokens_in` at most."""

    endpoint: Endpoint
    charge: Charge
    number: int | None
    price: Price
    worst: int
    tokens_in: int

    def most(self, sent: Prepared) -> Usage:
        return Usage(input=self.tokens_in, output=sent.limit)


@dataclass(frozen=True)
class Relay:
    """Everything a request needs on its way; built once, shared by all."""

    settings: Settings
    chains: Chains
    upstream: Upstream
    places: Places
    till: Till
    engines: Engines
    outgoing: Outgoing
    metrics: Metrics
    log: Callable[[str, Json], None]
    prices: dict[str, Price] = field(default_factory=dict)  # by endpoint, once asked for

    async def answer(self, ask: Ask, out: Out) -> None:
        """Ends with an answer at the client, whole or broken off. Raises Refused when nothing has been sent."""
        chain = self.chains.of(ask)
        story = Story(first=chain[0].name)
        failures: list[Failed | Refused] = []
        order = self.places.ordered(chain, ask)
        for number, endpoint in enumerate(order, start=1):
            try:
                await self._at(endpoint, ask, out, story)
                return
            except (Failed, Refused) as problem:
                failures.append(problem)
                story.tried.append(f"{endpoint.name} ({getattr(problem, 'kind', 'failed')})")
                self.metrics.fallback(endpoint.name, problem.kind)
                after = order[number].name if number < len(order) else ""
                told = {"request": ask.id, "endpoint": endpoint.name, "why": str(problem), "next": after}
                self.log("failed", told)
        await self._give_up(failures, out, ask)

    async def _at(self, endpoint: Endpoint, ask: Ask, out: Out, story: Story) -> None:
        """One endpoint, from the queue to the books. Raises Failed or Refused while nothing has been sent."""
        if not self.places.breaker(endpoint).ready(asyncio.get_running_loop().time()):
            raise _closed(endpoint)
        if endpoint.url:
            await self._seated(endpoint, ask, out, story)
            return
        ask.queued = self.places.waiting
        async with self.engines.seat(endpoint, ask) as seated:
            await self._seated(seated, ask, out, story)

    async def _seated(self, endpoint: Endpoint, ask: Ask, out: Out, story: Story) -> None:
        """With a server that is up: wait for a place there, and give it back."""
        place, used = await self.places.take(endpoint, ask, story), None
        try:
            told = await self._tried(endpoint, ask, out, story)
            used = told.usage.input + told.usage.output
        finally:
            self.places.give(endpoint, place, used)

    async def _tried(self, endpoint: Endpoint, ask: Ask, out: Out, story: Story) -> Told:
        """What comes of it is told to the endpoint's breaker."""
        breaker, now = self.places.breaker(endpoint), asyncio.get_running_loop().time
        began = now()
        if not breaker.allow(began):
            raise _closed(endpoint)
        try:
            told = await self._paid(endpoint, ask, out, story)
        except Failed as problem:
            if problem.kind == "limited":
                breaker.failed(now(), problem.retry_after or LIMITED_S, began)
            elif problem.broken:
                breaker.failed(now(), problem.retry_after or None, began)
                self.engines.broken(endpoint, problem)
            else:
                breaker.gone(now(), began)
            raise
        except BaseException:
            breaker.gone(now(), began)
            raise
        if told.problem:
            breaker.failed(now(), None, began)
            self.engines.broken(endpoint, Failed("unreachable", told.problem))
            self.log("broken_off", {"request": ask.id, "endpoint": endpoint.name, "why": told.problem})
        else:
            breaker.succeeded(now(), began)
        return told

    async def _paid(self, endpoint: Endpoint, ask: Ask, out: Out, story: Story) -> Told:
        """Money reserved, the exchange, money settled; also when the client leaves in the middle."""
        form = form_for(ask, endpoint)
        assert form is not None  # the chain holds only endpoints that can take it
        sent = await self.outgoing.redacted(prepared(ask, endpoint, form), endpoint)
        price, tokens_in, worst = self._price(endpoint), 0, 0
        charge = Charge(ask.key, ask.run, ask.role, endpoint.name, endpoint.tier, after="; ".join(story.tried))
        number = None
        if price is not FREE and (field := beyond_tokens(ask.body)):
            why = f"{field} is charged beyond tokens at {endpoint.name}, and its price is not known here: leave it out"
            raise Failed("refused", why, broken=False, sent=False)
        if price is not FREE or self.till.needs_reservation(charge, 0):
            tokens_in = most_tokens(ask.raw, ask.body, endpoint.context)
            worst = worst_case(price, tokens_in, sent.limit)
            parcel = self.outgoing.parcel(sent, endpoint)
            number = await self.reserved(charge, worst, tokens_in + sent.limit, parcel)
        story.changed = sent.changed
        out.heads = story.heads(endpoint, ask.id)
        return await self._booked(sent, Booking(endpoint, charge, number, price, worst, tokens_in), ask, out)

    async def reserved(self, charge: Charge, worst: int, tokens: int, parcel: Sent | None) -> int:
        """The number of a reservation, and the egress ledger's row, on the disk. Raises Refused."""
        future = self.till.reserve(charge, worst, tokens, parcel)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            self.till.abandon(future)
            raise
        except Stopped as stop:
            raise Refused("budget" if stop.reason in ("budget", "egress") else "overloaded", str(stop)) from None

    async def _booked(self, sent: Prepared, booking: "Booking", ask: Ask, out: Out) -> Told:
        """The exchange, and what it came to in the books, however it ends."""
        endpoint, loop = booking.endpoint, asyncio.get_running_loop()
        begun = loop.time()
        exchange = Exchange(self.upstream, ask, endpoint, out, lambda: self.places.first(endpoint, ask, begun))
        usage, spent = NOTHING, booking.worst  # until we know better
        writing = self.places.station(endpoint).writing
        writing.add(exchange)
        try:
            told = await exchange.run(sent)
            if told.counted or not told.problem or not booking.worst:
                usage = told.usage
                spent = cost(booking.price, usage) if booking.worst else 0
            else:
                usage = booking.most(sent)
            self.places.learn(endpoint, ask, told)
            return told
        except Failed as problem:
            if not problem.sent and booking.number is not None:
                self.till.cancel(booking.number)
                booking.number = None
            if not problem.billed:
                usage, spent = NOTHING, 0
            else:
                usage = booking.most(sent) if booking.worst else exchange.so_far(sent)
            raise
        except (asyncio.CancelledError, ClientGone):  # what a paid server bills for it is not known
            usage = booking.most(sent) if booking.worst else exchange.so_far(sent)
            raise
        finally:
            writing.discard(exchange)
            seconds = loop.time() - begun
            if booking.number is not None:
                self.till.settle(booking.number, booking.charge, spent, usage, seconds)
            elif usage is not NOTHING:
                self.till.record(booking.charge, usage, seconds)
            self.metrics.exchanged(endpoint, ask, usage, spent, seconds)

    def _price(self, endpoint: Endpoint) -> Price:
        """FREE itself when nothing can be owed. Raises Failed."""
        known = self.prices.get(endpoint.name)
        if known is not None:
            return known
        price = FREE if endpoint.factory else price_of(endpoint)  # a factory server keeps the books itself
        if price is None:
            raise Failed(
                "refused",
                f"the price of {endpoint.name} is unknown, so nothing is sent: set price_in and price_out",
                broken=False,
            )
        self.prices[endpoint.name] = FREE if price == FREE else price
        return self.prices[endpoint.name]

    async def _give_up(self, failures: list[Failed | Refused], out: Out, ask: Ask) -> None:
        """The chain is exhausted: the client's own mistake in the server's words, else the most telling refusal."""
        for problem in failures:
            if isinstance(problem, Failed) and problem.answer is not None and len(failures) == 1:
                out.heads = ((b"x-factory-request", ask.id.encode()),)
                said = problem.answer
                await out.whole(said.status, said.kind, passed(ask.form, said.status, said.body))
                return
        refusals = [problem for problem in failures if isinstance(problem, Refused)]
        waits = [problem.retry_after for problem in failures if problem.retry_after is not None]
        if len(refusals) == len(failures):
            raise min(refusals, key=lambda problem: problem.retry_after or math.inf)
        why = "; ".join(dict.fromkeys(str(problem) for problem in failures))
        kinds = {problem.kind for problem in failures}
        if "starting" in kinds:
            raise Refused("overloaded", f"No endpoint is up yet: {why}.", min(waits, default=10.0))
        if kinds <= {"limited", "rate_limit", "open"} and kinds != {"open"}:
            raise Refused("rate_limit", f"Every endpoint is at its limit: {why}.", min(waits, default=10.0))
        if kinds <= {"refused", "too_long"}:
            raise Refused("invalid_request", f"No endpoint takes this request: {why}.")
        if kinds == {"timeout"}:
            raise Refused("timeout", f"No endpoint answered in time: {why}.")
        raise Refused("overloaded" if kinds == {"open"} else "upstream", f"No endpoint answered: {why}.", 5.0)


def _closed(endpoint: Endpoint) -> Failed:
    return Failed("open", f"{endpoint.name} failed lately and is left alone for now", broken=False, sent=False)
