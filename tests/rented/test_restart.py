"""A keeper that begins anew: what lies on its disk, and what does not."""

from pathlib import Path

import pytest

from factory.contracts.errors import UsageProblem
from factory.rented.account import PERIOD_S
from factory.rented.answers import Seat
from factory.rented.held import load
from tests.rented.virtual import NAME, Day


def test_a_restart_finds_the_machine_again_and_does_not_pay_twice(folder: Path) -> None:
    day = Day(folder)
    day.ask()
    day.run(600, asking=True)
    day.kill()
    day.clock.sleep(40)
    day.open()
    day.run(10)
    assert isinstance(day.ask(), Seat)
    assert len(day.cloud._sky.machines) == 1
    assert day.purse.total() <= 440_000 * (650 + 2 * PERIOD_S) / 3600


def test_hours_that_ran_while_nobody_looked_are_booked(folder: Path) -> None:
    day = Day(folder)
    day.ask()
    day.run(600, asking=True)
    day.kill()
    day.clock.sleep(7200)
    day.open()
    day.run(30)
    assert "rented_unpaid" in day.events()
    assert day.purse.total() >= day.cloud.bill() * 10**6


def test_a_machine_that_the_disk_forgot_is_ended(folder: Path) -> None:
    day = Day(folder)
    day.ask()
    day.run(120)
    day.kill()
    (folder / f"{NAME}.json").unlink()
    day.open()
    day.run(60)
    assert day.phase == "off"
    assert not day.cloud.alive()


def test_two_gateways_do_not_share_a_folder(folder: Path) -> None:
    first = Day(folder)
    with pytest.raises(UsageProblem, match="Another gateway"):
        Day(folder)
    first.kill()
    Day(folder)


def test_a_damaged_record_is_not_taken_for_nothing(folder: Path) -> None:
    day = Day(folder)
    day.kill()
    (folder / f"{NAME}.json").write_text("{")
    with pytest.raises(UsageProblem, match="factory gpu reap"):
        day.open()
    with pytest.raises(UsageProblem, match="small letters"):
        load(folder, "../big", "00000000")
