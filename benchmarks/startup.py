"""How long `factory --help` takes, beside the interpreter alone."""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.factory import ENVIRONMENT, SCRIPT
from benchmarks.table import Row, spread

TIMES = 15


def measure(folder: Path) -> list[Row]:
    alone, typer, shown = (
        _times(command)
        for command in (
            [sys.executable, "-c", "pass"],
            [sys.executable, "-c", "import typer"],
            [str(SCRIPT), "--help"],
        )
    )
    return [
        _row("`factory --help`", shown, 300),
        _row("`import typer`", typer, None),
        _row("the interpreter alone", alone, None),
    ]


def _row(what: str, times: Sequence[tuple[float, float]], goal: float | None) -> Row:
    wall, busy = [time for time, _ in times], statistics.median(time for _, time in times)
    return Row(what, statistics.median(wall), goal, "ms", f"{spread(wall, 'ms')}; {busy:.0f} ms of processor time")


def _times(command: Sequence[str]) -> list[tuple[float, float]]:
    """Wall clock and processor time in milliseconds of `TIMES` starts, after one that fills the caches."""
    found = []
    for _ in range(TIMES + 1):
        begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=True)
        seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        found.append((seconds * 1000, busy * 1000))
    return found[1:]
