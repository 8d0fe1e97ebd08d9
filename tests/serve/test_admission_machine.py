"""Any sequence of events at a pool, against a model that only counts."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from factory.serve.admission import Admitted, Pool, Queued, Refused, Rules, Ticket
from factory.serve.waiting import INTERACTIVE

BLOCK = 16
RULES = Rules(aging_s=20, patience_s=15, max_wait_s=60, max_queue=12, quantum=200)
SIZES = st.one_of(st.none(), st.integers(0, 20).map(lambda blocks: blocks * BLOCK))
PLACES = st.one_of(st.none(), st.integers(0, 6))
UNLIMITED = 10**9


class Machine(RuleBasedStateMachine):
    """`waiting` and `running` are what the pool was told and said; every ticket ends in `ended` exactly once."""

    @initialize(tokens=SIZES, places=PLACES)
    def start(self, tokens: int | None, places: int | None) -> None:
        self.now, self.count = 0.0, 0
        self.tokens = self.places = self.whole = UNLIMITED
        self.waiting: list[Ticket] = []
        self.running: list[Ticket] = []
        self.ended: list[Ticket] = []
        self.pool = Pool(tokens, BLOCK, places, RULES)
        self.limits(tokens, places)

    def limits(self, tokens: int | None, places: int | None) -> None:
        self.tokens = UNLIMITED if tokens is None else tokens
        self.places = UNLIMITED if places is None else places
        self.whole = self.tokens or self.whole

    @property
    def free(self) -> int:
        return self.tokens - sum(item.need for item in self.running)

    def fits(self, ticket: Ticket) -> bool:
        return ticket.need <= self.free and len(self.running) < self.places

    def starts(self, tickets: tuple[Ticket, ...]) -> None:
        for ticket in tickets:
            assert ticket in self.waiting, "lost, doubled or never offered"
            assert self.fits(ticket), "more than the pool"
            self.in_order(ticket)
            self.waiting.remove(ticket)
            self.running.append(ticket)

    def in_order(self, ticket: Ticket) -> None:
        """First come, first served within a line; people before batch that has not waited long."""
        line = [item for item in self.waiting if vars_of(item) == vars_of(ticket) and item.need <= ticket.need]
        assert line[0] is ticket
        people = [item for item in self.waiting if item.interactive]
        if not ticket.interactive and people and all(item.need <= ticket.need for item in people):
            assert self.now - ticket.arrived > (INTERACTIVE - 0.9) * RULES.aging_s - 1e-6

    @rule(blocks=st.integers(1, 12), less=st.integers(0, BLOCK - 1), key=st.sampled_from("abc"),
          effort=st.sampled_from((1, 5, 10)), interactive=st.booleans())  # fmt: skip
    def offer(self, blocks: int, less: int, key: str, effort: int, interactive: bool) -> None:
        self.count += 1
        share = 1.0 + (key == "c")
        ticket = Ticket(f"t{self.count}", key, share, blocks * BLOCK - less, effort, interactive, self.now)
        outcome = self.pool.offer(ticket, self.now)
        assert ticket.need == blocks * BLOCK
        if isinstance(outcome, Refused):
            self.ended.append(ticket)
            assert (outcome.reason == "too_large") is (ticket.need > self.whole)
            assert outcome.reason != "full" or len(self.waiting) >= RULES.max_queue * 7 // 8
        else:
            assert ticket.need <= self.whole
            self.waiting.append(ticket)
            if isinstance(outcome, Admitted):
                self.starts((ticket,))
            else:
                assert isinstance(outcome, Queued)
                assert outcome.position >= 1
                assert outcome.predicted_s >= 0
        self.conserves()

    @precondition(lambda self: self.running)
    @rule(data=st.data(), part=st.floats(0, 1.5))
    def release(self, data: st.DataObject, part: float) -> None:
        ticket = data.draw(st.sampled_from(self.running))
        self.running.remove(ticket)
        self.ended.append(ticket)
        self.starts(self.pool.release(ticket, self.now, int(ticket.need * part)))
        self.conserves()

    @precondition(lambda self: self.waiting or self.running)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.waiting + self.running))
        (self.waiting if ticket in self.waiting else self.running).remove(ticket)
        self.ended.append(ticket)
        self.starts(self.pool.leave(ticket, self.now))
        self.conserves()

    @precondition(lambda self: self.ended)
    @rule(data=st.data())
    def end_again(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.ended))
        assert self.pool.release(ticket, self.now, 1) == ()
        assert self.pool.leave(ticket, self.now) == ()

    @rule(seconds=st.sampled_from((0.5, 5.0, 15.0, 40.0)))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def tell_the_overdue(self) -> None:
        late = {item for item in self.waiting if self.now - item.arrived >= 60 or item.need > self.whole}
        assert set(self.pool.overdue(self.now)) == late
        for ticket in self.pool.overdue(self.now):
            if ticket in self.waiting:  # else the one before it made room
                self.waiting.remove(ticket)
                self.ended.append(ticket)
                self.starts(self.pool.leave(ticket, self.now))
        self.conserves()

    @rule(tokens=SIZES, places=PLACES)
    def resize(self, tokens: int | None, places: int | None) -> None:
        self.limits(tokens, places)
        self.starts(self.pool.resize(tokens, places, self.now))
        self.conserves()

    def conserves(self) -> None:
        """Nobody who fits waits, unless the pool drains for one who has waited long."""
        drains = any(
            self.now - item.arrived >= RULES.patience_s and self.free < item.need <= self.whole for item in self.waiting
        )
        assert drains or not any(self.fits(item) for item in self.waiting)

    @invariant()
    def counts_agree(self) -> None:
        assert self.pool.running == len(self.running)
        assert self.pool.waiting == len(self.waiting)
        assert self.pool.used == sum(item.need for item in self.running)
        assert self.pool.load == self.pool.used + sum(item.need for item in self.waiting)
        assert len(self.waiting) + len(self.running) + len(self.ended) == self.count

    def teardown(self) -> None:
        """With time and an engine that is awake everything ends."""
        self.resize(None, None)
        while self.running:
            ticket = self.running.pop()
            self.ended.append(ticket)
            self.starts(self.pool.release(ticket, self.now, ticket.need))
        assert not self.waiting
        assert (self.pool.used, self.pool.load) == (0, 0)
        assert len({item.id for item in self.ended}) == self.count == len(self.ended)


def vars_of(ticket: Ticket) -> tuple[str, bool, int]:
    return ticket.key, ticket.interactive, ticket.effort


Machine.TestCase.settings = settings(max_examples=80, stateful_step_count=60, deadline=None)
TestAnySequence = Machine.TestCase
