"""A holder is that very process of that very boot, and nothing that looks like it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from factory.contracts.errors import UsageProblem
from factory.contracts.run import Repo, Run
from factory.contracts.task import Event
from factory.db import Database
from factory.ledger.journal import SqliteJournal
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.process import (
    alive,
    boot,
    descendants,
    mark,
    mark_alive,
    named,
    nobody,
    started,
    this_process,
)

HERE = socket.gethostname()


def test_this_process_is_alive() -> None:
    assert alive(this_process())
    found = named(this_process())
    assert found
    assert (found.here, found.pid, found.gone_by_reboot) == (True, os.getpid(), False)


@pytest.mark.parametrize(
    "holder",
    [
        "",
        "nonsense",
        nobody(),
        f"{HERE} {os.getpid()} 1 {boot()}",  # the number belongs to somebody else now
        f"{HERE} {os.getpid()} {started(os.getpid())} another-boot",  # same number, same ticks, after a reboot
    ],
    ids=["nothing", "nonsense", "nobody", "another-s-number", "after-a-reboot"],  # each test process has its own pid
)
def test_who_is_gone(holder: str) -> None:
    """CRS-07, CRS-09: a recycled pid and a reboot are told apart."""
    assert not alive(holder)


def test_names_of_before_and_of_elsewhere() -> None:
    assert alive(f"{HERE} {os.getpid()} {started(os.getpid())}")  # written by a factory that noted no boot
    assert alive("another-machine 1 1 b")
    assert not alive(f"{HERE} {os.getpid()} 1")


def test_marks_in_names_of_files() -> None:
    assert mark_alive(mark())
    assert not mark_alive(f"{os.getpid()}-1-{boot()[:8]}")
    assert not mark_alive(f"{os.getpid()}-{started(os.getpid())}-00000000")
    assert mark_alive("somebody's own folder")


def test_descendants_are_found_in_other_sessions_too() -> None:
    code = "import subprocess, sys; subprocess.run(['cat'], start_new_session=True)"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        found: tuple[int, ...] = ()
        while len(found) < 1:
            found = descendants(process.pid)
        assert set(found) < set(descendants(os.getpid()))
        for pid in (*found, process.pid):
            os.kill(pid, signal.SIGKILL)


class Jumping:
    """A wall clock that goes where it is told; seconds go by on their own."""

    def __init__(self, now: str) -> None:
        self.time = now

    def now(self) -> str:
        return self.time

    def monotonic(self) -> float:
        return 5.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError


@pytest.mark.parametrize("jump", ["2026-11-20T12:10:00.000Z", "2031-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"])
def test_act_11_no_lease_runs_out_with_the_clock(tmp_path: Path, jump: str) -> None:
    """ACT-11: ten minutes, years ahead or back to the beginning: who lives keeps its run, who is dead never does."""
    db, clock = Database(tmp_path / "factory.db", MIGRATIONS), Jumping("2026-11-20T12:00:00.000Z")
    journal = SqliteJournal(db, clock)
    run = Run(id="r1", created="2026-11-20T12:00:00Z", event=Event(kind="tidy", source="test"),
              repo=Repo(path="/r", ref="main", commit="c", tree="t"))  # fmt: skip
    journal.open(run, "")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        with db.transaction() as inside:
            inside.execute("UPDATE leases SET holder = ?", (f"{HERE} {process.pid} {started(process.pid)} {boot()}",))
        clock.time = jump
        assert journal.check("r1") == 1
        journal.save(run, "intake")
        with pytest.raises(UsageProblem, match="being worked on"):
            SqliteJournal(db, clock).lease("r1")
        process.kill()
        process.wait()
    SqliteJournal(db, clock).lease("r1")
