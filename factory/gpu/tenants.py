"""Who lives on the cards: engines of models and leases of other programs, and what the scheduler knows of each."""

from dataclasses import dataclass, field
from typing import Literal

from factory.gpu.placement import Cards, Need

State = Literal["cold", "loading", "ready", "leaving", "sleeping", "killing", "proving", "asleep", "waking"]
FLUX: frozenset[State] = frozenset({"loading", "leaving", "sleeping", "killing", "proving", "waking"})
RECENT = 0.3  # weight of the newest measurement of a cost


@dataclass(frozen=True, slots=True)
class Model:
    """What the scheduler must know of a model. Bytes on each card; seconds are expected until measured."""

    need: Need
    levels: tuple[int, ...] = ()  # at which it may sleep
    left: int = 0  # bytes that may stay in use on each card while it sleeps
    host: int = 0  # bytes of host memory that level 1 takes
    load_s: float = 60.0
    lease: bool = False  # no engine: memory lent to another program

    @property
    def name(self) -> str:
        return self.need.name


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that waits for its model."""

    id: str
    arrived: float
    effort: int = 5


@dataclass(frozen=True, slots=True)
class Proof:
    """What must be seen before memory counts as freed."""

    then: Literal["asleep", "cold"]
    until: float
    after: int  # the number of the last look at the device before: only later ones count


@dataclass(slots=True)
class Costs:
    """Seconds that work on one model takes: as expected, then as measured (moving average)."""

    load: float
    measured: dict[str, float] = field(default_factory=dict)

    def learn(self, what: str, seconds: float) -> None:
        old = self.measured.get(what)
        self.measured[what] = seconds if old is None else RECENT * seconds + (1 - RECENT) * old

    def of(self, what: str) -> float:
        """`load`, `wake1`, `wake2`, `sleep`: before one is measured, shares of a load as they are on record."""
        usual = {"load": 1.0, "wake1": 0.1, "wake2": 0.5, "sleep": 0.05}
        return self.measured.get(what, usual[what] * self.measured.get("load", self.load))


@dataclass(slots=True)
class Tenant:
    """One model (or lease) and where it stands."""

    model: Model
    costs: Costs
    state: State = "cold"
    cards: Cards = ()
    level: int = 0  # at which it sleeps
    since: float = 0.0  # when it came into this state
    used_at: float = 0.0  # when a request last began or ended
    pinned: Cards | None = None  # `up` in the profile: stays, on these cards
    allowed: bool = True  # in the profile at all
    running: set[str] = field(default_factory=set)
    waiting: dict[str, Ask] = field(default_factory=dict)
    measured: dict[int, int] = field(default_factory=dict)  # bytes by card, as the device shows them
    leaves_as: Literal["sleep", "kill"] = "kill"
    why: str = ""  # it leaves or was killed
    blocked: str = ""  # why there is no place for it at all, as things are
    proof: Proof | None = None
    bad_loads: int = 0  # in a row
    crashes: int = 0  # in a row
    failures: int = 0  # times it was given up in a row
    failed_until: float = 0.0
    before: dict[int, int] = field(default_factory=dict)  # bytes in use by card when it was last put to sleep
    left: int | None = None  # bytes it was seen to leave on a card while asleep, the most

    @property
    def name(self) -> str:
        return self.model.need.name

    @property
    def quiet(self) -> bool:
        return not self.running and not self.waiting

    @property
    def oldest(self) -> float:
        """When the first of the waiting came; they are kept in that order."""
        return next(iter(self.waiting.values())).arrived

    def go(self, state: State, now: float) -> None:
        self.state, self.since = state, now

    def held(self, card: int) -> int:
        """Bytes of a card that count as its: what was promised or what is measured, whichever is more."""
        if card not in self.cards or self.state == "cold":
            return 0
        seen = self.measured.get(card, 0)
        return seen if self.state == "asleep" else max(seen, self.model.need.bytes)

    def stays(self) -> int:
        """Bytes of a card that it is expected to leave in use when it sleeps."""
        return self.model.left if self.left is None else self.left

    def back_s(self, level: int) -> float:
        """Seconds to bring it back after sleeping at `level`, 0 = after a kill."""
        return self.costs.of(f"wake{level}") if level else self.costs.of("load")
