"""The last things that happened, for people: what the gateway logs passes through here and is kept for a while."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from factory.contracts.record import Json
from factory.render.text import line

Tone = Literal["good", "warn", "bad", "plain"]
MOST = 30
LONGEST = 300  # characters of one text
WORDS: dict[str, tuple[str, Tone]] = {
    "failed": ("Endpoint passed over", "warn"),
    "endpoint_down": ("Endpoint does not answer", "bad"),
    "endpoint_back": ("Endpoint answers again", "good"),
    "broken_off": ("Answer broken off", "bad"),
    "fault": ("Fault of the gateway", "bad"),
    "budget_80": ("80 % of a budget", "warn"),
    "ledger_unwritable": ("Ledger cannot be written", "bad"),
    "ledger_written": ("Ledger is written again", "good"),
    "swap": ("Swap", "plain"),
    "up": ("Model is up", "good"),
    "load_failed": ("Model did not start", "bad"),
    "wake_failed": ("Model did not wake", "bad"),
    "slept": ("Model put to sleep", "plain"),
    "ended": ("Model ended", "plain"),
    "sleep_failed": ("Model did not sleep", "warn"),
    "model_failed": ("Model failed", "bad"),
    "engine_died": ("Engine died", "bad"),
    "memory_not_freed": ("Memory not freed", "bad"),
    "card_dirty": ("Card is dirty", "bad"),
    "cards_unreadable": ("Cards cannot be read", "bad"),
    "fleet_failed": ("Engines are not looked after", "bad"),
    "rented_up": ("Rented machine is up", "good"),
    "rented_destroyed": ("Rented machine destroyed", "plain"),
    "rented_refused": ("Not rented", "warn"),
    "rented_lost": ("Rented machine lost", "bad"),
    "rented_stuck": ("Rented machine is stuck", "bad"),
    "rented_problem": ("Renting failed", "bad"),
    "rented_unpaid": ("Rented hours not paid", "bad"),
}
SAID = {  # for events whose facts are numbers
    "swap": "takes the place of {out}; their requests took {drained_s} s to finish",
    "up": "{how} took {seconds} s",
    "slept": "level {level}; {left_gib} GiB of its card stay in use",
    "memory_not_freed": "{gib} GiB more than allowed stayed in use after sleep of level {level}",
    "card_dirty": "{gib} GiB of card {card} stay in use and belong to nobody",
}
WHO = ("endpoint", "model", "of")
LEFT_OUT = frozenset({"request", "text", "why", "next", *WHO})


@dataclass(frozen=True, slots=True)
class Happening:
    """One event in words, or the same one several times. Texts are untrusted: show them as text."""

    at: str  # ISO 8601, UTC; of the last time
    event: str
    who: str
    text: str
    count: int = 1

    @property
    def title(self) -> str:
        return WORDS[self.event][0]

    @property
    def tone(self) -> Tone:
        return WORDS[self.event][1]


class Recent:
    """Stands where a log is wanted: passes everything on and keeps the last `MOST` different events. Thread-safe.

    Only what has WORDS is kept: a log may hold what is not for everybody who looks at the page, prompts above all.
    """

    def __init__(self, log: Callable[[str, Json], None], now: Callable[[], str]) -> None:
        self._log, self.now = log, now
        self._kept: OrderedDict[tuple[str, str, str], Happening] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, event: str, facts: Json) -> None:
        self._log(event, facts)
        if event not in WORDS:
            return
        made = happening(self.now(), event, facts)
        place = (made.event, made.who, made.text)
        with self._lock:
            before = self._kept.pop(place, None)
            self._kept[place] = replace(made, count=before.count + 1) if before else made
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def last(self) -> tuple[Happening, ...]:
        """Newest first."""
        with self._lock:
            return tuple(reversed(self._kept.values()))


def happening(at: str, event: str, facts: Json) -> Happening:
    """An event of the log in words: whom it is about, and what it says of it."""
    who = next((str(facts[name]) for name in WHO if facts.get(name)), "")
    said = str(facts.get("text") or facts.get("why") or _numbers(event, facts)).removeprefix(who).lstrip(" :")
    if facts.get("next"):
        said = f"{said}; {facts['next']} was asked instead"
    return Happening(at, event, line(who, LONGEST), line(said, LONGEST))


def _numbers(event: str, facts: Json) -> str:
    rest = {name: _listed(value) for name, value in facts.items() if name not in LEFT_OUT}
    try:
        return SAID[event].format_map(rest)
    except KeyError:
        return "; ".join(f"{name.replace('_', ' ')} {value}" for name, value in rest.items())


def _listed(value: object) -> object:
    return ", ".join(map(str, value)) or "nothing" if isinstance(value, list | tuple) else value
