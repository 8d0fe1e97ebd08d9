from decimal import Decimal

__all__ = ["Decimal", "zero"]


def zero():
    return 0
