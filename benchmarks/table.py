"""What a benchmark found, as a Markdown table that says where and when it was measured."""

import os
import platform
import re
import statistics
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """One number. `goal` None: for comparison only."""

    what: str
    measured: float
    goal: float | None
    unit: str  # ms, s, MB, x
    how: str = ""

    @property
    def verdict(self) -> str:
        return "" if self.goal is None else "met" if self.measured <= self.goal else "MISSED"


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
    goal = "" if row.goal is None else f"≤ {row.goal:g} {row.unit}"
    return f"| {row.what} | {goal} | {amount(row.measured)} {row.unit} | {row.verdict} | {row.how} |"


def amount(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def spread(values: Sequence[float], unit: str) -> str:
    """Every value counts on a busy machine: how many, the least, the median, the most."""
    low, middle, high = (amount(value) for value in (min(values), statistics.median(values), max(values)))
    return f"{len(values)} times: {low} / {middle} / {high} {unit}"
