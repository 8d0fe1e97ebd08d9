"""What the shared books say of time on hosted runners: a stay for each lease, with the minutes that its end noted."""

from collections.abc import Sequence

from factory.contracts.bill import Stay
from factory.contracts.books import Row
from factory.forge.accounts import legs


def stays(rows: Sequence[Row]) -> tuple[Stay, ...]:
    """In the order in which they were opened. One that has no end yet has no minutes."""
    found = []
    for leg in legs(rows):
        end = leg.close or leg.open
        found.append(Stay(run=leg.open.run, origin=leg.open.origin or leg.open.run, github_run=leg.open.github_run,
                          at=end.at, minutes=leg.close.minutes if leg.close else None))  # fmt: skip
    return tuple(found)
