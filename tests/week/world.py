"""The week's world: a town on a clock of its own, two boxes, two servers of models, and what breaks when.

Real are GitHub's double with its own API and git, the workflow files, every job's process, the sandbox, the books, the
money. Not real: the models (scripted) and the hours between events (skipped).
"""

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from factory.app import skip
from factory.llm.providers.script import Asked, Script
from factory.serve.scripted import serving
from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub.faults import FaultPlan, Rule
from factory.simulator.hub.routes import Answer, Call
from factory.simulator.hub.runs import Runner as Machine
from factory.simulator.hub.runs import settings
from tests.simulator import parts
from tests.simulator.factory_town import BOX, Town, town
from tests.simulator.warm import warm
from tests.week.tasks import CANARY, files, replies, second_opinions

HOUR = 3600.0
ANSWER = 30.0  # seconds that a box takes for an answer, one after the other: about 16K tokens in and 500 out on a 3090
DAY_USD, RUN_USD = "3.00", "0.60"  # reserved until a run ends: five at once fill the day
HOURLY = 12  # runs that one person may start
TOML = f"""
[endpoints.cloud]
wire = "openai"
url = "CLOUD/v1"
model = "scripted-frontier"
tier = "frontier"
context = 64000
max_output = 4000
key_env = "FACTORY_FRONTIER_KEY"
logprobs = true
price_in = 3
price_out = 15

[[chain]]
roles = ["genesis"]
endpoints = ["box", "cloud"]

[[chain]]
endpoints = ["box"]

[line]
coding = "write"
escalate_to = "frontier"

[budget]
day_usd = {DAY_USD}
run_usd = {RUN_USD}
escalation_usd = 0.10

[github]
hourly = {HOURLY}
rounds = 3
box_minutes = 30
"""


class Clock:
    """Real time, and the hours that were skipped: the jobs' processes read the same file ($FACTORY_CLOCK)."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.write_text("0")
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.monday = (today + timedelta(days=7 - today.weekday())).timestamp()

    def __call__(self) -> float:
        return time.time() + float(self.file.read_text() or 0)

    @property
    def hours(self) -> float:
        """Since Monday, 00:00 UTC."""
        return (self() - self.monday) / HOUR

    def pass_by(self, seconds: float) -> None:
        skip(self.file, float(self.file.read_text() or 0) + seconds)

    def until(self, hours: float) -> None:
        skip(self.file, self.monday + hours * HOUR - time.time())


@dataclass(frozen=True)
class Outage:
    """From one hour of the week to another."""

    what: str
    start: float
    end: float

    def holds(self, hours: float) -> bool:
        return self.start <= hours < self.end


class Outages(FaultPlan):
    """GitHub answers 502 in these hours, a part of it done all the same; at other times it loses an answer here and
    there, and delivers some twice."""

    def __init__(self, clock: Clock, *when: Outage, seed: int = 7) -> None:
        super().__init__(
            Rule("down", chance=0.7, times=0), Rule("down_after", "POST|PUT|PATCH", chance=0.5, times=0), seed=seed
        )
        self.rare = FaultPlan(Rule("lost", "POST", r"/(comments|pulls|issues|labels)$", chance=0.02, times=0),
                              Rule("unseen", "POST", r"/comments$", chance=0.05, times=0, seconds=3),
                              seed=seed)  # fmt: skip
        self.clock, self.when = clock, when

    def attach(self, hub: object) -> None:
        super().attach(hub)  # type: ignore[arg-type]
        self.rare.attach(hub)  # type: ignore[arg-type]

    def before(self, call: Call) -> Answer | None:
        if call.token is None or call.token.kind == "pat":
            return None
        return super().before(call) if self._down() else self.rare.before(call)

    def after(self, call: Call, answer: Answer) -> Answer:
        if call.token is None or call.token.kind == "pat":
            return answer
        return super().after(call, answer) if self._down() else self.rare.after(call, answer)

    def _down(self) -> bool:
        return any(each.holds(self.clock.hours) for each in self.when)


class ProviderDown(Exception):
    """The provider's edge answers 500."""


@dataclass
class World:
    town: Town
    clock: Clock
    boxes: tuple[Outage, ...]
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # (server, run, role)
    turns: Iterator[int] = field(default_factory=itertools.count)

    def settle(self) -> None:
        """Boxes are there or not; then everything goes on until nothing moves."""
        away = any(each.holds(self.clock.hours) for each in self.boxes)
        with self.town.hub.changed:
            for each in settings(self.town.repo).runners:
                each.status = "offline" if away else "online"
            self.town.hub.changed.notify_all()
        self.town.settle(240)

    def tick(self, cron: str) -> None:
        self.town.runner.tick(cron, self.town.repo.full_name)


@contextlib.contextmanager
def world(
    folder: Path, evaluator: Expressions, boxes: tuple[Outage, ...], hub: tuple[Outage, ...],
    provider: tuple[Outage, ...],
) -> Iterator[World]:  # fmt: skip
    clock = Clock(folder / "clock")
    asked: list[tuple[str, str, str]] = []
    script = {"label": "the week", "replies": replies()}

    def hears(name: str, down: tuple[Outage, ...]) -> Callable[[str, Asked], None]:
        def heard(run: str, said: Asked) -> None:
            if any(each.holds(clock.hours) for each in down):
                raise ProviderDown(name)
            asked.append((name, run, said.role))
            clock.pass_by(ANSWER / 3)

        return heard

    with warm(folder / "warm") as commands, serving(
        Script.model_validate({"label": "the frontier", "replies": second_opinions()}), heard=hears("cloud", provider)
    ) as cloud, town(
        folder / "town", evaluator, files(), script, TOML.replace("CLOUD", cloud), now=clock,
        faults=Outages(clock, *hub), path=(commands,), environment={"FACTORY_CLOCK": str(clock.file)},
        variables={"FACTORY_HUNT": "on"}, parallel=4, asked=lambda: clock.pass_by(ANSWER),
    ) as here:  # fmt: skip
        here.secrets["FACTORY_FRONTIER_KEY"] = CANARY
        settings(here.repo).runners.append(Machine(2, "box-2", BOX))
        yield World(here, clock, boxes, asked)


__all__ = ["HOUR", "Clock", "Outage", "World", "parts", "world"]
