"""Which of several equal endpoints a request goes to: where its session's prefix is warm, unless waiting costs more.

The chain's order is the owner's preference between models and tiers and is never changed. Endpoints that stand next
to each other with the same model and tier are equals; only among those is chosen. The best of them for a session that
is warm nowhere is the one with the shortest predicted wait, then with the fewest tokens in flight. A session that is
warm at one of them stays there as long as

    predicted wait at the warm one <= predicted wait at the best other + tokens of the prompt / its prefill rate

The rate is learned for each endpoint from the first-token times of requests that were cold there.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from factory.contracts.model import Endpoint
from factory.serve.sessions import session_of

__all__ = ["IDLE", "Affinity", "Load", "session_of"]

PREFILL = 1_500.0  # tokens a second until learned: a dense 27B model on two RTX 3090s does 1,100 to 1,800
WORTH = 2_000  # tokens of a prompt from which on its first-token time says something about the rate
WEIGHT = 0.2  # of the newest in the average


@dataclass(slots=True, frozen=True)
class Load:
    """How an endpoint stands. `ready` False: it is asked after its equals (its breaker is open)."""

    tokens: int = 0  # in flight
    wait_s: float = 0.0  # predicted for this request
    ready: bool = True


IDLE = Load()
Group = tuple[str, str, str]  # model, tier, and the endpoint's name when it has no equals


class Affinity:
    """Remembers where sessions are warm: the `most` used latest, each for `idle_s` after its last request."""

    def __init__(self, most: int = 10_000, idle_s: float = 1_800.0) -> None:
        self._most, self._idle_s = most, idle_s
        self._homes: OrderedDict[tuple[str, Group], tuple[str, float]] = OrderedDict()  # -> endpoint, last request
        self._rates: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._homes)

    def rate(self, endpoint: str) -> float:
        """Tokens of a cold prompt a second."""
        return self._rates.get(endpoint, PREFILL)

    def home(self, session: str, endpoint: Endpoint, now: float) -> str:
        """Name of the endpoint among the equals of `endpoint` where the session is warm, or ''."""
        name, last = self._homes.get((session, _group(endpoint)), ("", 0.0))
        return name if name and now - last <= self._idle_s else ""

    def order(
        self, chain: tuple[Endpoint, ...], session: str, tokens_in: int, loads: Mapping[str, Load], now: float
    ) -> tuple[Endpoint, ...]:
        """The chain with equals put in order. `loads` by endpoint name; absent = idle. `session` '' = none."""
        if len(chain) < 2:
            return chain
        ordered: list[Endpoint] = []
        for _, run in groupby(chain, _group):
            equals = list(run)
            if len(equals) > 1:
                equals.sort(key=lambda item: _burden(loads.get(item.name, IDLE)))
                home = self.home(session, equals[0], now) if session else ""
                self._prefer(home, equals, tokens_in, loads)
            ordered += equals
        return tuple(ordered)

    def answered(
        self, endpoint: Endpoint, session: str, tokens_in: int, first_token_s: float | None, now: float
    ) -> None:
        """An answer came: the session is warm there from now on.

        `first_token_s` are the seconds from sending to the first token, without our own queue; None = not known. They
        teach the prefill rate when the session was not warm there and the prompt is long enough.
        """
        warm = bool(session) and self.home(session, endpoint, now) == endpoint.name
        if first_token_s and first_token_s > 0 and not warm and tokens_in >= WORTH:
            rate, known = tokens_in / first_token_s, self._rates.get(endpoint.name)
            self._rates[endpoint.name] = rate if known is None else known + WEIGHT * (rate - known)
        if session:
            place = (session, _group(endpoint))
            self._homes[place] = (endpoint.name, now)
            self._homes.move_to_end(place)
            self._shrink(now)

    def forget(self, endpoint: str) -> None:
        """It was restarted, slept or gave its cache back: nothing is warm there."""
        for place in [place for place, (name, _) in self._homes.items() if name == endpoint]:
            del self._homes[place]

    def _prefer(self, home: str, equals: list[Endpoint], tokens_in: int, loads: Mapping[str, Load]) -> None:
        """Move the warm one to the front, or right behind the best other when waiting costs more than a prefill."""
        at = next((at for at, item in enumerate(equals) if item.name == home), 0)
        warm = loads.get(home, IDLE)
        if not at or not warm.ready:
            return
        best = loads.get(equals[0].name, IDLE)
        stays = not best.ready or warm.wait_s <= best.wait_s + tokens_in / self.rate(equals[0].name)
        equals.insert(0 if stays else 1, equals.pop(at))

    def _shrink(self, now: float) -> None:
        """The oldest two that are too old, or one too many: constant work a request, and nothing old piles up."""
        for _ in range(2):
            place, (_, last) = next(iter(self._homes.items()))
            if len(self._homes) <= self._most and now - last <= self._idle_s:
                return
            del self._homes[place]


def _burden(load: Load) -> tuple[bool, float, int]:
    return not load.ready, load.wait_s, load.tokens


def _group(endpoint: Endpoint) -> Group:
    """What equals have in common; an endpoint that names no model has no equals."""
    return endpoint.model, endpoint.tier, "" if endpoint.model else endpoint.name
