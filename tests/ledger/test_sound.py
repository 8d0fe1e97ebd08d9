"""A state database that is damaged: noticed at the start, rebuilt, moved aside; nothing is forgotten in our favour."""

import fcntl
import sqlite3
from concurrent.futures import ThreadPoolExecutor, wait
from decimal import Decimal
from pathlib import Path

import pytest

from factory.app import State, open_state
from factory.contracts.errors import Stopped
from factory.contracts.model import Usage
from factory.contracts.run import Repo, Run
from factory.contracts.tables import BudgetSettings
from factory.contracts.task import Event
from factory.ledger.journal import SqliteJournal
from factory.ledger.lost import forgive, lost
from factory.ledger.process import boot
from factory.ledger.sound import CHECKED, LOCK, NAME, REBUILT
from factory.ledger.spend import Spend, Use
from tests.line.targets import factory

RUN = Run(id="20261120-1", created="2026-11-20T10:00:00Z", event=Event(kind="tidy", source="test"),
          repo=Repo(path="/nowhere", ref="main", commit="c", tree="t"))  # fmt: skip
USE = Use(run=RUN.id, issue="7", role="coder", endpoint="api", tier="frontier")


def filled(folder: Path, rows: int = 2000) -> State:
    """A state with one open run and what many calls cost, closed again as by a process that has ended."""
    state = open_state(folder)
    state.journal.open(RUN, "7")
    with state.db.transaction() as db:
        db.executemany(
            "INSERT INTO spend (run, issue, day, role, endpoint, tier, kind, state, cost, tokens)"
            " VALUES (?, '7', '2026-11-20', 'coder', 'api', 'frontier', 'model', 'settled', 10, 100)",
            [(RUN.id,) for _ in range(rows)],
        )
        db.executemany("INSERT INTO trail (run, at, event, facts) VALUES (?, '', 'e', ?)",
                       [(RUN.id, "x" * 500) for _ in range(500)])  # fmt: skip
    closed(state)
    return state


def closed(state: State) -> None:
    state.db.connection().close()
    state.lock.close()


