"""What the line costs as jobs of GitHub Actions: `python -m benchmarks.actions [startup] [bundle] [calls]`."""

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.answers import judged, plan, settings
from benchmarks.calls import calls
from benchmarks.factory import ENVIRONMENT, SCRIPT, factory
from benchmarks.large import ISSUE, TEST, loops
from benchmarks.repository import large
from benchmarks.table import Row, report, spread
from factory.app import open_state
from factory.cli.demo import example_folder
from factory.git import run_git
from factory.handover.bundle import pack, unpack

TIMES = 15


def startup(folder: Path) -> list[Row]:
    """From the start of `factory stage` to its first line, to the stage itself, and to its end."""
    repo, run = _repository(folder / "repo"), folder / "bundle" / "run.json"
    example = example_folder()
    _stage(folder, "intake", "--run", run, "--repo", repo, "--issue", example / "issue.md", "--config",
           example / "factory.toml", "--bundle")  # fmt: skip
    found = [_on_a_new_machine(folder / f"n{number}", run.parent, repo) for number in range(TIMES + 1)][1:]
    first, begun, ended = (list(times) for times in zip(*found, strict=True))
    return [
        Row("`factory stage`: its first line", statistics.median(first), 0.5, "s", spread(first, "s")),
        Row("`factory stage gather`: the stage begins", statistics.median(begun), None, "s", spread(begun, "s")),
        Row("`factory stage gather`: bundle in, stage, bundle out", statistics.median(ended), None, "s",
            spread(ended, "s")),
    ]  # fmt: skip


def _on_a_new_machine(folder: Path, bundle: Path, repo: Path) -> tuple[float, float, float]:
    shutil.copytree(bundle, folder / "bundle")
    return _stage(folder, "gather", "--run", folder / "bundle" / "run.json", "--repo", repo)


def _stage(folder: Path, *arguments: str | Path) -> tuple[float, float, float]:
    begun = time.perf_counter()
    with subprocess.Popen(
        [SCRIPT, "stage", *map(str, arguments)], env={**ENVIRONMENT, "FACTORY_STATE": str(folder / "state")},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr
        times = [time.perf_counter() - begun for _ in process.stderr]
    if process.returncode:
        raise RuntimeError(f"factory stage {arguments[0]} ended with {process.returncode}")
    return times[0], times[1], time.perf_counter() - begun


def _repository(folder: Path) -> Path:
    folder.mkdir()
    (folder / "a.py").write_text("def a():\n    return 1\n")
    who = {f"GIT_{kind}_{key}": "x" for kind in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "first")):
        run_git(folder, *command, env=who)
    return folder


def bundle(folder: Path) -> list[Row]:
    """A run near the caps (8 units of 41 steps that read until the window is full) as a bundle: size, out and in."""
    repo = large(folder / "repo")
    (folder / "issue.md").write_text(ISSUE)
    config = settings(folder / "settings", [plan(8), *loops(8, 38), *judged(TEST)], coding="work")
    done = factory(folder / "state", "run", "--repo", repo, "--issue", folder / "issue.md", "--config", config)
    state = open_state(folder / "state")
    run = state.journal.load(done.result["run"])
    out = time.perf_counter()
    pack(run, state, folder / "bundle")
    out = time.perf_counter() - out
    sizes = {path.name: path.stat().st_size / 1e6 for path in (folder / "bundle").iterdir()}
    told = sum(len(step.input) + len(step.output) for step in state.journal.steps(run.id)) / 1e6
    back = time.perf_counter()
    unpack(folder / "bundle", open_state(folder / "other"), repo)
    back = time.perf_counter() - back
    parts = ", ".join(f"{name} {size:.2f}" for name, size in sorted(sizes.items(), key=lambda item: -item[1])[:3])
    return [
        Row(
            "a bundle of a run at the caps", sum(sizes.values()), 64, "MB", f"{parts}; its texts in full {told:.0f} MB"
        ),
        Row("making it", out, None, "s"),
        Row("taking it in", back, None, "s"),
    ]


BENCHMARKS = {"startup": startup, "bundle": bundle, "calls": calls}


if __name__ == "__main__":
    sys.exit(report(BENCHMARKS, sys.argv[1:]))
