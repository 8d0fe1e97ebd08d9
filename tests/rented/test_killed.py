"""A real keeper process with the real ledger, killed in the middle."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.db import Database
from factory.ledger.migrations import MIGRATIONS
from factory.rented.fake import FakeCloud
from factory.rented.keeper import wall_of
from factory.rented.reaper import STALE_S, reap
from tests.rented.gateway import FastClock, cloud_in

SPEED = 60.0
MICRO = 10**6


class Killed:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "start").write_text(str(time.time()))
        self.clock = FastClock(folder, SPEED)
        self.cloud: FakeCloud = cloud_in(folder, self.clock)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        (self.folder / "up").unlink(missing_ok=True)
        self.process = subprocess.Popen([sys.executable, "-m", "tests.rented.gateway", self.folder, str(SPEED)])

    def up(self) -> None:
        end = time.monotonic() + 120
        while not (self.folder / "up").exists():
            assert self.process is not None
            assert self.process.poll() is None, "the gateway ended"
            assert time.monotonic() < end, "it never came up"
            time.sleep(0.05)

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def ledger(self) -> int:
        database = Database(self.folder / "factory.db", MIGRATIONS)
        return int(database.connection().execute("SELECT SUM(cost) FROM spend WHERE kind='gpu'").fetchone()[0])


@pytest.fixture
def killed(folder: Path) -> Iterator[Killed]:
    folder.mkdir()
    one = Killed(folder)
    yield one
    one.kill()


@pytest.mark.kill
def test_a_killed_gateway_finds_its_machine_again(killed: Killed) -> None:
    for _ in range(3):
        killed.start()
        killed.up()
        time.sleep(0.3)
        killed.kill()
    assert len(killed.cloud.alive()) == 1
    assert len(killed.cloud.alive()[0].label) > 20
    assert killed.cloud.alive()[0].id == "1"
    assert killed.ledger() + MICRO // 10 >= killed.cloud.bill() * MICRO  # the last minutes are booked by the next start


@pytest.mark.kill
def test_the_reaper_spares_the_living_and_ends_what_the_dead_left(killed: Killed) -> None:
    killed.start()
    killed.up()
    wall = wall_of(killed.clock)
    kept = reap([killed.cloud], killed.folder / "rented", wall(), yes=True)
    assert [verdict.fate for verdict in kept] == ["keep"]
    killed.kill()
    listed = reap([killed.cloud], killed.folder / "rented", wall() + STALE_S)
    assert [(verdict.fate, verdict.done) for verdict in listed] == [("destroy", False)]
    assert killed.cloud.alive()
    reap([killed.cloud], killed.folder / "rented", wall() + STALE_S, yes=True)
    assert not killed.cloud.alive()
    killed.start()
    killed.up()
    assert len(killed.cloud.alive()) == 1
