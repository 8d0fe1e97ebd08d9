"""The order in which requests wait for one endpoint: class, effort, time waited, and fairness between keys.

Requests of one key, class (interactive or batch) and effort stand in one line, first come, first served. Only the head
of a line competes, and its waiting counts from when it became the head, so that a flood of requests ages no faster
than a single one. The line with the lowest score goes first; in seconds:

    score = since - aging_s * steps + aging_s * (served[key] - lowest) / quantum
    steps = 2 (interactive) + (effort - 1) / 10

The first two terms are a priority that grows linearly while one waits (delay-dependent priority, Kleinrock 1964): one
step is worth aging_s seconds; all grow alike, so the difference between two heads does not change with time and
nothing is recomputed. The third is fairness: `served` counts, per class and key, tokens / share, charged at the start
as in the virtual token counter of Sheng et al. (Fairness in Serving Large Language Models, OSDI 2024); `lowest` is
the lowest of those who wait. A key that comes back from idleness is lifted to `floor`, the class's virtual time: the
start tag of the last one started, as in start-time fair queueing (Goyal et al., SIGCOMM 1996), so it brings no credit
along. A key that is `quantum` tokens ahead of the others stands back one step.

What follows (the tests hold it to this):
- Nothing starves: floor never falls and a new head scores at least now - 2.9 * aging_s. So a head that has waited
  aging_s * (2.9 + lead / quantum) + patience_s seconds, lead = served - floor when it became the head, is passed only
  by heads that were there already, one a line (its key's own later service in that class adds to lead; patience_s,
  because until then smaller requests may fill in behind a head before it that does not fit).
- Fairness: while two keys have requests of one class waiting that would fit, and no head waits longer than w seconds,
  served differs by at most quantum * (w / aging_s + 0.9) + largest request / smaller share.
- Interactive requests start before batch ones that have waited no longer than aging_s seconds.
"""

import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

INTERACTIVE = 2.0  # steps
EFFORT = 0.1  # steps for each effort above 1
SPAN = INTERACTIVE + 9 * EFFORT  # from the lowest to the highest


@dataclass(slots=True, frozen=True)
class Rules:
    """How requests wait. The first four stand in [serve] of factory.toml."""

    aging_s: float = 20.0  # waiting that is worth one step of priority
    patience_s: float = 15.0  # after so long a request that does not fit is no longer passed by lower ones
    max_wait_s: float = 120.0
    max_queue: int = 512
    quantum: float = 16_384.0  # tokens ahead of its share that move a key back by one step


@dataclass(slots=True, eq=False)
class Ticket:
    """One request at one endpoint. The last three fields belong to the pool it is offered to."""

    id: str
    key: str  # who asks
    share: float  # weight of that key, > 0
    tokens: int  # estimate of the prompt + max_tokens
    effort: int  # 1 to 10
    interactive: bool
    arrived: float  # monotonic seconds
    need: int = 0  # tokens, rounded up to blocks
    started: float = 0.0
    number: int = 0  # order of arrival at the queue


class Line:
    """Requests of one key, class and effort."""

    __slots__ = ("key", "since", "steps", "tickets")

    def __init__(self, ticket: Ticket, now: float) -> None:
        self.key = ticket.key
        self.steps = steps(ticket)
        self.since = now  # its head became the head
        self.tickets: OrderedDict[Ticket, None] = OrderedDict()


class Waits:
    """What one key has waiting in one class."""

    __slots__ = ("count", "share", "tokens")

    def __init__(self) -> None:
        self.count, self.tokens, self.share = 0, 0, 1.0


class Lane:
    """One class: its lines, and what each key was served."""

    __slots__ = ("count", "floor", "keys", "lines", "served", "tokens")

    def __init__(self) -> None:
        self.lines: dict[tuple[str, int], Line] = {}
        self.keys: dict[str, Waits] = {}  # those that wait
        self.served: dict[str, float] = {}  # tokens / share; absent = at the floor or below
        self.floor = 0.0
        self.count = self.tokens = 0  # waiting

    def level(self, key: str) -> float:
        return max(self.served.get(key, 0.0), self.floor)

    def lowest(self) -> float:
        return min(map(self.served.__getitem__, self.keys), default=math.inf)


