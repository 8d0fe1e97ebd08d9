"""`factory runs`: what it shows, on a state made by hand; the processes are tested in tests/line."""

import json
from pathlib import Path

import pytest

from factory.app import State, open_state
from factory.contracts.run import Repo, Run, Stop
from factory.contracts.task import Event, Task
from factory.ledger.attempts import Attempts
from factory.ledger.process import nobody
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


def test_recover_says_what_it_would_do(state: State) -> None:
    """Its repository is gone here, so it is left; a task that failed too often is left to a person."""
    said = json.loads(factory(state.folder, "runs", "recover", "--dry", "--json").stdout)
    assert [(each["run"], each["did"]) for each in said] == [(run(0).id, "left")]
    assert Attempts(state.db, state.clock).failed_in_a_row(f"task{run(0).id}") == 0
