"""What rented hours cost, and the part of the ledger that books them (`factory.ledger.hours` is the real one)."""

from concurrent.futures import Future
from decimal import Decimal
from typing import Protocol

MICRO = 1_000_000


class Hours(Protocol):
    """A reservation counts as spent until it is settled, also when its process is killed."""

    def reserve(self, name: str, seconds: float, hour_usd: Decimal) -> Future[int]:
        """Set aside so many seconds under the day's limits of this machine and of the budget.

        The future has the number, or raises Stopped('budget') with the sentence that says which limit is reached.
        """
        ...

    def settle(self, number: int, name: str, seconds: float, hour_usd: Decimal) -> None:
        """Replace a reservation by what was used. Doing it twice is the same as once."""
        ...

    def record(self, name: str, seconds: float, hour_usd: Decimal) -> None:
        """What was used without asking: a machine that could not be ended in time."""
        ...

    def spent(self, name: str) -> int:
        """Micro-dollars of this machine on this UTC day, reserved or settled."""
        ...


def usd(micros: int) -> Decimal:
    return Decimal(micros) / MICRO
