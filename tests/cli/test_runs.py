"""`factory runs`: what it shows, on a state made by hand; the processes are tested in tests/line."""

import contextlib
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from factory.app import State, open_state
from factory.cli.runs_recover import _cut_short, _one
from factory.contracts.run import Repo, Run, Stop
from factory.contracts.task import Event, Task
from factory.ledger.attempts import Attempts
from factory.ledger.clearing import folder_bytes, remove_run
from factory.ledger.process import nobody
from factory.ledger.shelf import shelf
from tests.line.targets import factory


def run(number: int, **more: object) -> Run:
    made = Run(
        id=f"2026112{number}-a", created=f"2026-11-2{number}T10:00:00Z",
        event=Event(kind="issue", source="7.md", text="t"),
        repo=Repo(path="/gone", ref="main", commit="c", tree="t"),
        task=Task(kind="bug", number=str(number), title=f"Task {number}", body="", digest="d"),
    ).but(**more)  # fmt: skip
    return made


@pytest.fixture
def state(tmp_path: Path) -> State:
    """One run whose process died, one stopped for money, one that is held elsewhere."""
    opened = open_state(tmp_path / "state")
    stop = Stop(reason="budget", message="The budget is used up.", stage="plan")
    for each in (run(0), run(1, stopped=stop), run(2)):
        opened.journal.open(each, f"task{each.id}")
        opened.journal.save(each, "plan")
    with opened.db.transaction() as db:
        db.execute("UPDATE leases SET holder = ? WHERE run = ?", (nobody(), run(0).id))
        db.execute("UPDATE leases SET holder = '' WHERE run = ?", (run(1).id,))
        db.execute("UPDATE leases SET holder = 'elsewhere 1 1 b' WHERE run = ?", (run(2).id,))
    return opened


def test_list_says_how_each_stands(state: State) -> None:
    said = factory(state.folder, "runs", "list").stdout
    assert "died" in said
    assert "stopped: budget" in said
    assert "1 on elsewhere" in said
    assert "`factory runs recover`" in said
    rows = json.loads(factory(state.folder, "runs", "list", "--json").stdout)
    assert [row["status"] for row in rows] == ["elsewhere", "stopped", "died"]


def test_list_leaves_out_columns_that_say_nothing(state: State) -> None:
    assert "held by" in factory(state.folder, "runs", "list").stdout
    with state.db.transaction() as db:
        db.execute("UPDATE leases SET holder = ''")
        db.execute("UPDATE runs SET status = 'done', stage = 'report'")
    head = factory(state.folder, "runs", "list", "--all").stdout.splitlines()[0]
    assert head.split() == ["run", "issue", "status", "age", "cost"]


def test_show_says_why_and_what_to_type(state: State) -> None:
    said = factory(state.folder, "runs", "show", run(1).id).stdout
    assert "stopped in plan: The budget is used up." in said
    assert f"Next: factory resume {run(1).id}" in said
    assert json.loads(factory(state.folder, "runs", "show", run(2).id, "--json").stdout)["next"].startswith("look at")


def test_show_adds_up_which_tools_were_used_and_denied(state: State) -> None:
    for event, why in (("tool_used", {}), ("tool_used", {}), ("tool_denied", {"why": "scribe may not use run_tests"})):
        state.journal.note(run(1).id, event, role="scribe", tool="run_tests", unit="docs", arguments="0", **why)
    (row,) = json.loads(factory(state.folder, "runs", "show", run(1).id, "--json").stdout)["tools"]
    assert (row["role"], row["tool"], row["used"], row["denied"]) == ("scribe", "run_tests", 2, 1)
    assert "scribe may not use run_tests" in factory(state.folder, "runs", "show", run(1).id).stdout


def test_cancel_leaves_other_machines_alone(state: State) -> None:
    done = factory(state.folder, "runs", "cancel", run(2).id)
    assert (done.returncode, "cancel it there" in done.stderr) == (2, True)


def test_a_run_that_has_ended_stays_as_it_ended(state: State) -> None:
    before = state.journal.load(run(1).id)
    done = factory(state.folder, "runs", "cancel", run(1).id)
    assert (done.returncode, "has ended already (budget)" in done.stderr) == (2, True)
    assert state.journal.load(run(1).id) == before


