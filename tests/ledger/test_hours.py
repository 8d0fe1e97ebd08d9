"""Rented hours are money like any other: set aside first, never over the day's cap."""

from decimal import Decimal
from pathlib import Path

import pytest

from factory.contracts.errors import Stopped
from factory.contracts.record import Json
from factory.contracts.rented import RentedSettings
from factory.ledger.hours import Hours, price
from factory.ledger.till import Till
from tests.ledger.test_spend import SetClock
from tests.ledger.tills import book, charge, refused, spent, till

USD = Decimal("0.72")  # an hour: 200 micro-dollars a second


def rented(day_usd: str) -> RentedSettings:
    return RentedSettings(model="m", gpus="H100:1", hour_usd=Decimal(1), day_usd=Decimal(day_usd))


def hours(one: Till) -> Hours:
    return Hours(one, {"big": rented("0.1"), "small": rented("0.06")})


def test_a_period_is_set_aside_and_settled_by_the_second(tmp_path: Path) -> None:
    db = book(tmp_path)
    with till(db) as one:
        number = hours(one).reserve("big", 300, USD).result(30)
        assert spent(db) == 60_000
        hours(one).settle(number, "big", 17.5, USD)
        one.flush().result(30)
        assert spent(db) == 3500
        hours(one).cancel(hours(one).reserve("big", 300, USD).result(30))
        hours(one).record("big", 0.001, USD)
    assert spent(db) == 3501
    row = dict(db.connection().execute("SELECT * FROM spend WHERE id = ?", (number,)).fetchone())
    assert {"kind": "gpu", "endpoint": "big", "tier": "rented", "run": "", "key": "", "seconds": 17.5}.items() <= (
        row.items()
    )
    assert one.today()[0].requests == 0  # no request of anybody


def test_the_cap_of_a_machine_is_a_hard_stop_and_80_per_cent_is_said(tmp_path: Path) -> None:
    heard: list[Json] = []
    clock = SetClock()
    with till(tmp_path, clock=clock, notify=lambda event, facts: heard.append(facts)) as one:
        number = hours(one).reserve("big", 450, USD).result(30)
        with pytest.raises(Stopped, match=r"rented\.big\.day_usd = \$0\.10 .* \$0\.09 are spent or reserved"):
            hours(one).reserve("big", 51, USD).result(30)
        hours(one).settle(number, "big", 450, USD)
        hours(one).reserve("small", 300, USD).result(30)  # each machine has its own
        one.flush().result(30)
        assert [fact["limit"] for fact in heard] == ["rented.big.day_usd"]
        clock.day = "2026-11-21"
        hours(one).reserve("big", 500, USD).result(30)


def test_machines_requests_and_lines_share_the_day(tmp_path: Path) -> None:
    with till(tmp_path, day_usd="0.1") as one:
        hours(one).reserve("big", 400, USD).result(30)
        assert refused(one, 20_001, by=charge())
        assert refused(one, 20_000, by=charge()) == ""
        with pytest.raises(Stopped, match=r"budget\.day_usd"):
            hours(one).reserve("small", 1, USD).result(30)


def test_a_machine_without_settings_may_not_run(tmp_path: Path) -> None:
    with till(tmp_path) as one, pytest.raises(Stopped, match=r"rented\.stranger\.day_usd"):
        hours(one).reserve("stranger", 1, USD).result(30)


@pytest.mark.parametrize(("seconds", "cost"), [(0, 0), (-5, 0), (0.004, 1), (1, 200), (3600, 720_000), (0.0051, 2)])
def test_prices_are_rounded_up(seconds: float, cost: int) -> None:
    assert price(seconds, USD) == cost
