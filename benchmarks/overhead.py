"""The line's own time in the demo: the whole command's wall clock without the answers, the checks and the set-up."""

import statistics
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from benchmarks.factory import factory
from benchmarks.table import Row, spread
from factory.app import open_state

TIMES = 5
OTHERS = ("exchange", "check", "install")  # kinds of steps in which the line waits for somebody else


def measure(folder: Path) -> list[Row]:
    own, whole, busy = [], [], []
    for number in range(TIMES):
        state = folder / f"state{number}"
        done = factory(state, "demo")
        whole.append(done.seconds)
        busy.append(done.busy_s)
        own.append(done.seconds - union(_intervals(state, done.result["run"])))
    return [
        Row("the line's own time in the demo", statistics.median(own), 2, "s", spread(own, "s")),
        Row(
            "the same in processor time", statistics.median(busy), None, "s", f"{spread(busy, 's')}; with what overlaps"
        ),
        Row("the demo, whole command", statistics.median(whole), None, "s", spread(whole, "s")),
    ]


def _intervals(state: Path, run: str) -> Iterable[tuple[float, float]]:
    """(start, end) of the steps that are a model's or a check's time; units and reviewers overlap."""
    for step in open_state(state).journal.steps(run):
        if step.kind in OTHERS:
            start = datetime.fromisoformat(step.started).timestamp()
            yield start, start + step.seconds


def union(intervals: Iterable[tuple[float, float]]) -> float:
    """Seconds covered by at least one of them."""
    covered, reached = 0.0, float("-inf")
    for start, end in sorted(intervals):
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered
