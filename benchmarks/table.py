"""What a benchmark found, as a Markdown table that says where and when it was measured."""

import os
import platform
import re
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """One number. `goal` None: for comparison only. `least`: the goal is the least that it must be, not the most."""

    what: str
    measured: float
    goal: float | None
    unit: str  # ms, s, MB, x
    how: str = ""
    least: bool = False

    @property
    def verdict(self) -> str:
        if self.goal is None:
            return ""
        return "met" if (self.measured >= self.goal if self.least else self.measured <= self.goal) else "MISSED"


def machine() -> str:
    """CPU model, cores, memory, interpreter, load and date in one line."""
    cpu = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    memory = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.M)
    size = f"{int(memory[1]) / 2**20:.0f} GiB" if memory else "memory unknown"
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{cpu[1] if cpu else platform.machine()}, {len(os.sched_getaffinity(0))} cores, {size}, "
        f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}, load {load}, {date.today()}"
    )


HEAD = "| What | Goal | Measured | Verdict | How |\n| --- | --- | --- | --- | --- |"


def line(row: Row) -> str:
    """One line of the table under HEAD."""
    goal = "" if row.goal is None else f"{'≥' if row.least else '≤'} {row.goal:g} {row.unit}"
    return f"| {row.what} | {goal} | {amount(row.measured)} {row.unit} | {row.verdict} | {row.how} |"


def amount(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def spread(values: Sequence[float], unit: str) -> str:
    """Every value counts on a busy machine: how many, the least, the median, the most."""
    low, middle, high = (amount(value) for value in (min(values), statistics.median(values), max(values)))
    return f"{len(values)} times: {low} / {middle} / {high} {unit}"


def report(benchmarks: Mapping[str, Callable[[Path], Iterable[Row]]], names: list[str]) -> int:
    """Print the table of the named benchmarks (all when none is named), each in a folder of its own.

    Returns 0 when every goal is met, 1 when one is missed, 2 for an unknown name.
    """
    if unknown := [name for name in names if name not in benchmarks]:
        print(f"There is no benchmark {unknown[0]!r}: choose from {', '.join(benchmarks)}.", file=sys.stderr)
        return 2
    print(f"{machine()}\n\n{HEAD}", flush=True)
    missed = 0
    for name in names or benchmarks:
        with tempfile.TemporaryDirectory(prefix="factory-bench-") as folder:
            for row in benchmarks[name](Path(folder)):
                print(line(row), flush=True)
                missed += row.verdict == "MISSED"
    return int(missed > 0)
