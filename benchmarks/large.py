"""The factory's own memory, and what a run leaves on disk, on a repository of 7,000 files and 500,000 lines.

Two runs: one as it usually goes (four units, a few steps each), one near the caps (eight units of forty steps each,
which read until the model's window is full).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.answers import Reply, judged, part, plan, settings
from benchmarks.factory import factory
from benchmarks.repository import WORDS, large
from benchmarks.table import Row

ISSUE = """Count the parts of a parcel

`shop/area03/order_000.py` adds up orders. The functions order_cart_3 and price_parcel_10 should know the parts, and
area00.ANSWER stays as it is.
"""
TEST = "tests/test_0.py::TestTotals::test_adds"


def measure(folder: Path) -> list[Row]:
    repo = large(folder / "repo")
    (folder / "issue.md").write_text(ISSUE)
    rows = []
    for name, units, steps in (("a usual run", 4, 8), ("a run at the caps", 8, 38)):
        state, where = folder / f"state{units}", folder / f"settings{units}"
        config = settings(where, [plan(units), *loops(units, steps), *judged(TEST)], coding="work")
        done = factory(state, "run", "--repo", repo, "--issue", folder / "issue.md", "--config", config)
        if done.result["decision"] != "accept":
            raise RuntimeError(f"the run was not accepted: {done.result}")
        how = f"{units} units of {steps + 3} steps, accepted in {done.seconds:.0f} s"
        rows += [
            Row(f"memory of the process, {name}", done.peak_mb, 300, "MB", f"peak resident set; {how}"),
            Row(f"state on disk, {name}", size_mb(state), 50, "MB", "journal, objects, blobs, report"),
        ]
    return rows


def loops(units: int, steps: int) -> Iterator[Reply]:
    """Each unit reads and searches, writes its part, runs the tests, finishes."""
    for number in range(units):
        for turn in range(steps):
            yield _turn(number, turn, [_look(number, turn)])
        yield {**_turn(number, steps, []), "text": part(number)}
        yield _turn(number, steps + 1, [{"name": "run_tests", "arguments": {}}])
        yield _turn(number, steps + 2, [{"name": "finish", "arguments": {"summary": f"Part {number} is written."}}])


def _turn(number: int, turn: int, calls: Sequence[Reply]) -> Reply:
    return {
        "role": "backend",
        "match": f"Write part {number}.",
        "nth": turn,
        "text": f"Step {turn}.",
        "calls": list(calls),
    }


def _look(number: int, turn: int) -> Reply:
    word, other = WORDS[(number + turn) % len(WORDS)], WORDS[(number * 7 + turn * 3 + 1) % len(WORDS)]
    name = turn // 3
    match turn % 3:
        case 0:
            return {"name": "search", "arguments": {"pattern": f"def {word}_{other}_[0-9]*"}}
        case 1:
            path = f"shop/area{turn:02d}/{WORDS[name % len(WORDS)]}_{name:03d}.{'md' if name % 8 == 7 else 'py'}"
            return {"name": "read_file", "arguments": {"path": path.replace("_006.py", "_006.js")}}
    return {"name": "list_files", "arguments": {"glob": f"shop/area{(number + turn) % 70:02d}/**"}}


def size_mb(folder: Path) -> float:
    """Bytes that lie there, by allocated blocks."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) / 1e6
