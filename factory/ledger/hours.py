"""The hours of rented machines, in the same till: each period is set aside before it begins, and settled after it."""

from collections.abc import Mapping
from concurrent.futures import Future
from decimal import ROUND_CEILING, Decimal

from factory.contracts.model import Usage
from factory.contracts.rented import RentedSettings
from factory.ledger.spend import MILLION, micro
from factory.ledger.till import Charge, Limit, Till

HOUR_S = 3600


class Hours:
    """Money for machines that bill by the second. Binding are `rented.NAME.day_usd` and `budget.day_usd`.

    Never settle more seconds than were reserved: reserve the next period before this one is over, and end the machine
    when that is refused. A period counts to the UTC day on which it was reserved. `rented` may be a live mapping.
    """

    def __init__(self, till: Till, rented: Mapping[str, RentedSettings]) -> None:
        self._till, self._rented = till, rented

    def reserve(self, name: str, seconds: float, hour_usd: Decimal) -> Future[int]:
        """Set aside the machine's next `seconds` at dollars an hour; the future has the number, as that of the till.

        It raises Stopped('budget') for what is a hard stop: the machine must be destroyed. The till says "budget_80".
        """
        settings = self._rented.get(name)
        cap = micro(settings.day_usd) if settings else 0
        limit = Limit(f"rented.{name}.day_usd", "machine", name, "cost", cap)
        return self._till.reserve(_charge(name), price(seconds, hour_usd), 0, limits=(limit,))

    def settle(self, number: int, name: str, seconds: float, hour_usd: Decimal) -> None:
        """Replace a reservation by the seconds that were really billed."""
        self._till.settle(number, _charge(name), price(seconds, hour_usd), Usage(), seconds)

    def cancel(self, number: int) -> None:
        """The period never began."""
        self._till.cancel(number)

    def record(self, name: str, seconds: float, hour_usd: Decimal) -> None:
        """Book seconds that nobody reserved: a machine that outlived a killed gateway."""
        self._till.record(_charge(name), Usage(), seconds, cost=price(seconds, hour_usd))

    def spent(self, name: str) -> int:
        """Micro-dollars of this machine on this UTC day, reserved or settled."""
        return self._till.spent_on(name)


def price(seconds: float, hour_usd: Decimal) -> int:
    """Micro-dollars, rounded up."""
    exact = Decimal(str(max(seconds, 0.0))) * hour_usd * MILLION / HOUR_S
    return int(exact.to_integral_value(rounding=ROUND_CEILING))


def _charge(name: str) -> Charge:
    return Charge(key="", run="", role="", endpoint=name, tier="rented", kind="gpu")
