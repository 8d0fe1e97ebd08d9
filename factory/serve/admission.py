"""Who may start now at one endpoint, who waits, and who is told to come back later. No I/O: time is an argument.

A request starts when its KV blocks fit into the endpoint's cache and the endpoint has a place free. All that can be
needed is reserved (prompt and max_tokens), so an engine never has to throw a running request out. The order of
waiting stands in factory/serve/waiting.py.

Predicted wait: by Little's law a full pool of N tokens whose tokens are held for S seconds frees N / S tokens a
second. S is an average over the requests that ended (weighted by tokens; for places, plain), which holds at low load,
too, where the tokens really freed per second say nothing about what the pool could do.
"""

import math
from dataclasses import dataclass
from typing import Literal

from factory.serve.waiting import Queue, Rules, Ticket

__all__ = ["Admitted", "Outcome", "Pool", "Queued", "Refused", "Rules", "Ticket"]

UNLIMITED = 1 << 60
HOLD_S = 10.0  # a request is taken to last so long until one has ended
WEIGHT = 1 / 8  # of the newest in the average, as for round trips in RFC 6298
RESERVE = 8  # one place of so many in the queue is kept for keys that have nothing waiting


@dataclass(slots=True, frozen=True)
class Admitted:
    """It may start."""


@dataclass(slots=True, frozen=True)
class Queued:
    """It waits: expected place in the queue (1 = next) and seconds."""

    position: int
    predicted_s: float


@dataclass(slots=True, frozen=True)
class Refused:
    """too_large: more than the whole cache, never tries again (400). busy, full: later (429)."""

    reason: Literal["too_large", "busy", "full"]
    retry_after_s: float


Outcome = Admitted | Queued | Refused
ADMITTED = Admitted()


