"""What the ranking finds for each task, kept in a folder: signals change only with the code that makes them."""

import json
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.localise_tasks import Task, batches, clone
from factory import codegraph
from factory.codegraph.building.build import source_of_commit, view_of
from factory.codegraph.rank import rank
from factory.codegraph.rank.index import index_of
from factory.codegraph.rank.issue import read_issue
from factory.codegraph.rank.signals import signals_of
from factory.codegraph.store.edition import edition
from factory.codegraph.store.store import GraphStore

CODE = ("rank/*.py", "words.py", "imports/*.py", "building/history.py", "building/skip.py")


class Run(NamedTuple):
    """One task and what was found: the signals of its pool. `seconds`: of the query, its view being there."""

    task: Task
    bare: bool  # the scope of the subject was dropped
    pool: Sequence[str]
    table: Mapping[str, Mapping[str, float]]
    seconds: float

    def order(self, weights: Mapping[str, float] | None = None) -> list[str]:
        """As `rank.ranked` orders them."""
        return list(rank.scored(self.table, self.pool, rank.fitted() if weights is None else weights))


def runs(clones: Path, cache: Path, tasks: Sequence[Task], bare: bool = False) -> Iterator[Run]:
    """In the order of the tasks. Each repository's store is built once; views at its commits share it."""
    kept = cache / f"signals-{_code():08x}"
    kept.mkdir(parents=True, exist_ok=True)
    for name, batch in batches(tasks):
        store = GraphStore(cache / "stores" / f"{name.replace('/', '+')}.db")
        for task in batch:
            file = kept / f"{task.sha}{'-bare' if bare and task.bare != task.query else ''}.json"
            if not file.exists():
                file.write_text(json.dumps(_found(store, clone(clones, name), task, task.bare if bare else task.query)))
            yield Run(task, bare, *json.loads(file.read_text()))
        store.close()


def _found(store: GraphStore, folder: Path, task: Task, query: str) -> tuple[object, ...]:
    view, _ = view_of(store, source_of_commit(folder, task.parent), workers=2)
    begun = time.perf_counter()
    found = signals_of(index_of(view), read_issue(query))
    table = {name: {path: round(value, 5) for path, value in by.items()} for name, by in found.table.items()}
    return found.pool, table, time.perf_counter() - begun


def _code() -> int:
    here = Path(codegraph.__file__).parent
    code = b"".join(path.read_bytes() for pattern in CODE for path in sorted(here.glob(pattern)))
    return zlib.crc32(code + f"{edition()}".encode())