def spoiled(folder: Path, table: str, part: float) -> None:
    """Random bytes over a page of the table, `part` of the way through its pages."""
    with sqlite3.connect(folder / NAME) as db:
        size = int(db.execute("PRAGMA page_size").fetchone()[0])
        pages = [row[0] for row in db.execute(
            "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno", (table,))]  # fmt: skip
    db.close()
    with (folder / NAME).open("r+b") as file:
        file.seek((pages[int(part * (len(pages) - 1))] - 1) * size)
        file.write(bytes(range(256)) * (size // 256))


def torn(folder: Path) -> None:
    """As a power cut leaves it: the machine came up anew since the last look."""
    (folder / CHECKED).write_text("another boot")


def test_a_whole_one_is_left_alone(tmp_path: Path) -> None:
    filled(tmp_path / "s")
    torn(tmp_path / "s")
    state = open_state(tmp_path / "s")
    assert state.said == ""
    assert not list((tmp_path / "s").glob("*.broken-*"))


def test_box_05_pages_of_something_else(tmp_path: Path) -> None:
    """BOX-05: a torn page that holds no money: moved aside with a word, everything else is there, limits included."""
    filled(tmp_path / "s")
    spoiled(tmp_path / "s", "trail", 0.5)
    torn(tmp_path / "s")
    state = open_state(tmp_path / "s")
    assert "was damaged" in state.said
    assert "Rows are missing from trail." in state.said
    assert len(list((tmp_path / "s").glob("factory.db.broken-*"))) == 1
    assert state.db.connection().execute("SELECT SUM(cost) FROM spend").fetchone()[0] == 20_000
    assert state.db.connection().execute("SELECT SUM(cost) FROM day_totals").fetchone()[0] == 20_000
    assert 400 < state.db.connection().execute("SELECT COUNT(*) FROM trail").fetchone()[0] < 501
    assert state.journal.load("last") == RUN
    assert lost(state.db) == ()


def test_box_05_pages_of_the_money(tmp_path: Path) -> None:
    """BOX-05: rows of spending cannot be read: the rest is kept, and today counts as used up until a person looks."""
    filled(tmp_path / "s")
    spoiled(tmp_path / "s", "spend", 0.5)
    torn(tmp_path / "s")
    state = open_state(tmp_path / "s")
    assert "factory ledger lost --clear" in state.said
    kept = state.db.connection().execute("SELECT COUNT(*) FROM spend WHERE kind = 'model'").fetchone()[0]
    assert 1000 < kept < 2000
    limits = BudgetSettings(day_usd=Decimal(100), run_usd=Decimal(100))
    other = USE.but(run="another", issue="8")
    with pytest.raises(Stopped, match="day_usd"):
        Spend(state.db, limits, state.clock).reserve(other, 5, 1)
    with pytest.raises(Stopped, match="run_usd"):  # also tomorrow
        Spend(state.db, limits.but(day_usd=None), state.clock).reserve(USE, 5, 1)
    assert Spend(state.db, limits, state.clock).reserve(other, 0, 1)  # what costs nothing goes on
    forgive(state.db)
    number = Spend(state.db, limits, state.clock).reserve(USE, 5, 1)
    Spend(state.db, limits, state.clock).settle(number, USE, 5, Usage(), 0.0)


@pytest.mark.parametrize("damage", ["random bytes", "cut off", "empty", "gone"])
def test_box_05_nothing_can_be_read(tmp_path: Path, damage: str) -> None:
    """BOX-05: runs come back from their files; whoever had a fencing number before cannot write."""
    state = filled(tmp_path / "s")
    path, stale = tmp_path / "s" / NAME, state.journal.fences[RUN.id]
    if damage == "random bytes":
        path.write_bytes(bytes(range(255, -1, -1)) * (path.stat().st_size // 256))
    elif damage == "cut off":
        path.write_bytes(path.read_bytes()[:5000])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    torn(tmp_path / "s")
    again = open_state(tmp_path / "s")
    assert again.journal.load("last") == RUN
    assert [row[1] for row in lost(again.db)] == ["", RUN.id]
    again.journal.lease(RUN.id)
    assert again.journal.fences[RUN.id] > stale + 1_000_000
    closed(again)
    assert open_state(tmp_path / "s").said == ""  # once


def test_an_error_on_the_way_is_looked_at_by_the_next_start(tmp_path: Path) -> None:
    """No boot, no crash in between: the command that meets the damage says so, the next one mends it."""
    filled(tmp_path / "s")
    spoiled(tmp_path / "s", "spend", 0.5)
    state = open_state(tmp_path / "s")
    assert state.said == ""
    with pytest.raises(Stopped, match="start any `factory` command again"), state.db.transaction() as db:
        db.execute("SELECT SUM(cost + tokens_cached) FROM spend NOT INDEXED").fetchone()
    closed(state)
    assert "was damaged" in open_state(tmp_path / "s").said


def test_it_is_not_pulled_from_under_others(tmp_path: Path) -> None:
    filled(tmp_path / "s")
    with (tmp_path / "s" / ".in-use").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        spoiled(tmp_path / "s", "spend", 0.5)
        (tmp_path / "s" / CHECKED).unlink()
        with pytest.raises(Stopped, match="stop them"):
            open_state(tmp_path / "s")


def test_a_rebuilding_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    """Death between the two renamings: the rebuilt file is whole, only its name is missing."""
    filled(tmp_path / "s")
    (tmp_path / "s" / NAME).rename(tmp_path / "s" / REBUILT)
    state = open_state(tmp_path / "s")
    assert state.journal.load("last") == RUN
    assert not (tmp_path / "s" / REBUILT).exists()


def test_fences_rise_over_all_runs(tmp_path: Path) -> None:
    state = open_state(tmp_path / "s")
    other = RUN.but(id="20261120-2")
    for run in (RUN, other):
        state.journal.open(run, "7")
    again = SqliteJournal(state.db, state.clock)
    again.lease(RUN.id)
    assert [state.journal.fences[RUN.id], state.journal.fences[other.id], again.fences[RUN.id]] == [1, 2, 3]


@pytest.mark.parametrize("before", ["nothing yet", "a broken one"])
def test_two_first_starts_at_once_wait_for_each_other(tmp_path: Path, before: str) -> None:
    """While one looks at the database, or rebuilds it, the other waits: neither is told that it is damaged."""
    folder = tmp_path / "s"
    if before == "nothing yet":
        folder.mkdir(mode=0o700)
    else:
        filled(folder)
        (folder / NAME).write_bytes(bytes(range(255, -1, -1)) * 100)
        (folder / CHECKED).unlink()
    with (folder / LOCK).open("a") as first, ThreadPoolExecutor(1) as pool:
        fcntl.flock(first, fcntl.LOCK_EX)
        second = pool.submit(lambda: closed(open_state(folder)))
        assert not wait((second,), timeout=0.3).done
        (folder / NAME).unlink(missing_ok=True)
        sqlite3.connect(folder / NAME).execute("CREATE TABLE made_by_the_first (x)").connection.close()
        (folder / CHECKED).write_text(boot())
        fcntl.flock(first, fcntl.LOCK_SH)
        second.result(timeout=30)
    assert not list(folder.glob("*.broken-*"))


def test_a_run_s_file_that_cannot_be_read_costs_that_run(tmp_path: Path) -> None:
    """The disk that lost the database may have lost more: what is left still starts."""
    folder = tmp_path / "s"
    filled(folder)
    (folder / "runs" / "20261120-0" / "run.json").mkdir(parents=True)
    (folder / NAME).unlink()
    assert open_state(folder).journal.load("last") == RUN


def test_a_busy_database_is_never_said_to_be_moved_aside(tmp_path: Path) -> None:
    """It is whole, and limits are counted in it."""
    state = open_state(tmp_path / "s")
    state.db.connection().execute("PRAGMA busy_timeout=10")
    other = sqlite3.connect(tmp_path / "s" / NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Stopped, match="another process") as busy:
        state.journal.note(RUN.id, "event")
    other.close()
    assert "aside" not in str(busy.value)
    assert (tmp_path / "s" / CHECKED).exists()


def test_damage_met_outside_a_transaction_is_looked_at_by_the_next_start(tmp_path: Path) -> None:
    """A plain question meets it: a sentence and a limit's exit code, no traceback; the next start mends it."""
    filled(tmp_path / "s")
    spoiled(tmp_path / "s", "runs", 0.0)
    met = factory(tmp_path / "s", "runs", "show", "last")
    assert met.returncode == 4
    assert "start any `factory` command again" in met.stderr
    assert "Traceback" not in met.stderr
    again = open_state(tmp_path / "s")
    assert "was damaged" in again.said
    assert again.journal.load("last") == RUN
