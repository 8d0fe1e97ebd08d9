"""What the scheduler says: work that takes time and is answered by `done`, and words that do not."""

from dataclasses import dataclass

from factory.contracts.record import Json
from factory.gpu.placement import Cards


@dataclass(frozen=True, slots=True)
class Load:
    """Start the model's engine on these cards."""

    model: str
    cards: Cards


@dataclass(frozen=True, slots=True)
class Wake:
    model: str


@dataclass(frozen=True, slots=True)
class Sleep:
    """Level 1 keeps the weights in host memory, 2 drops them."""

    model: str
    level: int


@dataclass(frozen=True, slots=True)
class Kill:
    """End the engine, whatever state it is in; of one that has ended nothing is left to do."""

    model: str
    why: str


@dataclass(frozen=True, slots=True)
class Serve:
    """The model is up for this request."""

    request: str
    model: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """This request (or lease) gets no place; `why` is for the person who asked."""

    request: str
    why: str


@dataclass(frozen=True, slots=True)
class Grant:
    """The lease may use its bytes of these cards from now on."""

    lease: str
    cards: Cards


@dataclass(frozen=True, slots=True)
class Tell:
    """Something for the log, the status page and the trail."""

    event: str
    facts: Json


Work = Load | Wake | Sleep | Kill
Action = Work | Serve | Refuse | Grant | Tell
