"""What a pack holds of the code that a fix changed: share of gold files and symbols, and of the repository sent.

    python -m benchmarks.packs CLONES [--half judged|fit] [--most N] [--tokens 8000,16000,32000] [--bare] [--write]

The tasks are those of benchmarks/localise_tasks.py: CLONES holds their repositories as OWNER+NAME. A gold file is in a
pack when lines of it are shown, a gold symbol (the innermost one around a changed line) when all of its lines are;
`named` counts the map as well. A pack is what `factory` would make at the parent commit, its tokens estimated.
--write puts the table into docs/benchmarks.md.
"""

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.localise_tasks import Task, clone, git, tasks
from benchmarks.localise_tasks import tree as listed_of
from benchmarks.table import machine
from factory.codegraph.building.build import source_of_commit, view_of
from factory.codegraph.store.store import GraphStore
from factory.codegraph.view import View
from factory.context.gather import Gatherer
from factory.contracts.seams import Entry
from factory.contracts.task import Pack
from factory.contracts.task import Task as Wanted
from factory.desk.pieces import blocks_of, pieces_of
from factory.git import Store

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
FROM, TO = "<!-- measured: python -m benchmarks.packs -->\n", "<!-- end: packs -->\n"
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? ", re.M)
HEAD = ("| pack | gold files shown | named | gold symbols shown whole | named | tasks with all files shown "
        "| of the repository sent, median | tokens, median | s a pack, median |\n|" + " --- |" * 9)  # fmt: skip


class Gold(NamedTuple):
    files: tuple[str, ...]
    symbols: tuple[tuple[str, str, int, int], ...]  # path, full name, start, end


class Found(NamedTuple):
    """Of one task and one size."""

    language: str
    files: float
    files_named: float
    symbols: float | None
    symbols_named: float | None
    share: float
    tokens: int
    seconds: float


class Clone(Store):
    """A clone that lacks its largest blobs: their sizes are not known, and they are never shown."""

    def entries(self, tree: str) -> Mapping[str, Entry]:
        listed = listed_of(self.target, tree)
        return {path: Entry(path=path, mode="100644", oid=oid, size=size) for path, (oid, size) in listed.items()}


def gold_of(task: Task, folder: Path, view: View) -> Gold:
    """What the fix changed, in lines of the parent."""
    found: dict[tuple[str, str, int, int], None] = {}
    for path in task.gold:
        for start, count in _HUNK.findall(git(folder, "diff", "-U0", task.parent, task.sha, "--", path)):
            low, high = int(start), int(start) + max(int(count or 1) - 1, 0)
            for line in range(low, min(high, low + 400) + 1):
                inside = [one for one in view.facts(path).symbols if one.start <= line <= one.end]
                one = min(inside, key=lambda one: one.end - one.start, default=None)
                if one:
                    found[path, one.full, one.start, one.end] = None
    return Gold(task.gold, tuple(found))


def measured(task: Task, pack: Pack, gold: Gold, whole: int, seconds: float) -> Found:
    shown = {file.path for file in pack.files}
    blocks = dict(blocks_of(pack.map))
    spans = [(file.path, file.start, file.end) for file in pack.files]
    held = [any(path == p and a <= start and end <= b for p, a, b in spans) for path, _, start, end in gold.symbols]
    named = [
        there or re.search(rf"\b{re.escape(name.rpartition('.')[2])}\b", blocks.get(path, "")) is not None
        for there, (path, name, _, _) in zip(held, gold.symbols, strict=True)
    ]
    sent = sum(piece.bytes for piece in pieces_of([pack]))
    return Found(
        task.language,
        statistics.mean(path in shown for path in gold.files),
        statistics.mean(path in shown or path in blocks for path in gold.files),
        statistics.mean(held) if held else None,
        statistics.mean(named) if named else None,
        sent / max(whole, 1), pack.tokens, seconds,
    )  # fmt: skip


def run(chosen: Sequence[Task], clones: Path, sizes: Sequence[int], bare: bool) -> dict[int, list[Found]]:
    found: dict[int, list[Found]] = {tokens: [] for tokens in sizes}
    with tempfile.TemporaryDirectory(prefix="factory-packs-") as place:
        for n, task in enumerate(chosen, 1):
            folder = clone(clones, task.repository)
            name = task.repository.replace("/", "+")
            store = GraphStore(Path(place) / f"{name}.db")
            view = view_of(store, source_of_commit(folder, task.parent))[0]
            trees = Clone(Path(place) / f"{name}.git", folder)
            whole = sum(size for _, size in listed_of(folder, task.parent).values())
            title, _, body = (task.bare if bare else task.query).partition("\n")
            wanted = Wanted(number="local", title=title, body=body, kind="bug", digest="")
            gold = gold_of(task, folder, view)
            for tokens in sizes:
                begun = time.perf_counter()
                pack = Gatherer(trees, task.parent, wanted, view).pack(tokens)
                found[tokens].append(measured(task, pack, gold, whole, time.perf_counter() - begun))
            store.close()
            print(f"\r{n} of {len(chosen)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def row(title: str, rows: Sequence[Found]) -> str:
    def mean(values: Iterable[float | None]) -> str:
        there = [value for value in values if value is not None]
        return f"{statistics.mean(there):.1%}" if there else ""

    cells = [title, *(mean(getattr(one, name) for one in rows)
                      for name in ("files", "files_named", "symbols", "symbols_named")),
             mean(one.files == 1 for one in rows), f"{statistics.median(one.share for one in rows):.2%}",
             f"{statistics.median(one.tokens for one in rows):,.0f}",
             f"{statistics.median(one.seconds for one in rows):.2f}"]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", type=Path)
    parser.add_argument("--half", choices=("judged", "fit"), default="judged")
    parser.add_argument("--most", type=int, default=0, help="tasks, spread over all; 0 = all")
    parser.add_argument("--tokens", default="8000,16000,32000")
    parser.add_argument("--bare", action="store_true", help="without the subject's scope")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    asked = parser.parse_args()
    chosen = [task for task in tasks(asked.clones) if task.half == asked.half]
    chosen = chosen[:: max(1, len(chosen) // asked.most)] if asked.most else chosen
    sizes = [int(text) for text in asked.tokens.split(",")]
    found = run(chosen, asked.clones, sizes, asked.bare)
    languages = sorted({task.language for task in chosen})
    lines = [row(f"{tokens:,} tokens, {len(rows)} tasks", rows) for tokens, rows in found.items()]
    lines += [
        row(f"{sizes[len(sizes) // 2]:,} tokens, {language}", [one for one in middle if one.language == language])
        for middle in [found[sizes[len(sizes) // 2]]]
        for language in languages
    ]
    text = f"{machine()}; half: {asked.half}{', without scope' if asked.bare else ''}\n\n{HEAD}\n" + "\n".join(lines)
    print(text)
    if asked.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(FROM)
        after = rest.partition(TO)[2]
        PAGE.write_text(f"{before}{FROM}\n{text}\n\n{TO}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
