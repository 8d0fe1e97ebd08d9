"""The till when the disk is full, when processes share a file, and when one of them is killed."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from factory.contracts.errors import Stopped
from factory.contracts.model import Usage
from factory.contracts.record import Json
from factory.db import Database
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.till import Till
from factory.ledger.till_memory import MOST_CHARGES
from tests.ledger.test_till_threads import seen, watched
from tests.ledger.tills import book, charge, key, refused, spent, till, totals_agree

ROOT = Path(__file__).parents[2]
FREE_REQUEST = charge(endpoint="box", tier="local")


class SmallDisk(Database):
    """A database that may not grow beyond so many pages; SQLite itself says that it is full."""

    pages = 1_000_000

    def connection(self) -> sqlite3.Connection:
        found = super().connection()
        found.execute(f"PRAGMA max_page_count = {self.pages}")
        return found

    def fill(self) -> None:
        self.pages = int(super().connection().execute("PRAGMA page_count").fetchone()[0])


def full_till(tmp_path: Path, heard: list[tuple[str, Json]], tokens: int | None = None) -> tuple[SmallDisk, Till]:
    db = SmallDisk(tmp_path / "factory.db", MIGRATIONS)
    return db, till(db, {"anna": key(1000, tokens)}, notify=lambda event, facts: heard.append((event, facts)))


def use_up(one: Till) -> list[Stopped]:
    """Reserve until the file cannot grow."""
    for _ in range(2000):
        problem = one.reserve(charge(), 0, 0).exception(30)
        if problem:
            assert isinstance(problem, Stopped)
            return [problem]
    return []


def test_a_full_disk_stops_what_costs_and_not_what_is_free(tmp_path: Path) -> None:
    heard: list[tuple[str, Json]] = []
    db, one = full_till(tmp_path, heard)
    with one:
        number = one.reserve(charge(), 100, 10).result(30)
        db.fill()
        (problem,) = use_up(one)
        assert problem.reason == "disk_full"
        assert "free some space" in str(problem)
        calls, tokens = spent(db, "calls"), spent(db, "tokens_in")
        one.settle(number, charge(), 60, Usage(input=5, output=5), 1)  # waits until it can be written
        for n in range(MOST_CHARGES + 500):  # also of more runs than are told apart
            one.record(charge(run=f"run-{n}", endpoint="box", tier="local"), Usage(input=2, output=1), 0.1)
        with pytest.raises(Stopped, match="free some space"):
            one.flush().result(30)
        assert one.today()[0].requests >= MOST_CHARGES + 500
        db.pages = 1_000_000
        one.flush().result(30)
        assert refused(one, 940) == ""
        assert refused(one, 1)
    assert [event for event, _ in heard] == ["ledger_unwritable", "ledger_written"]
    assert spent(db, "calls", "endpoint = 'box'") == MOST_CHARGES + 500
    assert spent(db, "tokens_in") - tokens == 5 + 2 * (MOST_CHARGES + 500)
    assert spent(db, "calls") >= calls + MOST_CHARGES + 500
    assert totals_agree(db)


def test_a_token_cap_holds_without_the_disk(tmp_path: Path) -> None:
    heard: list[tuple[str, Json]] = []
    db, one = full_till(tmp_path, heard, tokens=100)
    with one:
        db.fill()
        use_up(one)
        number = one.reserve(FREE_REQUEST, 0, 60).result(30)
        assert "day_tokens" in refused(one, 0, 41, FREE_REQUEST)
        one.settle(number, FREE_REQUEST, 0, Usage(input=20), 1)
        one.cancel(one.reserve(FREE_REQUEST, 0, 80).result(30))
        one.record(FREE_REQUEST, Usage(output=10), 1)
        assert refused(one, 0, 71, FREE_REQUEST)
        late = one.reserve(FREE_REQUEST, 0, 70).result(30)
        db.pages = 1_000_000
        one.flush().result(30)
        assert refused(one, 0, 1, FREE_REQUEST)
        one.settle(late, FREE_REQUEST, 0, Usage(input=1), 1)
        assert refused(one, 0, 69, FREE_REQUEST) == ""
    assert spent(db, "tokens") == 100
    assert totals_agree(db)


def test_a_transaction_that_fails_while_it_is_committed_leaves_the_connection_usable(tmp_path: Path) -> None:
    db = SmallDisk(tmp_path / "factory.db", MIGRATIONS)
    db.fill()
    for _ in range(2):
        with pytest.raises(Stopped, match="No space left"), db.transaction() as inside:
            inside.execute("CREATE TABLE much AS SELECT randomblob(1000000) AS it")
    db.pages = 1_000_000
    with db.transaction() as inside:
        inside.execute("CREATE TABLE much (it)")


def test_a_listener_that_fails_stops_nobody(tmp_path: Path) -> None:
    def deaf(event: str, facts: Json) -> None:
        raise ValueError(event)

    with till(tmp_path, {"anna": key(100)}, notify=deaf) as one:
        one.settle(one.reserve(charge(), 90, 1).result(30), charge(), 90, Usage(), 0)  # 80 % are passed
        one.flush().result(30)
        assert refused(one, 10) == ""
        assert refused(one, 1)


def test_a_fault_of_ours_answers_whoever_waits(tmp_path: Path) -> None:
    db = book(tmp_path)
    with till(db) as one:
        with db.transaction() as inside:
            inside.execute("DROP TABLE day_totals")
        problem = one.reserve(charge(), 1, 1).exception(30)
    assert isinstance(problem, Stopped)
    assert problem.reason == "state_unusable"


WORKER = """
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from factory.contracts.model import Usage
from tests.ledger.tills import book, charge, key, till

