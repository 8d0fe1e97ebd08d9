"""Who may start, by arithmetic on rows: leases, active runs, hourly limits, money."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.books import Row
from factory.contracts.ticket import Ticket
from factory.forge.accounts import Admission, about, admit, closing, legs, numbers, raise_limit, stale
from factory.settings import Settings
from tests.forge.tickets_by_hand import NOW, SETTINGS, limits, ticket

LATER = "2026-11-20T12:30:00Z"


def opened(
    rows: list[Row], asked: Ticket, github_run: int = 1, settings: Settings = SETTINGS, now: str = NOW
) -> Admission:
    """Ask, and write what the answer wants written."""
    found = admit(rows, asked, github_run, settings, now)
    if found.row and found.row.id not in {row.id for row in rows}:
        rows.append(found.row)
    return found


def close(rows: list[Row], lease: Row | None, now: str = NOW, **facts: object) -> None:
    assert lease
    rows.append(closing(lease, now, **facts))


def test_idm_02_another_delivery_is_a_duplicate_also_when_the_run_is_over() -> None:
    """IDM-02: the run is deterministic from the event: whoever comes later exits as a duplicate."""
    rows: list[Row] = []
    first = opened(rows, ticket(), 1)
    assert (first.code, first.lease) == ("allowed", rows[0])
    assert opened(rows, ticket(), 2).code == "duplicate"
    close(rows, first.lease)
    assert opened(rows, ticket(), 2).code == "duplicate"
    assert len(rows) == 2


def test_a_rerun_of_the_same_github_run_goes_on_and_after_its_end_reserves_anew() -> None:
    rows: list[Row] = []
    first = opened(rows, ticket(), 1)
    assert opened(rows, ticket(), 1).lease == first.lease
    close(rows, first.lease, spent=1_500_000)
    again = opened(rows, ticket(), 1)
    assert again.lease
    assert (again.code, again.lease.reserved) == ("allowed", 500_000)
    assert again.lease.id != rows[0].id


def test_a_dispatched_leg_of_the_same_run_is_no_duplicate() -> None:
    rows: list[Row] = []
    close(rows, opened(rows, ticket(), 1).lease, spent=300_000)
    box = opened(rows, ticket(depth=1), 2)
    assert box.lease
    assert (box.code, box.lease.run, box.lease.reserved) == ("allowed", ticket().run, 1_700_000)
    assert opened(rows, ticket(depth=1), 3).code == "duplicate", "the dispatch was delivered twice"


def test_a_parked_leg_may_be_taken_up_by_another_run_of_a_workflow() -> None:
    rows: list[Row] = []
    box = opened(rows, ticket(depth=1), 2)
    close(rows, box.lease, state="parked", spent=0)
    cloud = opened(rows, ticket(depth=1), 3)
    assert cloud.lease
    assert (cloud.code, cloud.lease.github_run) == ("allowed", 3)
    assert opened(rows, ticket(depth=1), 2).code == "duplicate"


def test_bud_05_one_active_run_an_issue() -> None:
    """BUD-05: a label toggled 50 times: one run, the others already_running, one row (so one comment) for it."""
    rows: list[Row] = []
    codes = [opened(rows, ticket(f"labeled {n}"), n, now=LATER if n else NOW).code for n in range(50)]
    assert codes == ["allowed", *["already_running"] * 49]
    assert [row.kind for row in rows] == ["open", "refused"]
    assert opened(rows, ticket("other", issue=8), 99).code == "allowed"
    assert opened(rows, ticket("on the pr", issue=0, pull=7), 99).code == "already_running", "one number, one thing"


def test_an_active_run_is_found_through_the_pull_request_it_made() -> None:
    rows: list[Row] = []
    close(rows, opened(rows, ticket()).lease, pull_made=9)
    again = opened(rows, ticket("fix on the PR", issue=0, pull=9), 2)
    assert again.code == "allowed"
    assert opened(rows, ticket("label on the issue"), 3).code == "already_running"
    assert {row.pull for row in about(rows, numbers(ticket()))} == {0, 9}


def test_an_open_run_of_48_hours_blocks_nobody_and_its_money_stays_counted() -> None:
    rows: list[Row] = []
    opened(rows, ticket(), settings=limits(run="4"))
    late = "2026-11-22T12:00:00Z"
    assert stale(rows, "2026-11-22T11:59:00Z") == ()
    assert stale(rows, late) == (rows[0],)
    next_one = opened(rows, ticket("again"), 2, settings=limits(run="4"), now=late)
    assert next_one.lease
    assert next_one.lease.reserved == 1_000_000, "issue_usd 5, of which 4 may have been spent"


def test_bud_04_a_person_s_hourly_limit_and_one_comment() -> None:
    """BUD-04: 20 labels in five minutes: five runs, the rest rate_limited, with one row (one comment) in all."""
    rows: list[Row] = []
    codes = [
        opened(rows, ticket(f"label {n}", issue=n), n, limits(day=None), f"2026-11-20T12:{n // 4:02d}:00Z").code
        for n in range(1, 21)
    ]
    assert codes == ["allowed"] * 5 + ["rate_limited"] * 15
    assert [row.kind for row in rows].count("refused") == 1
    assert opened(rows, ticket("x", issue=99, actor="bob", actor_id=2), 77, limits(day=None)).code == "allowed"
    assert opened(rows, ticket("y", issue=98), 78, limits(day=None), "2026-11-20T13:30:00Z").code == "allowed"
    hunt = ticket("night", issue=0, purpose="hunt")
    assert opened(rows, hunt, 79, limits(day=None)).code == "allowed"


@pytest.mark.parametrize(
    ("settings", "reserved"),
    [
        (limits(), 2_000_000),
        (limits(run="7"), 5_000_000),
        (limits(run=None, issue=None), 10_000_000),
        (limits(run="20", issue="30", day="4"), 4_000_000),
        (limits(run="0"), 0),
        (limits(run=None, issue=None, day=None), 0),
    ],
)
def test_what_is_reserved_is_the_least_of_what_run_issue_and_day_leave(settings: Settings, reserved: int) -> None:
    found = opened([], ticket(), settings=settings)
    assert found.lease
    assert found.lease.reserved == reserved
    assert found.lease.limited == (settings.budget.day_usd is not None)


def test_an_issue_s_limit_ends_at_its_last_dollar_and_can_be_raised_by_a_person() -> None:
    rows: list[Row] = []
    for n in range(3):
        close(rows, opened(rows, ticket(f"e{n}"), n, limits(day=None, hourly=9)).lease)
    denied = opened(rows, ticket("e4"), 4, limits(day=None, hourly=9))
    assert (denied.code, denied.why) == ("budget", "The budget issue_usd = $5 is used up.")
    assert [row.reserved for row in rows if row.kind == "open"] == [2_000_000, 2_000_000, 1_000_000]
    note = raise_limit(ticket("/factory budget +3", purpose="answer"), 5, Decimal(3), NOW)
    rows += [note, note]
    assert opened(rows[:-1], ticket("e5"), 6, limits(day=None, hourly=9)).lease
    assert note.id == raise_limit(ticket("/factory budget +3", purpose="answer"), 9, Decimal(3), LATER).id


def test_unknown_spend_stays_counted_whole() -> None:
    rows: list[Row] = []
    close(rows, opened(rows, ticket()).lease)
    assert legs(rows)[0].money == 2_000_000


def test_a_run_across_midnight_counts_for_both_days() -> None:
    rows: list[Row] = []
    settings = limits(run="6", issue=None)
    first = opened(rows, ticket(issue=1), 1, settings, "2026-11-20T23:50:00Z")
    found = opened(rows, ticket("b", issue=2), 2, settings, "2026-11-21T00:10:00Z")
    assert found.lease
    assert found.lease.reserved == 4_000_000
    close(rows, first.lease, "2026-11-21T00:20:00Z", spent=1_000_000)
    assert closing(rows[0], NOW).id == rows[-1].id


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3), st.integers(0, 2_000_000)), max_size=40))
def test_no_order_of_opens_and_closes_passes_a_cap(steps: list[tuple[int, int, int]]) -> None:
    """BUD-08: whatever is opened, closed and spent, the day and each issue stay within their limits."""
    settings = limits(run="2", issue="5", day="7", hourly=1000)
    rows: list[Row] = []
    for n, (issue, what, spent) in enumerate(steps):
        if what:
            opened(rows, ticket(f"e{n}", issue=issue), n, settings)
            continue
        still = [leg.open for leg in legs(rows) if leg.close is None]
        if still:
            close(rows, still[0], spent=min(spent, still[0].reserved))
    assert sum(leg.money for leg in legs(rows)) <= 7_000_000
    for issue in range(1, 5):
        assert sum(leg.money for leg in legs(rows) if leg.open.issue == issue) <= 5_000_000
