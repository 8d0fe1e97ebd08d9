"""The hunt: time and memory on one tree, the labelled corpus, and a sample of real findings judged by hand.

    python -m benchmarks.hunt time [FOLDER] [--runs 3] [--write]     Django 5.2's source archive, if no folder is named
    python -m benchmarks.hunt corpus|worth [--write]
    python -m benchmarks.hunt sample|unseen|fresh|last|apps|later|newest CLONES [--only IDS] [--unlabelled] [--write]

time: the folder is committed to a repository of its own first, which does not count; then each run is a process that
exports, builds the code graph and hunts with every detector. sample … newest: the sets of benchmarks/hunt_sample.py;
CLONES holds <owner>+<name>/repo for each repository of the set, with the commit that is named there; --unlabelled
prints the drawn findings that nobody has judged. worth: what the shares measured there are worth. --write puts the
table into docs/benchmarks.md. Ends with 1 when a goal is missed.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import hunt_sample, hunt_worth
from benchmarks.codegraph import Peak, django
from benchmarks.repository import committed
from benchmarks.table import HEAD, Row, line, machine

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
GOAL_S = 60  # on two cores


def main() -> int:
    asked = _arguments()
    part = {"time": timed, "corpus": corpus, "worth": worth}.get(asked.part, sample)
    text, missed = part(asked)
    print(text)
    if asked.write:
        written(asked.part, text)
    return int(missed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hunt")
    parser.add_argument("part", choices=("time", "corpus", "worth", *hunt_sample.SETS))
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="detectors of the sample, with commas")
    parser.add_argument("--unlabelled", action="store_true")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    asked = parser.parse_args()
    if asked.part in hunt_sample.SETS and asked.folder is None:
        parser.error(f"{asked.part} needs a folder of clones")
    return asked


def written(part: str, text: str) -> None:
    start, end = f"<!-- measured: hunt {part} -->", f"<!-- end: hunt {part} -->"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(start)
    after = rest.partition(end)[2]
    PAGE.write_text(f"{before}{start}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def timed(asked: argparse.Namespace) -> tuple[str, bool]:
    """A table of seconds by phase, and whether the goal was missed."""
    with tempfile.TemporaryDirectory(prefix="factory-bench-") as folder:
        repo = _tree(asked.folder, Path(folder))
        runs = [_measured(repo) for _ in range(asked.runs)]
    rows = list(_rows(runs))
    text = "\n".join([f"Measured with `python -m benchmarks.hunt time` on: {machine()}.", "", HEAD, *map(line, rows)])
    return text, any(row.verdict == "MISSED" for row in rows)


def _tree(folder: Path | None, place: Path) -> Path:
    if folder is None:
        return django(place)
    shutil.copytree(folder, place / "repo", symlinks=True, ignore=shutil.ignore_patterns(".git"))
    return committed(place / "repo")


def _measured(repo: Path) -> dict[str, Any]:
    words = [sys.executable, "-m", "benchmarks.hunt_ours", str(repo)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        peak = Peak(process.pid)
        peak.start()
        said, _ = process.communicate()
        peak.join()
    assert process.returncode == 0
    return {**json.loads(said), "peak_mb": peak.most / 1e6}


def _rows(runs: list[dict[str, Any]]) -> Iterator[Row]:
    first = runs[0]
    how = f"{first['files']} files, {first['findings']} findings of {first['detectors']} detectors; {len(runs)} runs"
    yield Row("the whole hunt", _middle(runs, "seconds"), GOAL_S, "s", how)
    for phase in first["phases"]:
        yield Row(phase, statistics.median(run["phases"][phase] for run in runs), None, "s", "a phase")
    for engine in first["engines"]:
        seconds = statistics.median(run["engines"][engine][0] for run in runs)
        yield Row(engine, seconds, None, "s", f"beside the others; {first['engines'][engine][1]}")
    yield Row("peak memory, all processes together", max(run["peak_mb"] for run in runs), None, "MB", "resident")
    yield Row("files that failed", max(run["failed"] for run in runs), 0, "files")


def _middle(runs: list[dict[str, Any]], key: str) -> float:
    return statistics.median(run[key] for run in runs)


def corpus(asked: argparse.Namespace) -> tuple[str, bool]:
    """Precision and recall of each detector on tests/data/hunt."""
    from tests.hunt.corpus import CORPUS, scored

    lines = [
        "| Detector | True cases | False cases | Precision | Recall | Missed |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    missed = False
    for folder in sorted(CORPUS.iterdir()):
        score = scored(folder.name)
        names = ", ".join(path.rpartition("/")[2] for path, _ in score.missed)
        lines.append(
            f"| {folder.name} | {score.true} | {score.false} | {score.precision:.2f} | {score.recall:.2f} | {names} |"
        )
        missed |= score.precision < 0.9
    return "\n".join(lines), missed


def worth(asked: argparse.Namespace) -> tuple[str, bool]:
    return hunt_worth.table()


def sample(asked: argparse.Namespace) -> tuple[str, bool]:
    """Precision of each detector on real repositories, by hand."""
    drawn = hunt_sample.drawn(asked.part, asked.folder, [name for name in asked.only.split(",") if name])
    if asked.unlabelled:
        return "\n".join(each.shown for each in drawn if each.label is None), False
    return hunt_sample.table(drawn)


if __name__ == "__main__":
    sys.exit(main())
