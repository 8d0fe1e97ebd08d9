"""A day in the life of a rented machine without waiting: clock, ledger and a keeper whose turns are taken by hand."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from factory.contracts.errors import Stopped
from factory.contracts.rented import RentedSettings
from factory.ledger.hours import price
from factory.ledger.spend import micro
from factory.rented.fake import FakeCloud, Fate
from factory.rented.keeper import Keeper, wall_of
from factory.rented.tenancy import Tenancy

RENTED = RentedSettings(model="some/model", gpus="RTX4090:1", hour_usd=Decimal("0.50"), day_usd=Decimal(5))
NAME = "big"


class Clock:
    """Stands still unless told."""

    def __init__(self, hours: float = 0) -> None:
        self.elapsed = 0.0
        self._start = datetime(2026, 11, 2, tzinfo=UTC) + timedelta(hours=hours)

    def now(self) -> str:
        return (self._start + timedelta(seconds=self.elapsed)).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.elapsed += seconds


@dataclass
class Row:
    day: str
    cost: int
    seconds: float = 0.0


@dataclass
class Purse:
    """The ledger's part (money.Hours) in memory. It outlives the keeper, as the real one does."""

    clock: Clock
    cap: int  # micro-dollars a day
    rows: dict[int, Row] = field(default_factory=dict)
    broken: bool = False  # nothing can be written
    unasked: int = 0  # micro-dollars that were booked without a reservation

    def reserve(self, name: str, seconds: float, hour_usd: Decimal) -> Future[int]:
        answer, cost = Future[int](), price(seconds, hour_usd)
        if self.broken:
            answer.set_exception(Stopped("disk_full", "No space left."))
        elif self.spent(name) + cost > self.cap:
            answer.set_exception(Stopped("budget", f"rented.{name}.day_usd is used up."))
        else:
            answer.set_result(len(self.rows) + 1)
            self.rows[answer.result()] = Row(self._day(), cost)
        return answer

    def settle(self, number: int, name: str, seconds: float, hour_usd: Decimal) -> None:
        self.rows[number].cost, self.rows[number].seconds = price(seconds, hour_usd), seconds

    def record(self, name: str, seconds: float, hour_usd: Decimal) -> None:
        cost = price(seconds, hour_usd)
        self.rows[len(self.rows) + 1] = Row(self._day(), cost, seconds)
        self.unasked += cost

    def spent(self, name: str) -> int:
        return sum(row.cost for row in self.rows.values() if row.day == self._day())

    def total(self) -> int:
        return sum(row.cost for row in self.rows.values())

    def _day(self) -> str:
        return self.clock.now()[:10]


class Day:
    """One name, one cloud, one ledger; `keeper` may be killed and made anew on the same folder."""

    def __init__(
        self, folder: Path, rented: RentedSettings = RENTED, fates: tuple[Fate, ...] = (), hours: float = 0,
        hour_usd: Decimal = Decimal("0.40"), cloud: FakeCloud | None = None,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.rented = rented
        self.clock = Clock(hours)
        self.cloud = cloud or FakeCloud(lambda: 0.0, fates, hour_usd)
        self.cloud.now = wall_of(self.clock)
        self.purse = Purse(self.clock, micro(rented.day_usd))
        self.told: list[tuple[str, str]] = []
        self.open()

    def open(self) -> None:
        self.keeper = Keeper(
            {NAME: self.rented}, self.cloud, self.purse, self.clock, lambda *told: self.told.append(told), self.folder
        )
        self.keeper.open()
        self.tenancy: Tenancy = self.keeper.tenancies[NAME]
        self.tenancy.find()

    def kill(self) -> None:
        """As kill -9 leaves it: nothing is written, the lock is free."""
        self.keeper.close(destroy=False)

    def run(self, seconds: float, asking: bool = False) -> None:
        """Take turns for so long, as the keeper's thread would; `asking`: a request at every turn."""
        end = self.clock.elapsed + seconds
        while self.clock.elapsed < end:
            if asking:
                self.ask()
            wait = self.tenancy.turn()
            self.clock.sleep(min(wait, end - self.clock.elapsed, 30.0 if asking else wait))

    def ask(self, effort: int = 10, queue: int = 0) -> object:
        answer = self.keeper.wanted(NAME, effort, queue)
        if self.tenancy.url:
            self.keeper.used(NAME, self.clock.monotonic())
        return answer

    def events(self) -> list[str]:
        return [event for event, _ in self.told]

    @property
    def phase(self) -> str:
        return self.tenancy.held.phase
