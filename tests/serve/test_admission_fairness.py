"""Keys that always have requests waiting get their shares, and nothing waits for ever; both within a proven bound.

The bounds stand, with their reasons, in factory/serve/waiting.py.
"""

import heapq
import itertools
import random
from collections import defaultdict, deque
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.serve.admission import Admitted, Pool, Queued, Rules, Ticket
from factory.serve.waiting import SPAN

RULES = Rules(aging_s=20, patience_s=0, max_wait_s=1e9, max_queue=10**9, quantum=1_000)


@dataclass
class Shop:
    """A pool under load on a virtual clock: each request that starts ends after its seconds."""

    pool: Pool
    now: float = 0.0

    def __post_init__(self) -> None:
        self.numbers = itertools.count()
        self.ends: list[tuple[float, int, Ticket]] = []
        self.started: list[Ticket] = []  # in order
        self.seconds: dict[str, float] = {}

    def offer(self, key: str, tokens: int, seconds: float, *, share: float = 1, effort: int = 5,
              interactive: bool = True) -> Ticket:  # fmt: skip
        ticket = Ticket(f"t{next(self.numbers)}", key, share, tokens, effort, interactive, self.now)
        self.seconds[ticket.id] = seconds
        outcome = self.pool.offer(ticket, self.now)
        assert isinstance(outcome, Admitted | Queued)
        if isinstance(outcome, Admitted):
            self._start((ticket,))
        return ticket

    def step(self) -> tuple[Ticket, ...]:
        """The next one ends; who starts then."""
        self.now, _, ticket = heapq.heappop(self.ends)
        started = self.pool.release(ticket, self.now, ticket.need)
        self._start(started)
        return started

    def _start(self, tickets: tuple[Ticket, ...]) -> None:
        for ticket in tickets:
            heapq.heappush(self.ends, (self.now + self.seconds[ticket.id], next(self.numbers), ticket))
            self.started.append(ticket)


class Backlog:
    """Two keys that always have `deep` requests waiting; counts what each was served, and how long heads waited."""

    def __init__(self, shop: Shop, shares: dict[str, float], sizes: dict[str, list[int]], efforts: list[int]) -> None:
        self.shop, self.shares, self.efforts = shop, shares, itertools.cycle(efforts)
        self.sizes = {key: itertools.cycle(values) for key, values in sizes.items()}
        self.largest = max(max(values) for values in sizes.values()) / min(shares.values())
        self.lines: dict[tuple[str, int], deque[Ticket]] = defaultdict(deque)
        self.heads: dict[tuple[str, int], float] = {}  # since when
        self.waiting = dict.fromkeys(shares, 0)
        self.served = dict.fromkeys(shares, 0.0)
        self.longest = 0.0

    def fill(self, deep: int = 24) -> None:
        """As many as the pool holds of the smallest: nobody's backlog ends while one large request makes room."""
        for key, share in self.shares.items():
            while self.waiting[key] < deep:
                effort, seconds = next(self.efforts), 1 + len(self.shop.started) % 7
                ticket = self.shop.offer(key, next(self.sizes[key]), seconds, share=share, effort=effort)
                line = self.lines[key, effort]
                if not line:
                    self.heads[key, effort] = self.shop.now
                line.append(ticket)
                self.waiting[key] += 1
                if self.shop.started[-1] is ticket:
                    self.take(ticket)

    def take(self, ticket: Ticket) -> None:
        place = (ticket.key, ticket.effort)
        assert self.lines[place].popleft() is ticket, "first come, first served within a line"
        self.longest = max(self.longest, self.shop.now - self.heads[place])
        self.heads[place] = self.shop.now
        self.waiting[ticket.key] -= 1
        self.served[ticket.key] += ticket.need / ticket.share

    def apart(self) -> float:
        one, two = self.served.values()
        return abs(one - two)


def backlog(shop: Shop, shares: dict[str, float], sizes: dict[str, list[int]], efforts: list[int]) -> Backlog:
    """Somebody else holds everything while both queue up."""
    for _ in range(4):
        shop.offer("holder", 250, 5.0)
    made = Backlog(shop, shares, sizes, efforts)
    made.fill()
    return made


def pools(limit: str, rules: Rules) -> Pool:
    return Pool(None, 1, 4, rules) if limit == "places" else Pool(1_000, 1, None, rules)


SIZES = st.lists(st.integers(50, 400), min_size=1, max_size=8)


@pytest.mark.parametrize("limit", ["places", "tokens"])
@settings(max_examples=15, deadline=None)
@given(ann=SIZES, bob=SIZES, efforts=st.lists(st.sampled_from((1, 5, 10)), min_size=1, max_size=7),
       shares=st.sampled_from(((1.0, 1.0), (1.0, 3.0), (0.5, 0.5))))  # fmt: skip
def test_two_keys_with_backlog_get_their_shares(
    limit: str, ann: list[int], bob: list[int], efforts: list[int], shares: tuple[float, float]
) -> None:
    """served / share differs by at most quantum * (w / aging_s + 0.9) + the largest request, at any moment."""
    keys = dict(zip(("ann", "bob"), shares, strict=True))
    load = backlog(Shop(pools(limit, RULES)), keys, {"ann": ann, "bob": bob}, efforts)
    for _ in range(150):
        for ticket in load.shop.step():
            load.take(ticket)
            now = load.shop.now
            waits = max((now - since for place, since in load.heads.items() if load.lines[place]), default=0.0)
            w = max(load.longest, waits)
            assert load.apart() <= RULES.quantum * (w / RULES.aging_s + 0.9) + load.largest + 1e-6
        load.fill()


