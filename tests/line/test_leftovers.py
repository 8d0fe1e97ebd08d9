"""What killed processes leave behind, and that gc and recover take it away and nothing else."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from factory.app import open_state
from factory.ledger.clearing import old_runs, remove_run
from factory.ledger.process import boot, mark, started, this_process
from factory.sandbox.orphans import orphans, remove
from tests.line.targets import factory, result
from tests.line.test_kill import dying, one_unit
from tests.line.test_signals import Work, children, gone


def dead_mark() -> str:
    """Of a process that really was, and whose number may be anybody's by now."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        return f"{process.pid}-{started(process.pid)}-{boot()[:8]}"


def test_crs_07_only_what_nobody_owns_goes(tmp_path: Path) -> None:
    """CRS-07: by pid and start time: a number that another process has now does not protect what the dead one left."""
    state, temporary, groups = (tmp_path / name for name in ("state", "tmp", "groups"))
    recycled = f"{os.getpid()}-1-{boot()[:8]}"  # our number, begun at another time
    rebooted = f"{os.getpid()}-{started(os.getpid())}-00000000"
    for owner in (dead_mark(), recycled, rebooted, mark()):
        (temporary / f"dark-factory-{owner}-abc").mkdir(parents=True)
        (groups / f"dark-factory-{owner}-0").mkdir(parents=True)
    (state / "envs" / ".key-half").mkdir(parents=True)
    (state / "envs" / ".key.lock").touch()
    (state / "envs" / "key").mkdir()
    (state / "runs" / "r").mkdir(parents=True)
    for name, age in ((".run.json.abcdefgh", 7200), (".run.json.hgfedcba", 0)):
        (state / "runs" / "r" / name).touch()
        os.utime(state / "runs" / "r" / name, (time.time() - age,) * 2)
    found = orphans(state, temporary, groups)
    kinds = [each.kind for each in found if each.kind != "process"]
    assert kinds == [*["temporary folder"] * 3, *["control group"] * 3, "half-built environment", "temporary file"]
    for orphan in found:
        if orphan.kind != "process":
            remove(orphan)
    assert [path.name for path in temporary.iterdir()] == [f"dark-factory-{mark()}-abc"]
    assert [path.name for path in groups.iterdir()] == [f"dark-factory-{mark()}-0"]
    assert (state / "envs" / "key").is_dir()
    assert [path.name for path in (state / "runs" / "r").iterdir()] == [".run.json.hgfedcba"]


