"""The numbers the line promises: `python -m benchmarks.line [startup] [fanout] [overhead] [large]`."""

import sys

from benchmarks import fanout, large, overhead, startup
from benchmarks.table import report

BENCHMARKS = {
    "startup": startup.measure,
    "fanout": fanout.measure,
    "overhead": overhead.measure,
    "large": large.measure,
}


if __name__ == "__main__":
    sys.exit(report(BENCHMARKS, sys.argv[1:]))
