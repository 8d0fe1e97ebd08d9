"""What a change cost: tokens, money, machines, and what a frontier model alone would have asked for the same tokens."""

from typing import Literal

from factory.contracts.model import Tier
from factory.contracts.record import Record
from factory.contracts.story import Cost, Yardstick

KwhHow = Literal["measured", "estimate", ""]


class Stay(Record):
    """One stay of a run on GitHub, as the shared books have it."""

    run: str
    origin: str  # the first run of its task
    github_run: int
    at: str  # when it ended, or began if it has no end yet; ISO 8601
    minutes: float | None = None  # of hosted runners; None: nobody noted them


class Bill(Record):
    """One change, or one run, over all the runs that worked on it. None: nobody has measured it."""

    name: str  # the first run's id
    title: str = ""
    pull: int = 0
    merged: str = ""  # when that was seen, ISO 8601; "" = not merged as far as is known
    runs: tuple[str, ...]
    costs: tuple[Cost, ...]  # by role, tier and endpoint, dearest first
    runner_minutes: float | None = None  # of hosted runners
    kwh: float | None = None
    kwh_how: KwhHow = ""  # measured: the whole box while these runs worked
    frontier_only: int | None = None  # micro-dollars; see factory.ledger.cost.frontier_only

    @property
    def cost(self) -> int:
        """Micro-dollars."""
        return sum(row.cost for row in self.costs)

    @property
    def gpu_hours(self) -> float:
        """Hours of local models at work; calls that ran side by side are counted each."""
        return sum(row.seconds for row in self.costs if row.tier == "local") / 3600

    def tokens(self, *tiers: Tier) -> int:
        """Read and written, at these tiers."""
        return sum(row.tokens_in + row.tokens_out for row in self.costs if row.tier in tiers)


class DayCost(Record):
    """One tier on one UTC day. Micro-dollars and tokens, of the factory's own runs."""

    day: str
    tier: Tier
    cost: int
    tokens_in: int
    tokens_out: int


class MonthCost(Record):
    """A calendar month, UTC. `merged` are the changes whose merge was seen in it."""

    month: str  # 2026-11
    days: tuple[DayCost, ...]
    merged: tuple[Bill, ...]
    roles: tuple[Cost, ...]
    yardstick: Yardstick | None = None
    runner_minutes: float | None = None  # of hosted runners, merged or not, as far as they are known
    runner_unknown: int = 0  # workflow runs whose minutes are not known: they are not in the sum