def test_crs_07_an_environment_that_is_being_built_stays(tmp_path: Path) -> None:
    """CRS-07: its lock is held by a living process."""
    (tmp_path / "envs" / ".key-half").mkdir(parents=True)
    lock = tmp_path / "envs" / ".key.lock"
    code = (
        "import fcntl, sys\nf = open(sys.argv[1], 'w')\nfcntl.flock(f, fcntl.LOCK_EX)\n"
        "print('ready', flush=True)\ninput()"
    )
    with subprocess.Popen([sys.executable, "-c", code, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline()
        assert not [each for each in orphans(tmp_path, tmp_path, tmp_path) if each.kind != "process"]
        holder.kill()
        holder.wait()
    assert [each.kind for each in orphans(tmp_path, tmp_path, tmp_path)][-1:] == ["half-built environment"]


@pytest.mark.kill
def test_crs_07_a_program_that_was_asked_ends_with_the_next_recover(tmp_path: Path) -> None:
    """CRS-07, a model request: an installed planner goes on after SIGKILL of its factory; recover ends it."""
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(90)\n")
    work = Work(tmp_path, command=str(tmp_path / "slow.py"))
    process = work.run("plan …")
    asked = children(process, "slow.py")
    process.kill()
    process.communicate(timeout=30)
    factory(work.state, "runs", "gc", "--yes")
    assert gone(asked)


@pytest.mark.kill
def test_crs_07_twenty_crashes_leave_nothing(tmp_path: Path) -> None:
    """CRS-07: SIGKILL in the middle of the checks, twenty times; then no process, folder, group or lock is left."""
    work = Work(tmp_path, tests="sleep 74.25")
    (tmp_path / "tmp").mkdir()
    environment = {**os.environ, "FACTORY_STATE": str(work.state), "TMPDIR": str(tmp_path / "tmp")}
    seen: set[int] = set()
    for number in range(20):
        fresh = ["run", "--repo", str(tmp_path / "r"), "--issue", str(tmp_path / "7.md")]
        arguments = ["resume", "last"] if number else fresh
        process = subprocess.Popen(
            [sys.executable, "-m", "factory.cli", *arguments, "--config", str(work.config)], env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path, text=True,
        )  # fmt: skip
        seen.update(children(process, "74.25"))
        process.send_signal(signal.SIGKILL)
        process.wait()
    work.config.write_text(work.config.read_text().replace("sleep 74.25", "true"))
    done = factory(work.state, "resume", "last", "--json", TMPDIR=str(tmp_path / "tmp"))
    assert result(done)["decision"] == "accept"
    factory(work.state, "runs", "gc", "--yes", TMPDIR=str(tmp_path / "tmp"))
    assert gone(tuple(seen))
    assert not list((tmp_path / "tmp").iterdir())
    assert not [each for each in orphans(work.state, tmp_path / "tmp") if str(tmp_path) in each.place]
    assert not list((work.state / "runs").rglob("*.lock"))


@pytest.mark.kill
def test_crs_07_locks_of_git_do_not_stop_the_next_one(tmp_path: Path) -> None:
    """CRS-07: a power cut in the middle of moving the branch leaves git's lock in both repositories."""
    issue, config = one_unit(tmp_path)
    state = tmp_path / "state"
    assert dying(state, "start", tmp_path / "shop", issue, config, "meant") == -signal.SIGKILL
    (name,) = sqlite3.connect(state / "factory.db").execute("SELECT key FROM outbox").fetchone()
    (run,) = (state / "runs").iterdir()
    for folder in (run / "repo.git", tmp_path / "shop" / ".git"):
        lock = folder / "refs" / "heads" / f"{name}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
        os.utime(lock, (time.time() - 60,) * 2)
    done = factory(state, "resume", "last", "--json")
    assert done.returncode == 0, done.stderr
    assert not [*(run / "repo.git").rglob("*.lock"), *(tmp_path / "shop" / ".git").rglob("*.lock")]


def test_gc_removes_pieces_and_never_costs(tmp_path: Path) -> None:
    """Finished and old: the folder goes; the record and what was spent stay. Open or held: nothing goes."""
    issue, config = one_unit(tmp_path)
    state = tmp_path / "state"
    done = factory(state, "run", "--repo", tmp_path / "shop", "--issue", issue, "--config", config, "--json")
    run = result(done)["run"]
    spent = json.loads(factory(state, "ledger", "cost", run, "--json").stdout)
    listed = factory(state, "runs", "gc", "--days", "0")
    assert run in listed.stdout
    assert (state / "runs" / run).is_dir()  # only listed
    assert factory(state, "runs", "gc", "--days", "0", "--yes").returncode == 0
    assert not (state / "runs" / run).exists()
    rows = json.loads(factory(state, "runs", "list", "--all", "--json").stdout)
    assert [(row["id"], row["status"]) for row in rows] == [(run, "removed")]
    opened = open_state(state)
    assert opened.db.connection().execute("SELECT COUNT(*) FROM spend WHERE run = ?", (run,)).fetchone()[0] > 0
    assert spent
    assert factory(state, "resume", run).returncode == 2


def test_gc_by_size_takes_the_oldest_and_nothing_that_is_held(tmp_path: Path) -> None:
    state = open_state(tmp_path / "s")
    with state.db.transaction() as db:
        for number, (status, holder) in enumerate(
            [("done", ""), ("open", ""), ("stopped", this_process()), ("stopped", ""), ("done", "")]
        ):
            name = f"r{number}"
            (tmp_path / "s" / "runs" / name).mkdir(parents=True)
            (tmp_path / "s" / "runs" / name / "blob").write_bytes(bytes(1000))
            db.execute(
                "INSERT INTO runs (id, created, issue, repo, stage, record, status) VALUES (?, ?, '', '', '', '{}', ?)",
                (name, f"2026-11-0{number + 1}T00:00:00Z", status),
            )
            db.execute("INSERT INTO leases (run, holder, fence) VALUES (?, ?, ?)", (name, holder, number + 1))
    runs, now = tmp_path / "s" / "runs", "2026-11-10T00:00:00.000Z"
    assert [each.run for each in old_runs(state.db, runs, now, 30, 3000)] == ["r0", "r3"]
    assert [each.run for each in old_runs(state.db, runs, now, 5.5)] == ["r0", "r3"]
    assert old_runs(state.db, runs, "2026-01-01T00:00:00.000Z", 5) == ()  # a clock that went back makes nothing old
    assert [remove_run(state.db, runs, f"r{n}") for n in range(5)] == [True, False, False, True, True]
    assert sorted(path.name for path in runs.iterdir()) == ["r1", "r2"]
