"""The budget: never a micro-dollar over, whoever asks at once, whoever dies."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.contracts.errors import Stopped
from factory.contracts.model import Usage
from factory.contracts.tables import BudgetSettings
from factory.db import Database
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.spend import Spend, Use, dollars

FREE = {"run_usd": None, "day_usd": None, "issue_usd": None, "run_tokens": None, "run_minutes": None}


class SetClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.day = "2026-11-20"
        self.time = 0.0

    def now(self) -> str:
        return f"{self.day}T10:00:00.000Z"

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def use(run: str = "run-1", issue: str = "7", role: str = "genesis") -> Use:
    return Use(run=run, issue=issue, role=role, endpoint="cloud", tier="frontier")


def spend(folder: Path, clock: SetClock | None = None, **budget: object) -> Spend:
    limits = BudgetSettings.model_validate({**FREE, "escalation_usd": 0, **budget})
    return Spend(Database(folder / "factory.db", MIGRATIONS), limits, clock or SetClock())


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(0, 100)), min_size=1, max_size=24),
    st.integers(1, 2000),
    st.integers(2, 8),
)
def test_threads_never_pass_the_cap(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, int]], cap: int, threads: int
) -> None:
    """Each call reserves its worst case and uses some per cent of it; an onlooker sums at every moment."""
    folder = tmp_path_factory.mktemp("spend")
    one = spend(folder, run_usd=Decimal(cap) / 1_000_000)
    seen: list[int] = []

    def call(item: tuple[int, int]) -> int:
        worst, percent = item
        try:
            number = one.reserve(use(), worst, 10)
        except Stopped:
            return 0
        seen.append(one.totals("run-1").cost)
        paid = worst * percent // 100
        one.settle(number, use(), paid, Usage(input=5, output=1), 0.1)
        return paid

    with ThreadPoolExecutor(threads) as pool:
        paid = sum(pool.map(call, calls))
    assert all(total <= cap for total in seen)
    assert one.totals("run-1").cost == paid <= cap


def test_two_processes_share_the_cap(tmp_path: Path) -> None:
    first, second = spend(tmp_path, run_usd="0.0001"), spend(tmp_path, run_usd="0.0001")
    first.reserve(use(), 60, 1)
    with pytest.raises(Stopped, match=r"\$0\.0001 allows no further call: \$0\.0001 are spent or reserved"):
        second.reserve(use(), 60, 1)


def test_a_call_waits_for_the_reservations_of_its_own_process(tmp_path: Path) -> None:
    """Eight units that reserve their worst case at once must not stop the run that could afford them all."""
    one = spend(tmp_path, run_usd="0.0001")
    number = one.reserve(use(), 90, 1)
    got: list[int] = []
    waiting = threading.Thread(target=lambda: got.append(one.reserve(use(), 90, 1)))
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    one.settle(number, use(), 10, Usage(), 0)
    waiting.join(5)
    assert len(got) == 1


def test_the_reservation_of_a_dead_process_counts_as_spent(tmp_path: Path) -> None:
    spend(tmp_path)  # makes the database
    code = """
import os, signal, sys
from pathlib import Path
from tests.ledger.test_spend import spend, use
spend(Path(sys.argv[1])).reserve(use(), 60, 1)
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).parents[2]
    died = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, env={**os.environ, "PYTHONPATH": "."})
    assert died.returncode == -signal.SIGKILL
    one = spend(tmp_path, run_usd="0.0001")
    assert one.totals("run-1").cost == 60
    with pytest.raises(Stopped):
        one.reserve(use(), 41, 1)
    one.reserve(use(), 40, 1)


@pytest.mark.parametrize(
    ("limit", "other"),
    [
        ("run_usd", use(run="run-2", issue="8")),
        ("day_usd", None),
        ("issue_usd", use(run="run-2", issue="8")),
    ],
)
def test_each_limit_binds_its_own_key(tmp_path: Path, limit: str, other: Use | None) -> None:
    clock = SetClock()
    one = spend(tmp_path, clock, **{limit: "0.0001"})
    one.settle(one.reserve(use(), 100, 1), use(), 100, Usage(), 0)
    same = use(run="run-1" if limit == "run_usd" else "run-3", issue="9" if limit == "run_usd" else "7")
    with pytest.raises(Stopped, match=rf"budget\.{limit} in factory\.toml"):
        one.reserve(same, 1, 1)
    if other is None:
        clock.day = "2026-11-21"
    one.reserve(other or same, 100, 1)


