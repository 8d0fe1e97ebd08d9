"""What the box shows of itself: cards, models, leases, and what was done last."""

from factory.contracts.record import Json, Record


class Held(Record):
    """A part of one card's memory. `who`: a model, a lease, `others`, or `free`."""

    who: str
    gib: float


class CardView(Record):
    """One card and its memory map; the parts add up to `gib`."""

    index: int
    name: str
    gib: float
    used_gib: float  # as the device measures it
    kept_gib: float = 0.0  # to be left to other programs
    map: tuple[Held, ...] = ()
    lanes: int | None = None
    watts: int | None = None
    celsius: int | None = None
    note: str = ""  # why it is not used, or not for everything


class ModelView(Record):
    """One model and its state. Seconds."""

    name: str
    state: str
    since_s: float
    cards: tuple[int, ...] = ()
    stays: bool = False
    running: int = 0
    waiting: int = 0
    level: int = 0
    load_s: float = 0.0
    wake_s: float | None = None  # None: it cannot sleep
    failed_s: float = 0.0  # it is not tried again for so long
    why: str = ""
    version: str = ""
    url: str = ""  # of its server while it is up, without /v1
    kv_tokens: int | None = None
    host_gib: float = 0.0


class LeaseView(Record):
    id: str
    gib: float
    cards: tuple[int, ...] = ()
    waiting: bool = False
    job: str = ""


class Happened(Record):
    """One of the last things that happened: up, slept, ended, memory_not_freed, card_dirty, engine_died …"""

    at: str
    event: str
    facts: Json


class Step(Record):
    """One piece of work that was done."""

    what: str  # load, wake, sleep, kill
    model: str
    seconds: float
    problem: str = ""


class Switch(Record):
    """How a change of profiles went."""

    profile: str
    before: str
    done: bool
    seconds: float
    steps: tuple[Step, ...] = ()
    why: str = ""  # it was rolled back


class FleetStatus(Record):
    device: str  # what answers for the cards; a double says that it is one
    profile: str
    cards: tuple[CardView, ...] = ()
    models: tuple[ModelView, ...] = ()
    leases: tuple[LeaseView, ...] = ()
    last: tuple[Happened, ...] = ()
