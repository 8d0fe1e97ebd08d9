from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal


def double(amount: "Decimal") -> "Decimal":
    return amount * 2
