"""The journal on a real database: steps once, resume, leases, replay."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from factory.app import SystemClock, open_state
from factory.contracts.errors import LostLease, ReplayDiffers, UsageProblem
from factory.contracts.record import Record
from factory.contracts.run import Repo, Run
from factory.contracts.task import Event
from factory.ledger.journal import SqliteJournal
from factory.ledger.replay import ReplayJournal


class Asked(Record):
    template: str
    text: str


class Said(Record):
    text: str


def journal_in(folder: Path) -> SqliteJournal:
    return open_state(folder).journal


def run_record(name: str = "r1") -> Run:
    repo = Repo(path="/repo", ref="main", commit="c" * 40, tree="t" * 40)
    return Run(id=name, created="2026-01-01T00:00:00Z", repo=repo, event=Event(kind="issue", source="x", text="y"))


def test_a_finished_step_is_not_done_again(tmp_path: Path) -> None:
    journal = journal_in(tmp_path / "state")
    journal.open(run_record(), "issue")
    done: list[str] = []

    def work() -> Said:
        done.append("once")
        return Said(text="hello")

    for _ in range(2):  # the second time is what a resumed process does
        scope = journal.scope("r1", "plan")
        assert scope.step("exchange", Asked(template="a/b", text="q"), work, Said).text == "hello"
    assert done == ["once"]


def test_a_step_with_another_input_is_done_afresh_and_drops_what_followed(tmp_path: Path) -> None:
    journal = journal_in(tmp_path / "state")
    journal.open(run_record(), "issue")
    first = journal.scope("r1", "plan")
    for text in ("one", "two"):
        first.step("exchange", Asked(template="a/b", text=text), lambda: Said(text="old"), Said)
    again = journal.scope("r1", "plan")
    value = again.step("exchange", Asked(template="a/b", text="changed"), lambda: Said(text="new"), Said)
    assert value.text == "new"
    assert [step.n for step in journal.steps("r1")] == [0]


def test_an_unfinished_step_leaves_nothing(tmp_path: Path) -> None:
    journal = journal_in(tmp_path / "state")
    journal.open(run_record(), "issue")

    def work() -> Said:
        raise KeyError("killed")

    with pytest.raises(KeyError):
        journal.scope("r1", "plan").step("exchange", Asked(template="a", text="q"), work, Said)
    assert list(journal.steps("r1")) == []


def test_a_live_holder_keeps_its_run(tmp_path: Path) -> None:
    """CRS-10: two processes at once; the loser is told who works on it."""
    journal = journal_in(tmp_path / "state")
    journal.open(run_record(), "issue")
    code = (
        "import sys; from pathlib import Path; from factory.app import open_state\n"
        "from factory.contracts.errors import UsageProblem\n"
        "try: open_state(Path(sys.argv[1])).journal.lease('r1')\n"
        "except UsageProblem as problem: print(problem)"
    )
    other = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "state")], capture_output=True, text=True, check=True
    )
    assert "is being worked on by process" in other.stdout


def test_a_dead_holder_loses_its_run_and_may_write_no_more(tmp_path: Path) -> None:
    """CRS-10, PIP-07: the fencing number of a holder that was taken over is refused."""
    stale = journal_in(tmp_path / "state")
    stale.open(run_record(), "issue")
    with stale.db.transaction() as db:  # as if the holder had been another process of this machine, now gone
        db.execute("UPDATE leases SET holder = ?", (f"{socket.gethostname()} 1 1",))
    fresh = journal_in(tmp_path / "state")
    fresh.lease("r1")
    with pytest.raises(LostLease, match="taken over"):
        stale.save(run_record(), "plan")
    fresh.save(run_record(), "plan")


def test_load_by_prefix_and_last(tmp_path: Path) -> None:
    journal = journal_in(tmp_path / "state")
    journal.open(run_record("20260101-a"), "issue")
    journal.open(run_record("20260102-b"), "issue")
    assert journal.load("20260101").id == "20260101-a"
    with pytest.raises(UsageProblem, match="ambiguous"):
        journal.load("2026")
    with pytest.raises(UsageProblem, match="unknown"):
        journal.load("nothing")


def test_replay_answers_from_the_recording_and_names_what_differs(tmp_path: Path) -> None:
    journal = journal_in(tmp_path / "state")
    journal.open(run_record(), "issue")
    journal.scope("r1", "plan").step(
        "exchange", Asked(template="atlas/plan", text="the issue"), lambda: Said(text="A"), Said
    )

    def never() -> Said:
        raise AssertionError("a replay asks nobody")

    same = ReplayJournal(journal).scope("r1", "plan")
    assert same.step("exchange", Asked(template="atlas/plan", text="the issue"), never, Said).text == "A"
    with pytest.raises(ReplayDiffers, match="not in the recording"):
        same.step("exchange", Asked(template="atlas/plan", text="more"), never, Said)
    other = ReplayJournal(journal).scope("r1", "plan")
    with pytest.raises(ReplayDiffers, match=r"stage plan.*template atlas/plan.*text was 'the issue', is 'another'"):
        other.step("exchange", Asked(template="atlas/plan", text="another"), never, Said)


def test_the_clock_counts_milliseconds() -> None:
    assert len(SystemClock().now()) == len("2026-01-01T00:00:00.000Z")