def test_one_that_was_cut_short_can_be_cancelled(state: State) -> None:
    """So that nobody goes on with it; there is no end that a replay could compare."""
    cut = run(1).but(stopped=Stop(reason="interrupted", message="Interrupted.", stage="plan"))
    state.journal.lease(cut.id)
    state.journal.save(cut, "plan")
    state.journal.release(cut.id)
    assert factory(state.folder, "runs", "cancel", cut.id).returncode == 0
    assert shelf(state.db, cut.id)[0].reason == "cancelled_by_human"
    assert "cancelled already" in factory(state.folder, "runs", "cancel", cut.id).stdout
    replayed = factory(state.folder, "replay", cut.id)
    assert (replayed.returncode, "is not finished" in replayed.stderr) == (2, True)


def test_recover_says_what_it_would_do(state: State) -> None:
    """Its repository is gone here, so it is left; a task that failed too often is left to a person."""
    said = json.loads(factory(state.folder, "runs", "recover", "--dry", "--json").stdout)
    assert [(each["run"], each["did"]) for each in said] == [(run(0).id, "left")]
    assert Attempts(state.db, state.clock).failed_in_a_row(f"task{run(0).id}") == 0


def test_recover_leaves_what_somebody_took_up_while_others_were_gone_on_with(state: State) -> None:
    """The list was made hours ago: a person cancelled this one since."""
    (row,) = _cut_short(state)
    state.journal.lease(row.id)
    stop = Stop(reason="cancelled_by_human", message="Cancelled.", stage="plan")
    state.journal.save(state.journal.load(row.id).but(stopped=stop), "plan")
    state.journal.release(row.id)
    done = _one(state, row, dry=False)
    assert (done["did"], done["why"]) == ("left", "somebody took it up in the meantime")


CHILD = """
import signal, sys, time
from pathlib import Path
from factory.app import open_state
from factory.contracts.run import Output
state = open_state(Path(sys.argv[1]))
state.journal.lease(sys.argv[2])
def end(*_):
    if sys.argv[3] == "finishes":
        run = state.journal.load(sys.argv[2])
        state.journal.save(run.but(output=Output(html="h", markdown="m", json_file="j")), "report")
        state.journal.release(run.id)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(60)
"""


@contextlib.contextmanager
def at_work(state: State, run: str, how: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", CHILD, str(state.folder), run, how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def test_cancel_does_not_undo_an_end_that_came_first(state: State) -> None:
    """Its process delivers while it is told to stop: the run is done, and that is what stands there."""
    with at_work(state, run(0).id, "finishes"):
        done = factory(state.folder, "runs", "cancel", run(0).id)
    assert (done.returncode, "came to its end" in done.stderr) == (2, True)
    assert shelf(state.db, run(0).id)[0].status == "done"


def test_cancel_ends_a_cancelled_run_that_was_taken_up_again(state: State) -> None:
    """Its record says `cancelled` until its first stage ends; its process works all the same."""
    state.journal.lease(run(0).id)
    stop = Stop(reason="cancelled_by_human", message="Cancelled.", stage="plan")
    state.journal.save(run(0).but(stopped=stop), "plan")
    state.journal.release(run(0).id)
    with at_work(state, run(0).id, "goes on") as process:
        assert factory(state.folder, "runs", "cancel", run(0).id).returncode == 0
        assert process.wait(timeout=20) == 0


def test_what_gc_removed_is_not_taken_up_again(state: State, tmp_path: Path) -> None:
    (state.folder / "runs" / run(1).id).mkdir(parents=True, exist_ok=True)
    assert remove_run(state.db, state.folder / "runs", run(1).id)
    done = factory(state.folder, "resume", run(1).id)
    assert (done.returncode, "has removed the pieces" in done.stderr) == (2, True)
    assert shelf(state.db, run(1).id)[0].status == "removed"


def test_gc_counts_bytes_where_a_run_is_at_work(tmp_path: Path) -> None:
    """What git and the stages take away while it looks is passed over."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            for number in range(20):
                (tmp_path / f"d{number}").mkdir()
                (tmp_path / f"d{number}" / "index.lock").touch()
            shutil.rmtree(tmp_path / "d0")
            for number in range(1, 20):
                shutil.rmtree(tmp_path / f"d{number}")

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work)
        try:
            assert [folder_bytes(tmp_path) for _ in range(300)] == [0] * 300
        finally:
            over.set()
