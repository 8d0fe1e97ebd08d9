"""A rented machine from wake to sleep, on a clock that is set by hand."""

import math
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from factory.contracts.errors import UsageProblem
from factory.contracts.rented import RentedSettings
from factory.rented.answers import Refused, Seat, Starting
from factory.rented.fake import FakeCloud, Fate
from factory.rented.seam import Machine
from tests.rented.virtual import NAME, RENTED, Day

CENT = 10_000  # micro-dollars


def test_effort_wakes_it_and_idleness_ends_its_billing(folder: Path) -> None:
    day = Day(folder)
    assert isinstance(day.ask(effort=7), Refused)
    assert isinstance(day.ask(effort=8), Starting)
    day.run(120)
    assert day.ask(effort=1) == Seat(url="http://127.0.0.1:9/v1")
    day.run(RENTED.idle_minutes * 60 + 60)
    assert day.phase == "off"
    bill = day.cloud.bill()
    day.run(3600)
    assert day.cloud.bill() == bill
    assert not day.cloud.alive()
    assert day.events() == ["rented_up", "rented_destroyed"]


def test_a_full_queue_wakes_it_too(folder: Path) -> None:
    day = Day(folder, RENTED.but(wake_queue=4))
    assert isinstance(day.ask(effort=1, queue=3), Refused)
    assert isinstance(day.ask(effort=1, queue=4), Starting)


def test_a_long_request_is_not_idleness(folder: Path) -> None:
    day = Day(folder)
    day.ask()
    day.run(120)
    day.keeper.used(NAME, day.clock.monotonic(), 1)
    day.run(3 * RENTED.idle_minutes * 60)
    assert day.phase == "up"
    day.keeper.used(NAME, day.clock.monotonic(), -1)
    day.run(RENTED.idle_minutes * 60 - 60)
    assert day.phase == "up"
    day.run(120)
    assert day.phase == "off"


def test_always_on_needs_nobody_and_does_not_sleep(folder: Path) -> None:
    day = Day(folder, RENTED.but(mode="always_on"))
    day.run(3 * 3600)
    assert day.phase == "up"
    assert day.keeper.status()[0].sleeps_s is None


def test_the_ledger_holds_the_seconds_used_once_it_is_over(folder: Path) -> None:
    day = Day(folder)
    day.ask()
    day.run(1800, asking=True)
    assert day.purse.total() * Decimal("1e-6") > day.cloud.bill()  # the next minutes are reserved
    day.tenancy.end("enough")
    day.run(60)
    seconds = sum(row.seconds for row in day.purse.rows.values())
    assert seconds == pytest.approx(1800, abs=30)
    assert day.purse.total() == pytest.approx(440_000 * seconds / 3600, abs=len(day.purse.rows))


def test_a_hard_stop_before_the_day_s_dollars_are_passed(folder: Path) -> None:
    """A machine that nobody lets go is destroyed while it is still paid for, and comes back the next day."""
    day = Day(folder, RENTED.but(day_usd=Decimal("0.50"), mode="always_on"))
    day.run(4 * 3600)
    assert day.phase == "off"
    assert 0.5 * 10**6 - 6 * CENT < day.purse.spent(NAME) <= 0.5 * 10**6
    assert day.cloud.bill() <= Decimal("0.50")
    assert "day_usd is used up" in day.tenancy.held.why
    refusal = day.ask()
    assert isinstance(refusal, Refused)
    assert "day_usd" in refusal.sentence
    day.run(21 * 3600)
    assert day.phase in ("launching", "up")


class Unset(FakeCloud):
    """Something that only the owner can put right is missing."""

    def launch(self, rented: RentedSettings, label: str) -> Machine:
        raise UsageProblem("The environment lacks HF_TOKEN.")


def test_what_the_owner_must_put_right_is_told_and_costs_nothing(folder: Path) -> None:
    day = Day(folder, cloud=Unset(lambda: 0.0))
    day.ask()
    day.run(60)
    assert day.ask() == Refused(sentence="The environment lacks HF_TOKEN.")
    assert day.purse.total() == 0
    assert day.phase == "off"


def test_a_ledger_that_cannot_be_written_ends_the_machine(folder: Path) -> None:
    day = Day(folder)
    day.ask()
    day.run(120)
    day.purse.broken = True
    day.run(600, asking=True)
    assert not day.cloud.alive()


def test_nothing_is_ordered_over_the_price_an_hour(folder: Path) -> None:
    day = Day(folder, hour_usd=Decimal("0.60"))
    day.ask()
    day.run(60)
    assert not day.cloud.bill()
    refusal = day.ask()
    assert isinstance(refusal, Refused)
    assert refusal.sentence == "It costs $0.64 an hour, and hour_usd allows $0.50."


def test_a_machine_that_turns_out_dearer_is_ended(folder: Path) -> None:
    day = Day(folder, fates=(Fate(price=1.5),))
    day.ask()
    day.run(60)
    assert day.phase == "off"
    assert "$0.64" in day.tenancy.held.why
    assert day.purse.total() >= day.cloud.bill() * 10**6


