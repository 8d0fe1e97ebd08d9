"""A simulated box: cards, engines and people in virtual time, driven by the real scheduler.

Work takes the seconds it is said to take; memory is really taken and given back on simulated cards, so that taking more
than there is shows. Faults can be planned. Used by `benchmarks.scheduler` and by the scheduler's property tests.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from factory.gpu.actions import Action, Grant, Kill, Load, Refuse, Serve, Sleep, Tell, Wake, Work
from factory.gpu.room import Seen
from factory.gpu.scheduler import Scheduler

LEFT = 1_100 * 1024**2  # bytes an engine leaves in use while it sleeps, as vLLM does


@dataclass(frozen=True)
class Times:
    """Seconds that work on one model takes."""

    load: float
    wake: float
    sleep: float = 0.5
    kill: float = 2.0


@dataclass(frozen=True)
class Arrival:
    """One request: when it comes, which model it wants, how long that works on it. Seconds.

    With `after` it follows that request: `at` counts from its end, whatever became of it.
    """

    at: float
    id: str
    model: str
    lasts: float
    effort: int = 5
    patience: float | None = None  # goes away when it waited so long
    after: str = ""


@dataclass
class Fate:
    """What became of one request. `ended` None: it never was."""

    arrival: Arrival
    came: float
    served: float | None = None
    refused: str | None = None
    left: float | None = None
    ended: float | None = None

    @property
    def waited(self) -> float:
        return 0.0 if self.served is None else self.served - self.came


Fault = Callable[[Work, int], str]
"""What goes wrong with this work, the n-th of the box: '', fail, leak (sleep keeps memory), lose (after a kill)."""


@dataclass
class Box:
    """Runs the scheduler against simulated cards until nothing is left to happen."""

    scheduler: Scheduler
    times: dict[str, Times]
    total: dict[int, int]  # bytes of each card
    host: int = 256 * 1024**3
    fault: Fault = lambda work, number: ""
    blind: bool = False  # the driver does not say who holds what
    strict: bool = False  # first come, first served: a request is asked only when all before it have begun
    now: float = 0.0
    used: dict[int, dict[str, int]] = field(default_factory=dict)  # card -> holder -> bytes
    fates: dict[str, Fate] = field(default_factory=dict)
    told: list[tuple[float, Tell]] = field(default_factory=list)
    works: list[tuple[float, float, Work]] = field(default_factory=list)  # began, ended
    over: int = 0  # times a card held more than it has
    granted: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._line: list[Arrival] = []
        self._next: dict[str, list[Arrival]] = {}  # who follows a request
        self._tick: float | None = None
        for card in self.total:
            self.used.setdefault(card, {})

    def at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), what))

    def run(self, arrivals: Iterable[Arrival], until: float = float("inf")) -> None:
        for each in arrivals:
            if each.after:
                self._next.setdefault(each.after, []).append(each)
            else:
                self.at(each.at, lambda each=each: self._arrive(each))  # type: ignore[misc]
        self._step()
        while self._events and self._events[0][0] <= until:
            self.now, _, happens = heapq.heappop(self._events)
            happens()
            self._step()

    def seen(self) -> Iterator[Seen]:
        """As the device would show it."""
        for card, holders in self.used.items():
            if self.blind:
                yield Seen(card, sum(holders.values()))
                continue
            mine = {name: held for name, held in holders.items() if name in self.scheduler.tenants}
            others = sum(held for name, held in holders.items() if name not in mine and name != "lost")
            yield Seen(card, sum(holders.values()), mine, others)

    def hold(self, card: int, name: str, held: int) -> None:
        """Somebody's memory on a card from now on."""
        self.used[card][name] = held
        if not held:
            del self.used[card][name]
            return
        if sum(self.used[card].values()) > self.total[card]:
            self.over += 1

    def _arrive(self, arrival: Arrival) -> None:
        self.fates[arrival.id] = Fate(arrival, self.now)
        if self.strict:
            self._line.append(arrival)
            self._next_in_line()
        else:
            self._ask(arrival)

    def _ask(self, arrival: Arrival) -> None:
        self.scheduler.ask(arrival.id, arrival.model, arrival.effort, self.now)
        if arrival.patience is not None:
            self.at(self.now + arrival.patience, lambda: self._tire(arrival))

    def _next_in_line(self) -> None:
        """Strict order: the first asks; the next one when it has begun."""
        if self._line and self._line[0].id not in self.scheduler.known:
            fate = self.fates[self._line[0].id]
            if fate.served is None and fate.refused is None:
                self._ask(self._line[0])

    def _tire(self, arrival: Arrival) -> None:
        fate = self.fates[arrival.id]
        if fate.served is None and fate.refused is None:
            fate.left = self.now
            self.scheduler.leave(arrival.id, self.now)
            self._over(arrival.id)

    def _step(self) -> None:
        self.scheduler.look(self.seen(), self.host)
        for action in self.scheduler.step(self.now):
            self._do(action)
        wake = self.scheduler.wake_at(self.now)
        if wake is not None and (self._tick is None or self._tick <= self.now or wake < self._tick):
            self._tick = wake
            self.at(wake, lambda: None)

    def _do(self, action: Action) -> None:
        match action:
            case Serve(request=request):
                self._serve(self.fates[request])
            case Refuse(request=request, why=why):
                if request in self.fates:
                    assert self.fates[request].refused is None
                    self.fates[request].refused = why
                    self._begun(request)
                    self._over(request)
            case Grant(lease=lease, cards=cards):
                self.granted[lease] = cards
            case Tell():
                self.told.append((self.now, action))
            case _:
                self._work(action)

    def _serve(self, fate: Fate) -> None:
        assert fate.served is None, "served twice"
        assert fate.refused is None, "refused and served"
        fate.served = self.now
        self.at(self.now + fate.arrival.lasts, lambda: self._end(fate))
        self._begun(fate.arrival.id)

    def _begun(self, request: str) -> None:
        if self._line and self._line[0].id == request:
            self._line.pop(0)
            self.at(self.now, self._next_in_line)

    def _end(self, fate: Fate) -> None:
        fate.ended = self.now
        self.scheduler.leave(fate.arrival.id, self.now)
        self._over(fate.arrival.id)

    def _over(self, request: str) -> None:
        for each in self._next.pop(request, ()):
            self.at(self.now + each.at, lambda each=each: self._arrive(each))  # type: ignore[misc]

    def _work(self, work: Work) -> None:
        fault = self.fault(work, len(self.works))
        times = self.times[work.model]
        seconds = {Load: times.load, Wake: times.wake, Sleep: times.sleep, Kill: times.kill}[type(work)]
        if isinstance(work, Wake) and self.scheduler.tenants[work.model].level == 2:
            seconds = (times.load + times.wake) / 2
        self.works.append((self.now, self.now + seconds, work))
        if isinstance(work, Load | Wake) and fault != "fail":
            self._take(work.model)  # at once: the most careful reading
        self.at(self.now + seconds, lambda: self._done(work, seconds, fault))

    def _take(self, model: str) -> None:
        tenant = self.scheduler.tenants[model]
        for card in tenant.cards:
            self.hold(card, model, tenant.model.need.bytes)

    def _done(self, work: Work, seconds: float, fault: str) -> None:
        tenant = self.scheduler.tenants[work.model]
        if isinstance(work, Sleep) and fault != "fail":
            for card in tenant.cards:
                self.hold(
                    card, work.model, min(LEFT, tenant.model.left) if fault != "leak" else tenant.held(card) * 3 // 4
                )
        if isinstance(work, Kill):
            for card in tenant.cards:
                held = self.used[card].get(work.model, 0)
                self.hold(card, work.model, 0)
                if fault == "lose" and held:
                    self.hold(card, "lost", self.used[card].get("lost", 0) + held // 8)
        self.scheduler.done(work, seconds, self.now, "it was planned to fail" if fault == "fail" else "")
