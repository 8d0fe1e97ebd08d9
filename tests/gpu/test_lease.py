"""Leases: bound to a process, kept in files, granted by a fleet or taken where none is."""

import os
import subprocess
import sys
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from factory.contracts.engines import CardSettings
from factory.contracts.errors import Stopped, UsageProblem
from factory.gpu.device import GIB
from factory.gpu.double import make
from factory.gpu.lease import Lease, Leases, asked
from factory.gpu.owner import owner
from tests.gpu.boxes import LONG_S, model, shelf, until


def other() -> "subprocess.Popen[bytes]":
    """A process that ends when it is told to."""
    return subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)


def test_a_lease_ends_with_its_process(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    with other() as process:
        mine, theirs = asked(4, 0, owner()), asked(6, 1, owner(process.pid), "paint")
        leases.add(mine)
        leases.add(theirs)
        assert sorted(lease.id for lease in leases.all()) == sorted((mine.id, theirs.id))
        process.kill()
    assert leases.all() == (mine,)
    leases.remove(mine.id)
    leases.remove("../../etc/passwd")
    assert leases.all() == ()


def test_a_damaged_file_is_no_lease(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    assert leases.all() == ()
    (tmp_path / "gpu" / "leases" / "lease-1.json").write_text("{")
    assert leases.all() == ()


def test_without_a_fleet_it_is_taken_from_what_is_free(tmp_path: Path) -> None:
    """What is lent counts though it is not in use yet; what its own process uses does not count twice."""
    device, leases = make(tmp_path / "cards.json", 2), Leases(tmp_path)
    first = leases.take(device, {}, asked(16, None, owner()))
    assert first.cards == (0,)
    assert leases.take(device, {}, asked(16, None, owner())).cards == (1,)
    with pytest.raises(UsageProblem, match="Ask for less"):
        leases.take(device, {}, asked(16, None, owner()))
    assert device.hold(0, 10 * GIB)
    assert leases.take(device, {}, asked(7, None, owner())).cards == (0,)
    with pytest.raises(UsageProblem, match="over its cap"):
        leases.take(device, {"1": CardSettings(watts=200)}, asked(1, 1, owner()))


@pytest.mark.parametrize(("gib", "card"), [(0, None), (-3, None), (float("nan"), None), (2000, None), (4, -1), (4, 99)])
def test_bad_wishes(gib: float, card: int | None) -> None:
    with pytest.raises(UsageProblem):
        asked(gib, card, owner())


def test_a_fleet_makes_room_and_takes_it_back(tmp_path: Path) -> None:
    with shelf(tmp_path, {"a": model(tmp_path)}) as box, other() as process:
        box.use("a", "1")
        lease = box.fleet.lease(asked(18, None, owner(process.pid), "paint")).result(LONG_S)
        assert lease.cards == (0,)
        view = box.fleet.status().leases[0]
        assert (view.gib, view.cards, view.waiting, view.job) == (18.0, (0,), False, "paint")
        with pytest.raises(Stopped, match=r"18\.3 are others'"):
            box.fleet.acquire("a", "2", 5).result(LONG_S)
        box.fleet.release("2")
        process.kill()
        process.wait()
        until(lambda: not box.fleet.status().leases)
        assert box.use("a", "3")


def test_a_lease_waits_for_requests_that_run_and_may_be_given_up(tmp_path: Path) -> None:
    with shelf(tmp_path, {"a": model(tmp_path)}) as box:
        box.fleet.acquire("a", "1", 5).result(LONG_S)
        given_up, wanted = asked(18, None, owner()), asked(12, 0, owner())
        waiting = box.fleet.lease(given_up)
        box.fleet.give_back(given_up.id)
        with pytest.raises(CancelledError):
            waiting.result(LONG_S)
        answer = box.fleet.lease(wanted)
        until(lambda: box.fleet.status().models[0].state == "leaving")
        box.fleet.release("1")
        assert answer.result(LONG_S).id == wanted.id
        box.fleet.give_back(wanted.id)
        box.fleet.give_back(wanted.id)
        assert box.use("a", "2")
        with pytest.raises(Stopped, match="it takes 30"):
            box.fleet.lease(asked(30, None, owner())).result(LONG_S)


def test_a_lease_that_was_there_before_the_fleet_counts(tmp_path: Path) -> None:
    state = tmp_path / "state"
    Leases(state).add(Lease(id="lease-old", bytes=12 * GIB, cards=(0,), pid=os.getpid(), started=owner().started))
    with shelf(tmp_path, {"a": model(tmp_path), "b": model(tmp_path, 8)}, profiles={}) as box:
        assert box.use("b", "1")
        with pytest.raises(Stopped, match=r"12\.3 are others'"):
            box.fleet.acquire("a", "2", 5).result(LONG_S)