def test_a_task_without_a_number_has_no_issue_limit(tmp_path: Path) -> None:
    one = spend(tmp_path, issue_usd="0.0001")
    for run in ("a", "b"):
        one.reserve(use(run=run, issue=""), 100, 1)


def test_nothing_may_be_spent_still_lets_the_free_box_work(tmp_path: Path) -> None:
    one = spend(tmp_path, run_usd=0, day_usd=0, issue_usd=0)
    one.settle(one.reserve(use(), 0, 5000), use(), 0, Usage(input=4000, output=100), 1)
    with pytest.raises(Stopped):
        one.reserve(use(), 1, 1)


def test_tokens_and_minutes_are_limits_too(tmp_path: Path) -> None:
    clock = SetClock()
    one = spend(tmp_path, clock, run_tokens=1000, run_minutes=10)
    one.settle(one.reserve(use(), 0, 900), use(), 0, Usage(input=100, output=100), 1)
    with pytest.raises(Stopped, match=r"run_tokens = 1000 .* 200 are used"):
        one.reserve(use(), 0, 801)
    clock.time += 300
    one.reserve(use(), 0, 1)
    again = spend(tmp_path, clock, run_minutes=10)  # a resumed run: the pause between does not count
    clock.time += 5000
    again.reserve(use(), 0, 1)
    clock.time += 300
    with pytest.raises(Stopped, match=r"worked for 10\.0 minutes"):
        again.reserve(use(), 0, 1)


def test_money_kept_for_the_second_judge(tmp_path: Path) -> None:
    one = spend(tmp_path, run_usd="0.0001", escalation_usd="0.00004")
    one.settle(one.reserve(use(), 60, 1), use(), 60, Usage(), 0)
    with pytest.raises(Stopped, match="kept for the second judge"):
        one.reserve(use(), 1, 1)
    one.reserve(use(), 40, 1, escalation=True)


@pytest.mark.parametrize("limit", ["run_usd", "day_usd", "issue_usd"])
def test_the_reserve_holds_in_every_limit(tmp_path: Path, limit: str) -> None:
    one = spend(tmp_path, escalation_usd="0.00004", **{limit: "0.0001"})
    one.settle(one.reserve(use(), 60, 1), use(), 60, Usage(), 0)
    with pytest.raises(Stopped, match=rf"budget {limit} .*kept for the second judge"):
        one.reserve(use(), 1, 1)
    one.reserve(use(), 40, 1, escalation=True)


@pytest.mark.parametrize("limit", ["day_usd", "issue_usd"])
def test_each_open_run_of_a_day_or_issue_has_its_reserve(tmp_path: Path, limit: str) -> None:
    one = spend(tmp_path, **{limit: "0.0001"})
    first, second = use("run-1"), use("run-2")
    one.settle(one.reserve(first, 10, 1, kept=20), first, 10, Usage(), 0)
    one.settle(one.reserve(second, 50, 1, kept=20), second, 50, Usage(), 0)
    for each in (first, second):
        with pytest.raises(Stopped, match=r"\$0\.0000 are kept for the second judge of every open run"):
            one.reserve(each, 1, 1, kept=20)
    with pytest.raises(Stopped):
        one.reserve(first, 21, 1, escalation=True, kept=20)  # the other run's stays
    one.settle(one.reserve(first, 20, 1, escalation=True, kept=20), first, 20, Usage(), 0)
    one.reserve(second, 20, 1, escalation=True, kept=20)


def test_a_run_that_has_paid_for_nothing_yet_is_left_its_reserve_by_ordinary_calls(tmp_path: Path) -> None:
    """It cannot take away the reserve of a run that was there before."""
    one = spend(tmp_path, day_usd="0.0001")
    first, free = use("run-1"), use("run-2")
    one.settle(one.reserve(first, 50, 1, kept=30), first, 50, Usage(), 0)
    one.settle(one.reserve(free, 0, 1, kept=30), free, 0, Usage(), 0)
    with pytest.raises(Stopped, match="of every open run"):
        one.reserve(first, 1, 1, kept=30)
    one.reserve(first, 50, 1, escalation=True, kept=30)


