"""Eight units whose answers take two seconds each, against one such unit: the generate stage's wall clock."""

import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks.answers import plan, settings, written
from benchmarks.repository import small
from benchmarks.table import Row, spread
from factory.app import make_shop, new_run, open_state
from factory.contracts.task import Event
from factory.settings import load
from factory.stages.line import following, step

DELAY_S, UNITS, TIMES = 2.0, 8, 5
ISSUE = "Write the parts\n\nEach part is a file of its own."


class Stopwatch:
    """A watcher that knows when the generate stage began and ended."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}

    def tell(self, kind: str, **facts: Any) -> None:
        if kind == "stage" and facts["name"] == "generate":
            self.at[facts["state"]] = time.perf_counter()


def measure(folder: Path) -> list[Row]:
    repo = small(folder / "repo")
    one = [_generate(folder / f"one{n}", repo, 1) for n in range(TIMES)]
    many = [_generate(folder / f"many{n}", repo, UNITS) for n in range(TIMES)]
    ratio = statistics.median(many) / statistics.median(one)
    return [
        Row(f"{UNITS} units with {DELAY_S:g} s answers, against one", ratio, 1.4, "x", "ratio of the medians"),
        Row("one unit, generate stage", statistics.median(one), None, "s", spread(one, "s")),
        Row(f"{UNITS} units, generate stage", statistics.median(many), None, "s", spread(many, "s")),
    ]


def _generate(folder: Path, repo: Path, units: int) -> float:
    """Seconds of the stage. Raises RuntimeError when a unit was not written."""
    config = load(settings(folder / "settings", [plan(units), *written(units, DELAY_S)]), None, {})
    state = open_state(folder / "state")
    run = new_run(state, repo, "", Event(kind="issue", source="benchmark", text=ISSUE), config)
    watch = Stopwatch()
    shop = make_shop(run, state, config, watch)
    while not run.stopped and not run.pending and (stage := following(run)):
        run = step(stage, run, shop)
    if run.stopped or len(run.pending) != units or any(change.error for change in run.pending):
        raise RuntimeError(f"not every unit was written: {run.stopped or run.pending}")
    return watch.at["done"] - watch.at["start"]
