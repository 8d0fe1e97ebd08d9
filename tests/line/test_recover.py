"""After a reboot or a crash: `factory runs recover` goes on with what was cut short, one after the other."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.line.targets import factory, git, result
from tests.line.test_kill import dying, one_unit

pytestmark = pytest.mark.kill

BOMB = """
import glob, os, sys, threading, time

def seen(path):
    try:
        with open(path, "rb") as file:
            return b"30.73" in file.read()
    except OSError:
        return False

def go_off():
    while not any(map(seen, glob.glob("/proc/[0-9]*/cmdline"))):
        time.sleep(0.1)
    os.kill(os.getpid(), 9)

if "resume" in sys.argv:
    threading.Thread(target=go_off, daemon=True).start()
"""


def recovered(state: Path, path: str = "") -> list[dict[str, Any]]:
    done = factory(state, "runs", "recover", "--json", PYTHONPATH=path)
    assert done.stdout.strip(), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def standing(state: Path) -> list[tuple[str, str]]:
    """(status, reason) of all runs, the oldest first."""
    rows = json.loads(factory(state, "runs", "list", "--all", "--json").stdout)
    return [(row["status"], row["reason"]) for row in reversed(rows)]


def died(folder: Path, *where: str) -> None:
    """A run in `folder` whose process was killed."""
    issue, config = folder / "7.md", folder / "factory.toml"
    assert dying(folder / "state", "start", folder / "shop", issue, config, *where) == -signal.SIGKILL


def rebooted(state: Path) -> None:
    """The machine came up anew: pids and start times are given out again, to others."""
    with sqlite3.connect(state / "factory.db") as db:
        name = f"{os.uname().nodename} 1 "  # process 1 is there, and began as early as it always does
        db.execute("UPDATE leases SET holder = ? || '0 an-earlier-boot' WHERE holder <> ''", (name,))
        db.execute("UPDATE attempts SET holder = ? || '0 an-earlier-boot'", (name,))


def test_crs_09_a_reboot_in_the_middle_of_three_runs(tmp_path: Path) -> None:
    """CRS-09: each is resumed or timed out: one dies in a stage, one between push and pull request, one is too old.
    One pull request each, and everything has its last word."""
    issue, config = one_unit(tmp_path)
    died(tmp_path, "stage", "generate", "start")
    died(tmp_path, "pushed")
    died(tmp_path, "stage", "verify", "start")
    state = tmp_path / "state"
    rebooted(state)
    with sqlite3.connect(state / "factory.db") as db:
        (last,) = db.execute("SELECT id FROM runs ORDER BY created DESC, id DESC").fetchone()
        db.execute(
            "UPDATE runs SET record = json_set(record, '$.created', '2026-01-01T10:00:00Z') WHERE id = ?", (last,)
        )
    assert standing(state) == [("died", "")] * 3
    done = {each["run"]: each for each in recovered(state)}
    assert done.pop(last)["did"] == "ended"
    assert [(each["did"], each["exit_code"]) for each in done.values()] == [("went on", 0)] * 2
    assert sorted(standing(state)) == [("done", ""), ("done", ""), ("stopped", "budget")]
    assert len(list((state / "forge").glob("*/*.json"))) == 2
    assert (state / "runs" / last / "report.html").is_file()
    assert len(git(tmp_path / "shop", "for-each-ref", "--format=%(refname)", "refs/heads/factory").split()) == 2
    assert recovered(state) == []
    assert issue.is_file()
    assert config.is_file()


def test_a_run_that_the_shutdown_ended_goes_on_after_it(tmp_path: Path) -> None:
    """SIGTERM of a machine that goes down, not a person's Ctrl-C: `terminated`, and another boot since."""
    issue, config = one_unit(tmp_path)
    died(tmp_path, "stage", "verify", "start")
    state = tmp_path / "state"
    assert factory(state, "runs", "cancel", "last").returncode == 0
    with sqlite3.connect(state / "factory.db") as db:
        db.execute("UPDATE runs SET record = json_set(record, '$.stopped.reason', 'interrupted')")
        db.execute("INSERT INTO attempts (task, run, holder, at, ended, outcome)"
                   " SELECT issue, id, 'h 1 1 b', '', '', 'terminated' FROM runs")  # fmt: skip
    assert recovered(state) == []  # the same boot, or nobody knows: a person ended it
    rebooted(state)
    assert [each["did"] for each in recovered(state)] == ["went on"]
    assert issue.is_file()
    assert config.is_file()