class Pool:
    """The KV cache and the places of one endpoint. `kv_tokens`, `parallel`: None = unlimited, 0 = it sleeps."""

    __slots__ = ("_block", "_free", "_held_s", "_learned", "_parallel", "_queue", "_rules", "_running", "_tokens",
                 "_weighed", "_weighed_s", "_whole", "_width")  # fmt: skip

    def __init__(self, kv_tokens: int | None, kv_block: int, parallel: int | None, rules: Rules) -> None:
        self._rules, self._block = rules, max(1, kv_block)
        self._queue = Queue(rules)
        self._running: set[Ticket] = set()
        self._tokens = self._free = 0
        self._whole = self._width = UNLIMITED  # tokens and places when awake
        self._learned = False
        self._held_s = HOLD_S  # a request holds its place
        self._weighed, self._weighed_s = 1.0, HOLD_S  # averages of tokens and of tokens * seconds
        self._set(kv_tokens, parallel)

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @property
    def load(self) -> int:
        """Tokens in flight: of those that run and of those that wait."""
        return self.used + self._queue.tokens

    @property
    def used(self) -> int:
        """Tokens reserved by those that run; more than `capacity` for a while after the pool shrank."""
        return self._tokens - self._free

    @property
    def capacity(self) -> int | None:
        return None if self._tokens == UNLIMITED else self._tokens

    @property
    def hold_s(self) -> float:
        """Average seconds that a request runs; a default until one has ended."""
        return self._held_s

    def predict(self, ticket: Ticket) -> Queued:
        """Where it would stand if it came now, and how long it would wait; nothing is changed but its `need`."""
        ticket.need = self._rounded(ticket.tokens)
        count, tokens = self._queue.ahead(ticket)
        if not self._queue and self._fits(ticket):
            return Queued(0, 0.0)
        tokens_s = (tokens + ticket.need - self._free) * self._weighed_s / self._weighed / self._whole
        places_s = (count + 1 - (self._parallel - len(self._running))) * self._held_s / self._width
        return Queued(1 + math.ceil(count), max(0.0, tokens_s, places_s))

    def offer(self, ticket: Ticket, now: float) -> Outcome:
        """A new request. With nobody waiting this is constant work."""
        ticket.need = self._rounded(ticket.tokens)
        if ticket.need > self._whole:
            return Refused("too_large", 0.0)
        if not self._queue and self._fits(ticket):
            self._start(ticket, now)
            return ADMITTED
        return self._wait(ticket, now)

    def release(self, ticket: Ticket, now: float, used_tokens: int) -> tuple[Ticket, ...]:
        """It ended and used so many tokens, prompt and answer; returns who starts now."""
        if ticket not in self._running:
            return ()
        self._stop(ticket)
        self._learn(ticket, now - ticket.started)
        self._queue.refund(ticket, used_tokens)
        return self._admit(now)

    def leave(self, ticket: Ticket, now: float) -> tuple[Ticket, ...]:
        """The client went away, or is overdue: its place is free at once; returns who starts now.

        A running one stays charged to its key in full, and nothing is learned from its length.
        """
        if ticket in self._running:
            self._stop(ticket)
        elif not self._queue.remove(ticket, now):
            return ()
        return self._admit(now)

    def overdue(self, now: float) -> tuple[Ticket, ...]:
        """Those that have waited max_wait_s, or that a smaller pool can no longer hold.

        They are to be answered (429) and then to `leave`; until then they are told of again.
        """
        late = now - self._rules.max_wait_s
        return tuple(ticket for ticket in self._queue if ticket.arrived <= late or ticket.need > self._whole)

    def resize(self, kv_tokens: int | None, parallel: int | None, now: float) -> tuple[Ticket, ...]:
        """The engine said what it really has, went to sleep (0) or woke; returns who starts now.

        Those that run stay; when they hold more than there is, nothing starts until enough of them ended.
        """
        self._set(kv_tokens, parallel)
        return self._admit(now)

    def _set(self, kv_tokens: int | None, parallel: int | None) -> None:
        used = self.used
        self._tokens = UNLIMITED if kv_tokens is None else kv_tokens // self._block * self._block
        self._parallel = UNLIMITED if parallel is None else parallel
        self._free = self._tokens - used
        self._whole, self._width = self._tokens or self._whole, self._parallel or self._width

    def _wait(self, ticket: Ticket, now: float) -> Outcome:
        """It passes the others, joins them, or is told to come later."""
        expected, refused = self.predict(ticket), None
        places = self._rules.max_queue
        if self._queue.of(ticket.key):
            places -= places // RESERVE
        if len(self._queue) >= places:
            refused = Refused("full", max(1.0, self._held_s / max(1, len(self._running))))
        elif self._learned and expected.predicted_s > self._rules.max_wait_s:
            refused = Refused("busy", max(1.0, expected.predicted_s - self._rules.max_wait_s))
        self._queue.push(ticket, now)
        if self._first(now) is ticket:
            self._start(ticket, now)
            return ADMITTED
        if refused is not None:
            self._queue.remove(ticket, now)
        return refused or expected

    def _admit(self, now: float) -> tuple[Ticket, ...]:
        started: list[Ticket] = []
        while self._queue and (ticket := self._first(now)) is not None:
            self._start(ticket, now)
            started.append(ticket)
        return tuple(started)

    def _first(self, now: float) -> Ticket | None:
        if self._free <= 0 or len(self._running) >= self._parallel:
            return None
        return self._queue.first(now, self._free, self._whole)

    def _fits(self, ticket: Ticket) -> bool:
        return ticket.need <= self._free and len(self._running) < self._parallel

    def _start(self, ticket: Ticket, now: float) -> None:
        ticket.started = now
        self._running.add(ticket)
        self._free -= ticket.need
        self._queue.start(ticket, now)

    def _stop(self, ticket: Ticket) -> None:
        self._running.remove(ticket)
        self._free += ticket.need

    def _learn(self, ticket: Ticket, seconds: float) -> None:
        weight = WEIGHT if self._learned else 1.0
        self._learned = True
        self._held_s += weight * (seconds - self._held_s)
        self._weighed += weight * (ticket.need - self._weighed)
        self._weighed_s += weight * (ticket.need * seconds - self._weighed_s)

    def _rounded(self, tokens: int) -> int:
        return -(-max(1, tokens) // self._block) * self._block
