"""One measurement of the code graph in a process of its own: prints JSON. Started by benchmarks/codegraph.py.

    python -m benchmarks.codegraph_ours STORE REPO [ISSUE ...]

Imports are not counted (the command line has loaded most of them anyway), opening the store and asking git are.
"""

import json
import sys
import time
from pathlib import Path

from factory.codegraph.building.build import source_of_checkout, view_of
from factory.codegraph.rank.rank import ranked
from factory.codegraph.store.store import GraphStore


def measured(path: Path, repo: Path, issues: list[str]) -> dict[str, object]:
    """Seconds of a build, of each issue's first ranking, and of the same again."""
    start = time.perf_counter()
    store = GraphStore(path)
    view, counts = view_of(store, lambda: source_of_checkout(repo))
    built = time.perf_counter() - start
    queries = [timed(lambda issue=issue: ranked(view, issue)) for issue in issues]
    again = [timed(lambda issue=issue: ranked(view, issue)) for issue in issues]
    store.close()
    return {
        "built": built, "first": queries, "again": again, "files": counts.files, "parsed": counts.parsed,
        "store_mb": path.stat().st_size / 1e6,
    }  # fmt: skip


def timed(work: object) -> float:
    assert callable(work)
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])))
