"""The numbers the line promises: `python -m benchmarks.line [startup] [fanout] [overhead] [large]`."""

import sys
import tempfile
from pathlib import Path

from benchmarks import fanout, large, overhead, startup
from benchmarks.table import HEAD, line, machine

BENCHMARKS = {
    "startup": startup.measure,
    "fanout": fanout.measure,
    "overhead": overhead.measure,
    "large": large.measure,
}


def main(names: list[str]) -> int:
    """0 when every goal is met, 1 when one is missed, 2 for an unknown name."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}: choose from {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    print(f"{machine()}\n\n{HEAD}", flush=True)
    missed = 0
    for name in names or BENCHMARKS:
        with tempfile.TemporaryDirectory(prefix="factory-bench-") as folder:
            for row in BENCHMARKS[name](Path(folder)):
                print(line(row), flush=True)
                missed += row.verdict == "MISSED"
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