def test_a_start_that_hangs_is_ended_and_tried_so_many_times_an_hour(folder: Path) -> None:
    hangs = Fate(boots=math.inf)
    day = Day(folder, RENTED.but(start_minutes=5), fates=(hangs,) * 9)
    day.run(3500, asking=True)
    assert len(day.cloud._sky.machines) == RENTED.starts_hour
    refusal = day.ask()
    assert isinstance(refusal, Refused)
    assert "3 times within the hour" in refusal.sentence
    assert "did not come up within 5 minutes" in refusal.sentence
    day.run(3600)
    assert not day.cloud.alive()


@pytest.mark.parametrize("fate", [Fate(lost=900), Fate(outbid=900)], ids=["lost", "outbid"])
def test_a_lost_machine_is_told_and_replaced_while_it_is_in_use(folder: Path, fate: Fate) -> None:
    day = Day(folder, fates=(fate,))
    day.ask()
    day.run(880, asking=True)
    assert isinstance(day.ask(), Seat)
    day.run(60)
    assert not isinstance(day.keeper.wanted(NAME, 1, 0), Seat)
    assert "rented_lost" in day.events()
    day.run(180)
    assert isinstance(day.keeper.wanted(NAME, 1, 0), Seat)
    assert len(day.cloud.alive()) == 1
    assert [each.label for each in day.cloud.alive()] == [day.tenancy.held.label]


def test_an_outbid_machine_s_storage_does_not_bill_on(folder: Path) -> None:
    day = Day(folder, fates=(Fate(outbid=300),))
    day.ask()
    day.run(2 * RENTED.idle_minutes * 60 + 900)
    assert not day.cloud.alive()


def test_an_order_without_an_answer_is_found_by_its_label(folder: Path) -> None:
    day = Day(folder, fates=(Fate(unanswered=True),))
    day.ask()
    day.run(120)
    assert isinstance(day.ask(), Seat)
    assert len(day.cloud.alive()) == 1


def test_the_next_one_is_not_ordered_before_the_last_is_gone(folder: Path) -> None:
    day = Day(folder, RENTED.but(mode="always_on"), fates=(Fate(lingers=100),))
    day.run(300)
    day.tenancy.end("enough")
    for _ in range(60):
        day.run(5)
        assert len(day.cloud.alive()) <= 1
    assert day.phase == "up"


def test_a_machine_that_turns_up_far_too_late_is_ended_before_another_is_ordered(folder: Path) -> None:
    day = Day(folder, fates=(Fate(unanswered=True, late=2000),))
    day.ask()
    day.run(1000)
    assert day.phase == "off"
    day.run(1100)
    assert day.cloud.alive()
    day.ask()
    day.run(20)
    assert not [each for each in day.cloud.alive() if each.fate.late]
    day.ask()
    day.run(60)
    assert len(day.cloud.alive()) == 1


def test_destroying_is_tried_until_it_works(folder: Path) -> None:
    day = Day(folder, fates=(Fate(stubborn=5),))
    day.ask()
    day.run(120)
    day.tenancy.end("enough")
    day.run(120)
    assert day.phase == "off"
    assert not day.cloud.alive()
    assert "rented_stuck" in day.events()


def test_a_machine_that_cannot_be_ended_is_booked_as_it_costs(folder: Path) -> None:
    day = Day(folder, RENTED.but(day_usd=Decimal("0.10")), fates=(Fate(stubborn=400),))
    day.run(4000, asking=True)
    assert not day.cloud.alive()
    assert "rented_unpaid" in day.events()
    assert day.purse.total() >= day.cloud.bill() * 10**6


def test_a_cloud_that_falls_silent_does_not_stop_the_clock_of_money(folder: Path) -> None:
    day = Day(folder, RENTED.but(day_usd=Decimal("0.30")))
    day.ask()
    day.run(120)
    day.cloud.silent = True
    day.run(3600)
    day.cloud.silent = False
    day.run(60)
    assert not day.cloud.alive()
    assert day.purse.total() >= day.cloud.bill() * 10**6


def test_its_threads_keep_a_machine_and_let_it_go(folder: Path) -> None:
    """The real threads, on a clock that only the last part moves."""
    day = Day(folder, fates=(Fate(boots=0),))
    day.kill()
    up = threading.Event()
    day.keeper = type(day.keeper)(
        {NAME: day.rented}, day.cloud, day.purse, day.clock,
        lambda event, _: up.set() if event == "rented_up" else None, day.folder, 0.01,
    )  # fmt: skip
    day.keeper.start()
    day.keeper.wanted(NAME, 9, 0)
    assert up.wait(30)
    assert isinstance(day.keeper.wanted(NAME, 9, 0), Seat)
    assert day.keeper.status()[0].phase == "idle"
    day.keeper.close(destroy=True)
    assert not day.cloud.alive()
    assert day.keeper.status()[0].phase == "off"