class Queue:
    """All requests that wait for one endpoint."""

    __slots__ = ("_batch", "_interactive", "_number", "_rules")

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._interactive, self._batch = Lane(), Lane()
        self._number = 0

    def __len__(self) -> int:
        return self._interactive.count + self._batch.count

    def __iter__(self) -> Iterator[Ticket]:
        """All that wait, line by line."""
        for lane in (self._interactive, self._batch):
            for line in lane.lines.values():
                yield from line.tickets

    @property
    def tokens(self) -> int:
        return self._interactive.tokens + self._batch.tokens

    def of(self, key: str) -> int:
        """How many requests of one key wait."""
        return sum(lane.keys[key].count for lane in (self._interactive, self._batch) if key in lane.keys)

    def push(self, ticket: Ticket, now: float) -> None:
        lane = self._lane(ticket)
        self._number += 1
        ticket.number = self._number
        line = lane.lines.get((ticket.key, ticket.effort))
        if line is None:
            line = lane.lines[ticket.key, ticket.effort] = Line(ticket, now)
        line.tickets[ticket] = None
        if ticket.key not in lane.keys:
            lane.served[ticket.key] = lane.level(ticket.key)  # idleness brings no credit
            lane.keys[ticket.key] = Waits()
        _count(lane, ticket, 1)

    def remove(self, ticket: Ticket, now: float) -> bool:
        """Take it out; False when it does not wait here."""
        return _take(self._lane(ticket), ticket, now)

    def start(self, ticket: Ticket, now: float) -> None:
        """It starts, from the queue or at once: what it needs counts as served to its key."""
        lane = self._lane(ticket)
        level = lane.level(ticket.key)
        lane.served[ticket.key] = level + ticket.need / ticket.share
        if lane.count:
            _take(lane, ticket, now)
            lane.floor = max(lane.floor, min(level, lane.lowest()))
        else:
            lane.floor = level

    def refund(self, ticket: Ticket, used: int) -> None:
        """It ended: what it reserved and did not use is given back to its key, but never below the floor."""
        lane = self._lane(ticket)
        level = lane.served.get(ticket.key, 0.0) - max(0, ticket.need - used) / ticket.share
        if level > lane.floor or ticket.key in lane.keys:
            lane.served[ticket.key] = max(level, lane.floor)
        else:
            lane.served.pop(ticket.key, None)

    def first(self, now: float, room: int, whole: int) -> Ticket | None:
        """The first in order that fits into `room` tokens.

        One that does not fit is passed until it has waited patience_s; from then on nothing behind it starts, so that
        the pool drains for it. `whole` is the pool: what no longer fits into that stops nobody.
        """
        if all(ticket.need > room for ticket in self):
            return None
        patient, lines = now - self._rules.patience_s, self._scored()
        lines.sort()
        for _, _, line in lines:
            for ticket in line.tickets:
                if ticket.need <= room:
                    return ticket
                if ticket.arrived <= patient and ticket.need <= whole:
                    return None
        return None

    def ahead(self, ticket: Ticket) -> tuple[float, float]:
        """(requests, tokens) that will probably start before one that comes now; effort and aging are left out.

        Own requests of that class, of each other key as much as its share allows until then, all of a higher class.
        """
        lane = self._lane(ticket)
        own = lane.keys.get(ticket.key)
        count, tokens = (float(own.count), float(own.tokens)) if own else (0.0, 0.0)
        until = lane.level(ticket.key) + (tokens + ticket.need) / ticket.share
        for key, waits in lane.keys.items():
            if key != ticket.key:
                part = min(1.0, max(0.0, (until - lane.served[key]) * waits.share / waits.tokens))
                count += waits.count * part
                tokens += waits.tokens * part
        if not ticket.interactive:
            count, tokens = count + self._interactive.count, tokens + self._interactive.tokens
        return count, tokens

    def _scored(self) -> list[tuple[float, int, Line]]:
        aging, weight = self._rules.aging_s, self._rules.aging_s / self._rules.quantum
        scored = []
        for lane in (self._interactive, self._batch):
            served, lowest = lane.served, lane.lowest()
            for line in lane.lines.values():
                score = line.since - aging * line.steps + weight * (served[line.key] - lowest)
                scored.append((score, next(iter(line.tickets)).number, line))
        return scored

    def _lane(self, ticket: Ticket) -> Lane:
        return self._interactive if ticket.interactive else self._batch


def steps(ticket: Ticket) -> float:
    """Priority of a request that has not waited."""
    return (INTERACTIVE if ticket.interactive else 0.0) + EFFORT * (ticket.effort - 1)


def _take(lane: Lane, ticket: Ticket, now: float) -> bool:
    """Out of its line, if it stands in one; the next becomes the head."""
    line = lane.lines.get((ticket.key, ticket.effort))
    if line is None or ticket not in line.tickets:
        return False
    if next(iter(line.tickets)) is ticket:
        line.since = now
    del line.tickets[ticket]
    if not line.tickets:
        del lane.lines[ticket.key, ticket.effort]
    _count(lane, ticket, -1)
    if not lane.keys[ticket.key].count:
        del lane.keys[ticket.key]
    return True


def _count(lane: Lane, ticket: Ticket, sign: int) -> None:
    waits = lane.keys[ticket.key]
    waits.count += sign
    waits.tokens += sign * ticket.need
    waits.share = ticket.share
    lane.count += sign
    lane.tokens += sign * ticket.need
