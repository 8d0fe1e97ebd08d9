"""What the till keeps in memory while the ledger cannot be written: sums, and free reservations."""

import threading
from collections.abc import Iterable

from factory.contracts.model import Usage
from factory.ledger.till_book import Spent
from factory.ledger.till_limits import Charge

MOST_CHARGES = 1000  # beyond that runs and roles are forgotten: what is left are keys, endpoints and kinds


class Unwritten:
    """Bounded, however long it lasts; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[Charge, Spent] = {}
        self._held: dict[int, tuple[str, int]] = {}  # reservations by their (negative) number: key, tokens
        self._last = 0

    def __bool__(self) -> bool:
        return bool(self._sums)

    def add(self, used: Iterable[Spent]) -> None:
        """Kept as one sum for each charge."""
        with self._lock:
            for use in used:
                charge = use.charge
                if charge not in self._sums and len(self._sums) >= MOST_CHARGES:
                    charge = Charge(charge.key, "", "", charge.endpoint, charge.tier, charge.kind)
                self._sums[charge] = _both(self._sums.get(charge), use, charge)

    def take(self) -> list[Spent]:
        """All of it; the caller writes it, or gives it back with `add`."""
        with self._lock:
            found = list(self._sums.values())
            self._sums = {}
            return found

    def hold(self, key: str, tokens: int) -> int:
        """A reservation of tokens that stands nowhere else; its number is negative."""
        with self._lock:
            self._last -= 1
            self._held[self._last] = (key, tokens)
            return self._last

    def drop(self, number: int) -> None:
        with self._lock:
            self._held.pop(number, None)

    def held(self) -> dict[str, int]:
        """Tokens that are reserved here, by key."""
        with self._lock:
            found: dict[str, int] = {}
            for key, tokens in self._held.values():
                found[key] = found.get(key, 0) + tokens
            return found

    def tokens(self) -> dict[str, int]:
        """Tokens that are reserved or used and not in the ledger, by key."""
        found = self.held()
        for use in self.sums():
            found[use.charge.key] = found.get(use.charge.key, 0) + use.usage.input + use.usage.output
        return found

    def sums(self) -> list[Spent]:
        with self._lock:
            return list(self._sums.values())


def _both(before: Spent | None, use: Spent, charge: Charge) -> Spent:
    if before is None:
        return Spent(charge, use.cost, use.usage, use.seconds, use.calls)
    usage = Usage(
        input=before.usage.input + use.usage.input,
        output=before.usage.output + use.usage.output,
        cached=before.usage.cached + use.usage.cached,
    )
    return Spent(charge, before.cost + use.cost, usage, before.seconds + use.seconds, before.calls + use.calls)