def test_a_task_that_takes_its_process_down_is_left_to_a_person(tmp_path: Path) -> None:
    """After three deaths in a row nothing starts it by itself; `factory resume` does, and says so."""
    one_unit(tmp_path)
    died(tmp_path, "stage", "verify", "start")
    state = tmp_path / "state"
    bomb = tmp_path / "bomb" / "sitecustomize.py"  # the task kills whoever works on it: a stand-in for the OOM killer
    bomb.parent.mkdir()
    bomb.write_text(BOMB)
    config = tmp_path / "factory.toml"
    config.write_text(config.read_text() + 'tests = ["sleep 30.73"]\n')
    for _ in range(3):
        (each,) = recovered(state, str(bomb.parent))
        assert (each["did"], each["exit_code"]) == ("went on", -signal.SIGKILL)
    (each,) = recovered(state, str(bomb.parent))
    assert each["did"] == "left"
    assert "failed 3 times in a row" in each["why"]
    config.write_text(config.read_text().replace('tests = ["sleep 30.73"]\n', ""))
    done = factory(state, "resume", "last", "--json")
    assert (done.returncode, "failed 3 times in a row" in done.stderr) == (0, True)
    assert result(done)["decision"] == "accept"
    assert recovered(state) == []


def test_box_07_without_its_sandbox_everything_waits(tmp_path: Path) -> None:
    """BOX-07: bubblewrap is gone after an update: no run starts, recover pauses with exit code 2, nothing runs
    unconfined; with it back, all goes on."""
    issue, config = one_unit(tmp_path)
    died(tmp_path, "stage", "gather", "start")
    died(tmp_path, "stage", "verify", "start")
    state, path = tmp_path / "state", tmp_path / "bin"
    path.mkdir()
    for name in ("git", "sh", "cat", "unshare", "setpriv", "mount"):
        (path / name).symlink_to(subprocess.check_output(["which", name], text=True).strip())
    done = factory(state, "runs", "recover", "--json", PATH=str(path))
    said = json.loads(done.stdout)
    assert done.returncode == 2
    assert [each["did"] for each in said] == ["paused"]
    assert "bubblewrap is not installed" in said[0]["why"]
    assert standing(state) == [("died", "")] * 2
    fresh = factory(state, "run", "--repo", tmp_path / "shop", "--issue", issue, "--config", config, PATH=str(path))
    assert (fresh.returncode, len(standing(state))) == (2, 2)  # not even begun
    assert [each["did"] for each in recovered(state)] == ["went on"] * 2


def test_recover_passes_its_own_end_on(tmp_path: Path) -> None:
    """A service that is stopped while it recovers: the run it is at has its last word, the others wait."""
    one_unit(tmp_path)
    died(tmp_path, "stage", "verify", "start")
    died(tmp_path, "stage", "verify", "start")
    state, config = tmp_path / "state", tmp_path / "factory.toml"
    config.write_text(config.read_text() + 'tests = ["sleep 73"]\n')
    process = subprocess.Popen(
        [sys.executable, "-m", "factory.cli", "runs", "recover"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, "FACTORY_STATE": str(state)}, cwd=tmp_path,
    )  # fmt: skip
    assert process.stderr
    for line in process.stderr:
        if "check tests: start" in line:
            break
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert standing(state) == [("stopped", "interrupted"), ("died", "")]