@pytest.mark.parametrize(("status", "fits"), [("open", False), ("done", True), ("stopped", True)])
def test_a_run_that_is_over_needs_no_reserve(tmp_path: Path, status: str, fits: bool) -> None:
    one = spend(tmp_path, day_usd="0.0001")
    with one._db.transaction() as db:
        db.execute("INSERT INTO runs VALUES ('run-1', '', '', '', '', '', ?)", (status,))
    one.settle(one.reserve(use("run-1"), 10, 1, kept=20), use("run-1"), 10, Usage(), 0)
    got = 0
    with suppress(Stopped):
        got = one.reserve(use("run-2"), 70, 1, kept=20)
    assert bool(got) is fits


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 300), st.integers(0, 100), st.booleans()), min_size=1, max_size=24
    ),
    st.integers(1, 150),
    st.integers(400, 1000),
    st.sampled_from(["run_usd", "day_usd", "issue_usd"]),
)
def test_the_first_escalation_of_every_run_that_paid_always_fits(
    tmp_path_factory: pytest.TempPathFactory,
    calls: list[tuple[int, int, int, bool]],
    kept: int,
    cap: int,
    limit: str,
) -> None:
    """Whatever ordinary and escalated calls four runs make, and never a micro-dollar over the cap."""
    one = spend(tmp_path_factory.mktemp("spend"), **{limit: Decimal(cap) / 1_000_000})
    paid: set[str] = set()
    escalated: set[str] = set()

    def call(run: str, worst: int, percent: int, escalation: bool) -> None:
        number = one.reserve(use(run), worst, 1, escalation=escalation, kept=kept)
        cost = worst * percent // 100
        if escalation:
            escalated.add(run)
        elif cost:  # calls that turned out free keep nothing for the run
            paid.add(run)
        one.settle(number, use(run), cost, Usage(), 0)

    for n, worst, percent, escalation in calls:
        with suppress(Stopped):
            call(f"run-{n}", worst, percent, escalation)
    for run in sorted(paid - escalated):
        call(run, kept, 100, True)
    runs = [f"run-{n}" for n in range(4)]
    spent = [one.totals(run).cost for run in runs]
    assert (max(spent) if limit == "run_usd" else sum(spent)) <= cap


def test_eighty_per_cent_is_said_once_for_each_limit(tmp_path: Path) -> None:
    one = spend(tmp_path, run_usd="0.0001", issue_usd="0.0002", run_tokens=1000)

    def pay(cost: int, run: str = "run-1") -> list[str]:
        number = one.reserve(use(run=run), cost, 10)
        return [item.limit for item in one.settle(number, use(run=run), cost, Usage(input=10), 0)]

    assert pay(79) == []
    assert pay(1) == ["run_usd"]
    assert pay(1) == []
    assert spend(tmp_path, run_usd="0.0001").record(use(), 1, Usage(), 0) == ()  # also after a restart
    assert pay(78, run="run-2") == ["issue_usd"]
    assert pay(2, run="run-2") == ["run_usd"]


def test_costs_by_role_and_endpoint(tmp_path: Path) -> None:
    one = spend(tmp_path)
    for role, cost in (("atlas", 10), ("genesis", 30), ("atlas", 5)):
        one.record(use(role=role), cost, Usage(input=100, output=10, cached=50), 2.0)
    rows = one.by_role("run-1")
    assert [(row.role, row.calls, row.cost, row.tokens_in, row.tokens_cached, row.seconds) for row in rows] == [
        ("genesis", 1, 30, 100, 50, 2.0),
        ("atlas", 2, 15, 200, 100, 4.0),
    ]
    totals = one.totals("run-1")
    assert (totals.calls, totals.cost, totals.tokens_out) == (3, 45, 30)
    assert one.totals("nobody").calls == 0


def test_little_money_is_shown_with_more_digits() -> None:
    assert [dollars(amount) for amount in (2_000_000, 50_000, 1234, 1)] == ["$2.00", "$0.05", "$0.0012", "$0.0000"]
