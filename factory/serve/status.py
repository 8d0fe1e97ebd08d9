"""What the status page shows: the whole gateway at one moment, as plain facts. Nothing here knows of HTML.

Memory in bytes, money in micro-dollars, times in seconds; None is not known, or has no limit.
"""

from dataclasses import dataclass
from typing import Literal

from factory.ledger.days import KeyDay
from factory.serve.recent import Happening

Kind = Literal["model", "lease", "others", "free"]
Health = Literal["well", "unasked", "limited", "failing", "tried"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of one card's memory and who holds it."""

    label: str
    bytes: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Card:
    """One card; its parts add up to `total`. `watts` is the limit that is enforced."""

    index: int
    name: str
    total: int
    used: int
    parts: tuple[Part, ...] = ()
    celsius: int | None = None
    watts: int | None = None
    lanes: int | None = None
    lost: int = 0  # held by nobody: the card is dirty
    note: str = ""  # why it is not used, or not for everything


@dataclass(frozen=True, slots=True)
class Model:
    """One model of this box. `failed_s`: it is not tried again for so long."""

    name: str
    state: str
    since_s: float
    cards: tuple[int, ...] = ()
    running: int = 0
    waiting: int = 0
    load_s: float = 0.0
    failed_s: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """Memory that another program has borrowed, or waits for."""

    job: str
    bytes: int
    cards: tuple[int, ...] = ()
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Rented:
    """One machine that may be rented. `hour`: what it costs now; 0 = none is rented."""

    name: str
    model: str
    state: str
    why: str
    hour: int
    spent: int
    cap: int
    idle_s: float
    sleeps_s: float | None
    running: int


@dataclass(frozen=True, slots=True)
class Machine:
    """What the gateway keeps up itself. `device`: what answers for the cards; '' where nothing does."""

    device: str = ""
    profile: str = ""
    cards: tuple[Card, ...] = ()
    models: tuple[Model, ...] = ()
    leases: tuple[Lease, ...] = ()
    rented: tuple[Rented, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """One endpoint. `wait_s`: it is left alone for so long; `used` of `capacity`: tokens of its KV cache."""

    name: str
    model: str
    tier: str
    health: Health = "unasked"
    wait_s: float = 0.0
    running: int = 0
    waiting: int = 0
    used: int = 0
    capacity: int | None = None
    rate: float | None = None  # tokens a second, written
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`at`: ISO 8601, UTC. `day_cap`: of all keys and runs together. `trouble`: what could not be read, and why."""

    at: str
    places: tuple[Place, ...] = ()
    keys: tuple[KeyDay, ...] = ()
    happened: tuple[Happening, ...] = ()  # newest first
    machine: Machine = Machine()
    day_cap: int | None = None
    trouble: tuple[str, ...] = ()
    open: bool = True  # anybody on this machine may ask: there are no keys

    @property
    def running(self) -> int:
        return sum(place.running for place in self.places)

    @property
    def waiting(self) -> int:
        return sum(place.waiting for place in self.places)

    @property
    def rate(self) -> float | None:
        rates = [place.rate for place in self.places if place.rate is not None]
        return sum(rates) if rates else None

    @property
    def spent(self) -> int:
        return sum(day.cost for day in self.keys)