def work(n):
    future = one.reserve(charge(f"k{n % 3}"), 7, 5)
    if future.exception(60):
        return 0
    os.write(1, f"{future.result()}\\n".encode())
    if n % 2:
        one.settle(future.result(), charge(), 3, Usage(input=2), 0.1)
    return 1

one = till(book(Path(sys.argv[1])), {f"k{n}": key(700) for n in range(3)}, day_usd="0.0015")
with one, ThreadPoolExecutor(16) as pool:
    n = 0
    while n < int(sys.argv[2]) and sum(pool.map(work, range(n, n + 64))):
        n += 64
"""


def worker(folder: Path, many: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder), str(many)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": "."}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_processes_never_pass_a_cap_together(tmp_path: Path) -> None:
    db = watched(book(tmp_path))
    workers = [worker(tmp_path, 10_000) for _ in range(2)]
    told = [int(line) for each in workers for line in each.communicate(timeout=100)[0].split()]
    assert [each.returncode for each in workers] == [0, 0]
    assert max(seen(db, "day")) <= 1500
    assert max(max(seen(db, "cost", f"k{n}")) for n in range(3)) <= 700
    assert len(set(told)) == len(told) == spent(db, "1", "kind = 'serve'")
    assert spent(db) > 1500 - 7  # nothing else fitted in the end
    assert totals_agree(db)


def test_a_process_killed_in_the_middle_leaves_a_sound_book(tmp_path: Path) -> None:
    """What it was answered stands there, at the worst case; the next process counts on it."""
    db = watched(book(tmp_path))
    with worker(tmp_path, 10_000) as doomed:
        assert doomed.stdout
        told = [int(next(doomed.stdout)) for _ in range(40)]
        os.kill(doomed.pid, signal.SIGKILL)
        told += [int(line) for line in doomed.stdout if line.endswith("\n")]
    rows = {row["id"] for row in db.connection().execute("SELECT id FROM spend WHERE kind = 'serve'")}
    assert rows >= set(told)
    assert db.connection().execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert totals_agree(db)
    before = spent(db)
    assert before >= 7 * spent(db, "1", "state = 'reserved'")
    with till(db, {"k0": key()}, day_usd="0.0015") as one:
        assert refused(one, 1500 - before, by=charge("k0")) == ""
        assert refused(one, 1, by=charge("k0"))
    assert max(seen(db, "day")) <= 1500
