"""What the renderers get: a run with everything looked up that `run.json` only points at."""

from decimal import Decimal
from typing import Any, Protocol

from factory.contracts.model import Tier
from factory.contracts.record import Record
from factory.contracts.run import Run


class Span(Record):
    """One bar of the picture. Seconds are counted from the run's first step; `resumed` bars ran in a later process."""

    stage: str
    unit: str
    kind: str  # "stage", "exchange", "check", "unit", "install"
    label: str
    start: float
    seconds: float


class Cost(Record):
    """Spend of one role at one tier and endpoint. Micro-dollars, tokens, seconds of model time."""

    role: str
    tier: Tier
    endpoint: str
    calls: int
    cost: int
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    seconds: float
    recorded: bool = False  # the answers came from a file: nobody was paid


def _plain(price: Decimal) -> str:
    """3.0 as 3."""
    text = f"{price:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class Yardstick(Record):
    """A frontier price to compare with, US dollars per million tokens, which is micro-dollars per token."""

    endpoint: str
    price_in: Decimal
    price_out: Decimal

    @property
    def words(self) -> str:
        prices = f"${_plain(self.price_in)} in, ${_plain(self.price_out)} out"
        return f"{self.endpoint}: {prices} per million tokens, no caching"


class Sent(Record):
    """What one endpoint was sent of the repository."""

    endpoint: str
    tier: Tier
    files: int
    bytes: int  # prompts included, every repetition counted
    distinct: int = 0  # bytes of the repository, each piece counted once
    share: float | None = None  # of the base tree's bytes; None = not known
    paths: tuple[str, ...] = ()


class Talk(Record):
    """One exchange of the transcript, as text."""

    stage: str
    unit: str
    n: int
    role: str
    template: str
    endpoint: str
    tier: Tier
    model: str
    seconds: float
    cost: int
    tokens_in: int
    tokens_out: int
    request: str
    reply: str
    problem: str = ""


class Story(Record):
    run: Run
    diff: str = ""  # base to candidate, unified
    spans: tuple[Span, ...] = ()
    costs: tuple[Cost, ...] = ()
    sent: tuple[Sent, ...] = ()
    talks: tuple[Talk, ...] = ()
    trail: tuple[str, ...] = ()  # notes of the run: caps hit, paths denied, budget at 80 %
    logs: dict[str, str] = {}  # blob key -> text (test logs that the report shows)
    issue: int = 0  # its number on the forge, to refer to; 0 = none
    notices: tuple[str, ...] = ()  # what whoever merges must know or click, in our own words
    yardstick: Yardstick | None = None  # the frontier price to compare the cost with
    runner_minutes: float | None = None  # of hosted runners so far; None = not known
    recorded: str = ""  # label when the answers came from a file and not from a model


class Watcher(Protocol):
    """Somebody who looks on while the line works. Called from several threads; must never raise.

    Kinds and facts: "stage" (name, state: start|done|skip), "unit" (unit, role, title, state: start|done|failed|
    retry), "exchange" (role, endpoint, tokens, cost, seconds), "check" (name, state, seconds), "round" (n, decision),
    "note" (text).
    """

    def tell(self, kind: str, **facts: Any) -> None: ...
