"""Amounts of money, in cents."""


def euros(cents: int) -> str:
    """An amount for people: 1234 -> '12.34 EUR'."""
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), 100)
    return f"{sign}{whole}.{part:02d} EUR"


def share(cents: int, percent: int) -> int:
    """`percent` of an amount, rounded half up to whole cents. Raises ValueError outside 0..100."""
    if not 0 <= percent <= 100:
        raise ValueError(f"percent must be between 0 and 100, not {percent}")
    return (cents * percent + 50) // 100