@settings(max_examples=15, deadline=None)
@given(ann=SIZES, bob=SIZES)
def test_without_aging_two_keys_are_never_apart_by_more_than_one_request(ann: list[int], bob: list[int]) -> None:
    rules = replace(RULES, aging_s=1e12)
    load = backlog(Shop(pools("places", rules)), {"ann": 1.0, "bob": 1.0}, {"ann": ann, "bob": bob}, [5])
    for _ in range(150):
        for ticket in load.shop.step():
            load.take(ticket)
            assert load.apart() <= load.largest
        load.fill()


def test_large_requests_do_not_buy_more_than_small_ones() -> None:
    """Over a long time each of two equal keys gets half of the tokens, though one asks for ten times as much at once.

    Per request, as a plain queue would, the one with the large requests would get ten times as much.
    """
    load = backlog(Shop(pools("places", RULES)), {"ann": 1.0, "bob": 1.0}, {"ann": [400], "bob": [40]}, [5])
    for _ in range(2_000):
        for ticket in load.shop.step():
            load.take(ticket)
        load.fill()
    assert load.served["ann"] / load.served["bob"] == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize("keys", [("ann", "bob"), ("bob", "ann")])
def test_idleness_brings_no_credit_and_work_alone_no_debt(keys: tuple[str, str]) -> None:
    """Ann worked alone for long; when Bob comes both get half from the first moment on."""
    rules = replace(RULES, aging_s=1e12)
    shop = Shop(Pool(None, 1, 4, rules))
    for _ in range(500):
        shop.offer("ann", 100, 5.0)
        if shop.pool.running == 4:
            shop.step()
    while shop.pool.running < 4:
        shop.offer("ann", 100, 5.0)
    load = Backlog(shop, dict.fromkeys(keys, 1.0), {key: [100] for key in keys}, [5])
    load.fill()
    for _ in range(40):
        for ticket in shop.step():
            load.take(ticket)
            assert load.apart() <= 200
        load.fill()


def test_one_request_at_a_time_against_a_flood() -> None:
    """Who asks again only when the answer is there gets every second turn all the same."""
    shop = Shop(Pool(None, 1, 1, replace(RULES, aging_s=1e12)))
    for _ in range(100):
        shop.offer("flood", 100, 5.0)
    shop.offer("ann", 100, 5.0)
    for _ in range(60):
        ended = shop.ends[0][2]
        shop.step()
        if ended.key == "ann":
            shop.offer("ann", 100, 5.0)
    order = [item.key for item in shop.started]
    after = order[order.index("ann") :]
    assert len(after) > 50
    assert after == ["ann", "flood"] * (len(after) // 2) + ["ann"] * (len(after) % 2)


def test_what_was_reserved_and_not_used_is_given_back() -> None:
    """Ann reserves ten times what she uses, Bob uses what he reserves: both get half of what is really used."""
    served = dict.fromkeys(("ann", "bob"), 0)
    pool, numbers = Pool(None, 1, 1, replace(RULES, aging_s=1e12)), itertools.count()

    def asks(key: str) -> Ticket:
        made = Ticket(f"t{next(numbers)}", key, 1.0, 1_000 if key == "ann" else 100, 5, True, 0.0)
        pool.offer(made, 0.0)
        return made

    running = asks("bob")
    for key in ("ann", "bob", "ann", "bob", "ann", "bob"):
        asks(key)
    for _ in range(400):
        (running,) = pool.release(running, 0.0, 100)
        served[running.key] += 100
        asks(running.key)
    assert served["ann"] / served["bob"] == pytest.approx(1.0, rel=0.05)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(1, 1_000), keys=st.integers(1, 5), before=st.integers(0, 20))
def test_nothing_starves(seed: int, size: int, keys: int, before: int) -> None:
    """The lowest of all, of a key that was served a lot before, under a flood of the highest that never ends.

    After aging_s * (SPAN + lead / quantum) + patience_s no new head passes it; those that were there are one a line.
    """
    chance, rules = random.Random(seed), replace(RULES, patience_s=15)
    shop = Shop(Pool(1_000, 1, None, rules))

    def flood() -> None:
        while shop.pool.waiting < 12:
            low, key = chance.random() < 0.1, f"k{chance.randint(1, keys)}"
            shop.offer(key, chance.randint(1, 300), chance.uniform(0.5, 9.0), effort=1 if low else 10,
                       interactive=not low)  # fmt: skip

    for _ in range(before):
        shop.offer("victim", 200, 1.0, effort=1, interactive=False)
    while shop.ends:
        shop.step()
    flood()
    victim = shop.offer("victim", size, 1.0, effort=1, interactive=False)
    turn = shop.now + rules.aging_s * (SPAN + (200 if before else 0) / rules.quantum) + rules.patience_s
    passed, lines = 0, 2 * keys
    while victim not in shop.started:
        started = shop.step()
        before_it = list(itertools.takewhile(lambda item: item is not victim, started))
        passed += len(before_it) if shop.now > turn else 0
        assert passed <= lines
        flood()
