"""A shutdown: the signals of GitHub's runner and of `factory runs cancel`, at a process that is waiting or working."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from factory.ledger.process import descendants, started
from tests.line.targets import FACTORY, factory
from tests.line.test_ways import EDIT, ISSUE, REVIEWS, plan, small, unit, verdict

pytestmark = pytest.mark.kill

LIMIT_S = 10.0  # the runner kills what is left after that


class Work:
    """A repository, an issue and settings in `folder`. `plan_s`: how long the plan takes; `tests`: the checks."""

    def __init__(self, folder: Path, plan_s: float = 0.0, tests: str = "", command: str = "") -> None:
        self.state, self.folder, self.config = folder / "state", folder, folder / "c" / "factory.toml"
        small(folder / "r")
        (folder / "7.md").write_text(ISSUE)
        self.config.parent.mkdir()
        planned = {**plan(unit("code", "backend", "hello.py"), effort=3), "delay_s": plan_s}
        replies = [planned, {"role": "backend", "text": EDIT}, verdict("ACCEPT"), *REVIEWS]
        (folder / "c" / "box.json").write_text(json.dumps({"label": "test", "replies": replies}))
        scripted = 'wire = "scripted"\nscript = "box.json"\nmodel = "recorded"'
        wire = (
            f'wire = "command"\nmodel = "slow"\ntier = "local"\ncommand = {json.dumps([sys.executable, command])}'
            if command
            else scripted
        )
        own = f"tests = [{json.dumps(tests)}]" if tests else ""
        self.config.write_text(f'[endpoints.box]\n{wire}\n[line]\ncoding = "write"\n[checks]\nlint = false\n{own}\n')

    def start(self, *arguments: str | Path, sign: str) -> "subprocess.Popen[str]":
        """A `factory` that has come so far that it says `sign`."""
        process = subprocess.Popen(
            [*map(str, (*FACTORY, *arguments, "--config", self.config))], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=self.folder, env={**os.environ, "FACTORY_STATE": str(self.state)},
        )  # fmt: skip
        assert process.stderr
        said = ""
        for line in process.stderr:
            said += line
            if sign in line:
                return process
        raise AssertionError(f"It ended before it said {sign!r}: {said}")

    def run(self, sign: str) -> "subprocess.Popen[str]":
        return self.start("run", "--repo", self.folder / "r", "--issue", self.folder / "7.md", sign=sign)

    def row(self) -> dict[str, Any]:
        rows: list[dict[str, Any]] = json.loads(factory(self.state, "runs", "list", "--json").stdout)
        return rows[0]

    def outcome(self) -> str:
        with sqlite3.connect(self.state / "factory.db") as db:
            return str(db.execute("SELECT outcome FROM attempts ORDER BY id DESC").fetchone()[0])


def children(process: "subprocess.Popen[str]", word: str) -> tuple[int, ...]:
    """All that it has started, as soon as one of them has this word in its command line."""
    for _ in range(400):
        found = descendants(process.pid)
        if any(word.encode() in _command(pid) for pid in found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"It started no {word}.")


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def ended(process: "subprocess.Popen[str]", *numbers: signal.Signals) -> float:
    """Send them, one after the other while it lives; seconds until it was gone."""
    began = time.monotonic()
    for number in numbers:
        process.send_signal(number)
        time.sleep(0.3)
    process.communicate(timeout=60)
    return time.monotonic() - began


def gone(pids: tuple[int, ...]) -> bool:
    """All of them, a moment after the end of who started them."""
    for _ in range(100):
        if all(started(pid) == "gone" for pid in pids):
            return True
        time.sleep(0.05)
    return False


def test_crs_08_while_a_model_is_waited_for(tmp_path: Path) -> None:
    """CRS-08: SIGINT, then SIGTERM while the last words are written: a checkpoint, a report, the lease released."""
    work = Work(tmp_path, plan_s=60)
    process = work.run("plan …")
    assert ended(process, signal.SIGINT, signal.SIGTERM) < LIMIT_S
    assert process.returncode == 130
    row = work.row()
    assert (row["status"], row["reason"], row["holder"]) == ("stopped", "interrupted", "")
    assert work.outcome() == "interrupted"
    assert (work.state / "runs" / row["id"] / "report.html").is_file()


def test_crs_08_while_the_tests_run(tmp_path: Path) -> None:
    """CRS-08: the sandbox and what runs in it is killed with the first signal."""
    work = Work(tmp_path, tests="sleep 71.5")
    process = work.run("check tests: start")
    inside = children(process, "71.5")
    assert ended(process, signal.SIGTERM) < LIMIT_S
    assert process.returncode == 130
    assert gone(inside)
    assert work.row()["reason"] == "interrupted"
    assert work.outcome() == "terminated"  # no person's Ctrl-C: `runs recover` goes on after a reboot


def test_crs_08_a_planner_that_is_a_program(tmp_path: Path) -> None:
    """CRS-08: an installed command line that was asked ends with the factory, though it has a session of its own."""
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(60)\n")
    process = Work(tmp_path, command=str(tmp_path / "slow.py")).run("plan …")
    asked = children(process, "slow.py")
    assert ended(process, signal.SIGTERM) < LIMIT_S
    assert gone(asked)


@pytest.mark.parametrize("waiting", ["answer", "tests"])
def test_crs_08_a_job_of_the_box(tmp_path: Path, waiting: str) -> None:
    """CRS-08: `factory stage work`, as the runner ends it: run.json says interrupted, nothing is left running."""
    work = Work(tmp_path, plan_s=60) if waiting == "answer" else Work(tmp_path, tests="sleep 71.5")
    arguments = ("stage", "work", "--run", tmp_path / "b" / "run.json", "--repo", tmp_path / "r")
    sign = "plan …" if waiting == "answer" else "check tests: start"
    process = work.start(*arguments, "--issue", tmp_path / "7.md", sign=sign)
    inside = children(process, "71.5") if waiting == "tests" else descendants(process.pid)
    assert ended(process, signal.SIGINT, signal.SIGTERM) < LIMIT_S
    assert process.returncode == 130
    assert gone(inside)
    assert json.loads((tmp_path / "b" / "run.json").read_text())["stopped"]["reason"] == "interrupted"
    assert work.row()["holder"] == ""


def test_cancelled_by_a_person(tmp_path: Path) -> None:
    """`factory runs cancel`: the living process ends, the run says who ended it, and can be resumed."""
    work = Work(tmp_path, plan_s=60)
    process = work.run("plan …")
    assert work.row()["status"] == "running"
    done = factory(work.state, "runs", "cancel", "last")
    process.communicate(timeout=30)
    assert (done.returncode, process.returncode) == (0, 130), done.stderr
    assert work.row()["reason"] == "cancelled_by_human"
    again = factory(work.state, "runs", "cancel", "last")
    assert (again.returncode, "cancelled already" in again.stdout) == (0, True)
    script = work.config.parent / "box.json"
    script.write_text(script.read_text().replace('"delay_s": 60', '"delay_s": 0'))
    assert factory(work.state, "resume", "last").returncode == 0
    assert factory(work.state, "runs", "cancel", "last").returncode == 2  # it is finished


def test_cancelling_what_a_dead_process_held(tmp_path: Path) -> None:
    work = Work(tmp_path, plan_s=60)
    process = work.run("plan …")
    process.kill()
    process.communicate(timeout=30)
    assert work.row()["status"] == "died"
    assert factory(work.state, "runs", "cancel", "last").returncode == 0
    row = work.row()
    assert (row["status"], row["reason"], row["holder"]) == ("stopped", "cancelled_by_human", "")
