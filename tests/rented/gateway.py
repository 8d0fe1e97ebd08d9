"""A gateway's keeper in a process of its own, to be killed: a fake cloud in a file, the real ledger, a fast clock.

python -m tests.rented.gateway FOLDER SPEED
"""

import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from factory.contracts.tables import BudgetSettings
from factory.db import Database
from factory.ledger.hours import Hours
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.till import Till
from factory.rented.answers import Seat
from factory.rented.fake import FakeCloud, Fate
from factory.rented.keeper import Keeper, wall_of
from tests.rented.virtual import NAME, RENTED


class FastClock:
    """Real time, so many times as fast; every process counts from the same moment."""

    def __init__(self, folder: Path, speed: float) -> None:
        self._start, self._speed = float((folder / "start").read_text()), speed

    def monotonic(self) -> float:
        return (time.time() - self._start) * self._speed

    def now(self) -> str:
        moment = datetime.fromtimestamp(self._start + self.monotonic(), UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self._speed)


def cloud_in(folder: Path, clock: FastClock) -> FakeCloud:
    return FakeCloud(wall_of(clock), (Fate(boots=30),) * 9, path=folder / "cloud.json")


def main() -> None:
    folder, speed = Path(sys.argv[1]), float(sys.argv[2])
    clock = FastClock(folder, speed)
    database = Database(folder / "factory.db", MIGRATIONS)
    rented = {NAME: RENTED.but(day_usd=Decimal(5))}
    with Till(database, {}, BudgetSettings(), clock, lambda event, facts: None) as till:
        keeper = Keeper(
            rented, cloud_in(folder, clock), Hours(till, rented), clock, lambda *told: None, folder / "rented",
            pace=1 / speed,
        )  # fmt: skip
        keeper.start()
        while True:  # until it is killed
            answer = keeper.wanted(NAME, 10, 0)
            if isinstance(answer, Seat):
                keeper.used(NAME, clock.monotonic())
                (folder / "up").write_text(answer.url)
            time.sleep(0.02)


if __name__ == "__main__":
    main()
