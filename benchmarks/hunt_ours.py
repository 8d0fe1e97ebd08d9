"""One hunt in a process of its own: prints JSON. Started by benchmarks/hunt.py.

    python -m benchmarks.hunt_ours REPO

Everything counts but the imports: the export, the code graph from nothing, every detector.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from factory.codegraph.building.sources import source_of_commit
from factory.codegraph.store.store import GraphStore
from factory.contracts.night import HuntSettings
from factory.hunt.export import exported
from factory.hunt.hunt import hunt


def measured(repo: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="factory-bench-") as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        started = time.perf_counter()
        ground = exported(source_of_commit(repo), tree, lambda: GraphStore(Path(folder) / "graph.db"))
        export = time.perf_counter() - started
        hunted = hunt(ground, HuntSettings())
        seconds = time.perf_counter() - started
    assert not [run for run in hunted.engines if run.problem], hunted.engines
    assert not hunted.problems, hunted.problems
    return {
        "seconds": seconds, "phases": {"export": export, **hunted.phases}, "files": hunted.files,
        "findings": len(hunted.findings), "detectors": len(hunted.detectors), "failed": len(hunted.failed),
        "engines": {run.name: (run.seconds, f"{run.name} {run.version}, {run.rows} rows") for run in hunted.engines},
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]))))
