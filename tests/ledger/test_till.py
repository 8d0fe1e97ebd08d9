"""The till: what one caller sees of it, and what stands in the ledger."""

from pathlib import Path

import pytest

from factory.contracts.errors import Stopped
from factory.contracts.model import Usage
from factory.contracts.record import Json
from factory.ledger.egress import Egress
from factory.ledger.spend import Spend, Use
from factory.ledger.till import Charge, Sent, Till
from tests.ledger.test_spend import SetClock, spend, use
from tests.ledger.tills import book, charge, key, refused, spent, till, totals_agree

BODY = Sent(endpoint="cloud", tier="frontier", bytes=120, sha256="ab" * 32)


def pay(one: Till, worst: int, cost: int, by: Charge | None = None, usage: Usage | None = None) -> None:
    by = by or charge()
    number = one.reserve(by, worst, 10).result(30)
    one.settle(number, by, cost, usage or Usage(input=3, output=2), 0.5)
    one.flush().result(30)


def test_a_reservation_stands_in_the_file_before_its_future_is_answered(tmp_path: Path) -> None:
    db = book(tmp_path)
    with till(db) as one:
        number = one.reserve(charge(), 70, 10, BODY).result(30)
        row = dict(db.connection().execute("SELECT * FROM spend WHERE id=?", (number,)).fetchone())
        left = dict(db.connection().execute("SELECT * FROM egress").fetchone())
    wanted = {"key": "anna", "endpoint": "cloud", "kind": "serve", "state": "reserved", "cost": 70, "tokens": 10}
    assert wanted.items() <= row.items()
    assert {"key": "anna", "endpoint": "cloud", "path": "", "bytes": 120, "sha256": "ab" * 32}.items() <= left.items()


def test_what_was_really_used_replaces_the_reservation(tmp_path: Path) -> None:
    db = book(tmp_path)
    with till(db) as one:
        number = one.reserve(charge(), 70, 100).result(30)
        one.settle(number, charge(), 31, Usage(input=20, output=5, cached=8), 1.5)
        one.flush().result(30)
        one.settle(number, charge(), 5, Usage(input=1), 9)  # a second time changes nothing
    row = dict(db.connection().execute("SELECT * FROM spend").fetchone())
    wanted = {"state": "settled", "cost": 31, "tokens": 25, "tokens_in": 20, "tokens_cached": 8, "seconds": 1.5}
    assert wanted.items() <= row.items()
    assert totals_agree(db)


def test_what_was_not_sent_is_taken_back(tmp_path: Path) -> None:
    db = book(tmp_path)
    with till(db, {"anna": key(100)}) as one:
        number = one.reserve(charge(), 100, 10, BODY).result(30)
        one.cancel(number)
        assert refused(one, 100) == ""
    assert spent(db) == 100
    assert spent(db, "calls") == 1
    assert db.connection().execute("SELECT COUNT(*) FROM egress").fetchone()[0] == 0


def test_somebody_who_went_away_leaves_nothing_behind(tmp_path: Path) -> None:
    db = book(tmp_path)
    one = till(db, {"anna": key(100)})
    early = one.reserve(charge(), 100, 1)
    one.abandon(early)  # before it was decided
    with one:
        late = one.reserve(charge(), 100, 1)
        late.result(30)
        one.abandon(late)  # after
        assert refused(one, 100) == ""
        refusal = one.reserve(charge(), 1, 1)
        one.abandon(refusal)
    assert early.cancelled()
    assert spent(db) == 100


@pytest.mark.parametrize(
    ("keys", "budget", "by", "named"),
    [
        ({"anna": key(100)}, {}, charge(), "serve.keys.anna.day_usd = $0.0001"),
        ({"anna": key()}, {"day_usd": "0.0001"}, charge(), "budget.day_usd = $0.0001"),
        ({}, {"day_usd": "0.0001"}, charge(""), "budget.day_usd = $0.0001"),
        ({"anna": key()}, {"run_usd": "0.0001"}, charge(run="r"), "budget.run_usd = $0.0001"),
    ],
)
def test_each_limit_says_its_name_what_is_used_and_what_to_do(
    tmp_path: Path, keys: dict[str, object], budget: dict[str, str], by: Charge, named: str
) -> None:
    with till(tmp_path, keys, **budget) as one:  # type: ignore[arg-type]
        pay(one, 90, 60, by)
        assert refused(one, 40, by=by) == ""
        said = refused(one, 1, by=by)
    assert f"The budget {named} allows no further paid request" in said
    assert "$0.0001 are spent or reserved, and this one may cost $0.0000." in said
    assert "in factory.toml" in said


def test_another_key_and_another_day_have_their_own(tmp_path: Path) -> None:
    clock = SetClock()
    with till(tmp_path, {"anna": key(100), "ben": key(50)}, clock) as one:
        pay(one, 100, 100)
        assert refused(one, 1)
        assert refused(one, 50, by=charge("ben")) == ""
        assert refused(one, 1, by=charge("ben"))
        clock.day = "2026-11-21"
        assert refused(one, 100) == ""


def test_a_key_that_may_pay_for_nothing_still_asks_the_box(tmp_path: Path) -> None:
    with till(tmp_path, {"anna": key(0)}) as one:
        assert refused(one, 1)
        assert refused(one, 1, by=charge("stranger"))
        assert refused(one, 0, 5000, by=charge(tier="local")) == ""


def test_tokens_of_a_key_are_capped_for_free_requests_too(tmp_path: Path) -> None:
    free = charge(endpoint="box", tier="local")
    with till(tmp_path, {"anna": key(0, tokens=1000), "ben": key(0)}) as one:
        assert one.needs_reservation(free, 0)
        assert not one.needs_reservation(charge("ben", tier="local"), 0)
        assert one.needs_reservation(charge("ben", tier="rented"), 0)
        assert one.needs_reservation(charge("ben", tier="local"), 1)
        number = one.reserve(free, 0, 900).result(30)
        one.settle(number, free, 0, Usage(input=100, output=100), 1)
        said = refused(one, 0, 801, free)
        assert "serve.keys.anna.day_tokens = 1000 allows no further request today (UTC): 200 tokens are used" in said
        assert refused(one, 0, 800, free) == ""


def test_free_requests_are_written_without_waiting(tmp_path: Path) -> None:
    db = book(tmp_path)
    free = charge(endpoint="box", tier="local")
    with till(db) as one:
        for n in range(1200):
            one.record(free, Usage(input=n, output=1), 0.1)
        one.flush().result(30)
        assert spent(db, "calls") == 1200
        one.record(free, Usage(), 0.1)
    assert spent(db, "calls", "state = 'settled' AND cost = 0") == 1201
    assert spent(db, "tokens_in") == sum(range(1200))
    assert totals_agree(db)


def test_today_by_key(tmp_path: Path) -> None:
    clock = SetClock()
    keys = {"anna": key(500, tokens=1000), "ben": key(0)}
    with till(tmp_path, keys, clock) as one:
        pay(one, 90, 60)
        one.reserve(charge(), 40, 7).result(30)
        one.record(charge("ben", tier="local"), Usage(input=30, output=4), 1)
        one.flush().result(30)
        anna, ben = one.today()
        clock.day = "2026-11-21"
        assert {day.requests for day in one.today()} == {0}
    assert (anna.key, anna.requests, anna.cost, anna.cap) == ("anna", 2, 100, 500)
    assert (anna.tokens_in, anna.tokens_out, anna.tokens, anna.cap_tokens) == (3, 2, 12, 1000)
    assert (ben.key, ben.requests, ben.tokens, ben.cost, ben.cap) == ("ben", 1, 34, 0, 0)


def test_eighty_per_cent_is_said_once_a_day_and_limit_also_after_a_restart(tmp_path: Path) -> None:
    heard: list[tuple[str, Json]] = []
    clock = SetClock()

    def hear(event: str, facts: Json) -> None:
        heard.append((event, facts))

    keys = {"anna": key(100, tokens=100)}
    with till(tmp_path, keys, clock, hear, day_usd="0.0002") as one:
        pay(one, 79, 79, usage=Usage())
        assert heard == []
        pay(one, 1, 1, usage=Usage())
        pay(one, 1, 1, usage=Usage(input=79))
    with till(tmp_path, keys, clock, hear, day_usd="0.0002") as one:
        pay(one, 1, 1, usage=Usage(input=1))
        clock.day = "2026-11-21"
        pay(one, 80, 80, usage=Usage())
    assert [(event, facts["limit"], facts["used"], facts["cap"]) for event, facts in heard] == [
        ("budget_80", "serve.keys.anna.day_usd", 80, 100),
        ("budget_80", "serve.keys.anna.day_tokens", 80, 100),
        ("budget_80", "serve.keys.anna.day_usd", 80, 100),
    ]


def test_numbers_and_names_that_no_sane_client_or_upstream_sends(tmp_path: Path) -> None:
    """One of them must not spoil the sums, nor a group for everybody else."""
    db = book(tmp_path)
    odd = Charge(
        key="anna", run="\ud800" + "x" * 5000, role="\0'); DROP TABLE spend", endpoint="cloud", tier="frontier"
    )
    with till(db, {"anna": key(1000, tokens=10**15)}) as one:
        number = one.reserve(odd, 10, -5).result(30)
        one.settle(number, odd, -100, Usage(input=-7, output=10**30), float("nan"))
        one.record(odd, Usage(input=10**30, cached=-1), float("inf"))
        one.flush().result(30)
        assert refused(one, 1000) == ""
        assert refused(one, 1)
    rows = db.connection().execute("SELECT run, role, tokens_in, tokens_out, seconds FROM spend ORDER BY id").fetchall()
    assert [tuple(row)[2:] for row in rows[:2]] == [(0, 10**9, 0), (10**9, 0, 0)]
    assert all(len(row["run"]) <= 200 and "\0" not in row["role"] for row in rows)
    assert totals_agree(db)


def test_after_the_end_reservations_are_refused(tmp_path: Path) -> None:
    one = till(tmp_path)
    with one:
        waiting = one.reserve(charge(), 1, 1)
    assert waiting.result(0) == 1
    with pytest.raises(Stopped, match="stopping"):
        one.reserve(charge(), 1, 1).result(30)
    one.flush().result(30)


def test_lines_and_gateway_share_the_day_and_the_run(tmp_path: Path) -> None:
    line = spend(tmp_path, day_usd="0.0001", run_usd="0.00008")
    with till(tmp_path, {"anna": key()}, day_usd="0.0001", run_usd="0.00008") as one:
        pay(one, 60, 60, charge(run="run-1"))
        line.settle(line.reserve(use("run-1"), 20, 1), use("run-1"), 20, Usage(), 0)
        with pytest.raises(Stopped, match="run_usd"):
            line.reserve(use("run-1"), 1, 1)
        assert "budget.run_usd" in refused(one, 1, by=charge(run="run-1"))
        assert refused(one, 20) == ""
        assert "budget.day_usd" in refused(one, 1)
        with pytest.raises(Stopped, match="day_usd"):
            line.reserve(use("run-2"), 1, 1)


def test_the_limit_of_an_issue_holds_for_what_its_runs_pay_through_the_gateway(tmp_path: Path) -> None:
    db = book(tmp_path)
    with db.transaction() as inside:
        inside.execute(
            "INSERT INTO runs (id, created, issue, repo, stage, record, status) VALUES ('run-1','','7','','','','open')"
        )
    with till(db, issue_usd="0.0001") as one:
        pay(one, 90, 90, charge(run="run-1"))
        assert "budget.issue_usd" in refused(one, 20, by=charge(run="run-1"))
    line = spend(tmp_path, issue_usd="0.0001")
    with pytest.raises(Stopped, match="issue_usd"):
        line.reserve(use("run-2", issue="7"), 11, 1)


def test_rows_of_the_gateway_keep_no_reserve_and_count_no_tokens_twice(tmp_path: Path) -> None:
    """The line writes down its own call to the gateway, with its tokens and without the cost."""
    line = spend(tmp_path, day_usd="0.0001", run_tokens=100)
    with till(tmp_path, {}) as one:
        for run in ("", "run-1", "invented"):
            pay(one, 10, 10, charge("", run=run), Usage(input=40, output=20))
        pay(one, 10, 10, Charge("", "", "", "h100", "rented", "gpu"))
    line.record(use("run-1"), 0, Usage(input=40, output=20), 1.0)
    line.settle(line.reserve(use("run-1"), 0, 40), use("run-1"), 0, Usage(), 0)  # 60 + 40 tokens of 100
    number = line.reserve(use("run-1"), 30, 0, kept=30)  # 40 spent; its own 30 are kept; nobody else keeps any
    line.settle(number, use("run-1"), 30, Usage(), 0)
    with pytest.raises(Stopped, match=r"day_usd"):
        line.reserve(use("run-1"), 1, 0, kept=30)
    totals, rows = line.totals("run-1"), line.by_role("run-1")
    assert (totals.calls, totals.cost, totals.tokens_in, totals.tokens_out) == (3, 40, 40, 20)
    assert [(row.endpoint, row.cost, row.calls) for row in rows] == [("cloud", 30, 3), ("cloud", 10, 0)]


def test_the_gateway_leaves_the_second_judge_of_open_runs_its_money(tmp_path: Path) -> None:
    db = book(tmp_path)
    with db.transaction() as inside:
        for run, status in (("run-1", "open"), ("run-2", "done")):
            inside.execute(
                "INSERT INTO runs (id, created, issue, repo, stage, record, status) VALUES (?,'','7','','','',?)",
                (run, status),
            )
    line = spend(tmp_path)
    for run in ("run-1", "run-2"):
        line.settle(line.reserve(use(run), 10, 1), use(run), 10, Usage(), 0)
    with till(db, day_usd="0.0001", escalation_usd="0.00003") as one:
        assert refused(one, 50) == ""
        assert "are kept for the second judges of open runs" in refused(one, 1)
        line.settle(line.reserve(use("run-1"), 30, 1, escalation=True), use("run-1"), 20, Usage(), 0)
        assert refused(one, 1)  # 10 of the 30 are still its
        assert refused(one, 10, by=charge(run="run-1")) == ""
    assert Egress(db, SetClock()).files("run-1") == ()


def test_the_lines_own_day_is_still_summed_when_the_gateway_writes_nothing(tmp_path: Path) -> None:
    line: Spend = spend(tmp_path, day_usd="0.0001")
    used = Use(run="a", issue="", role="coder", endpoint="cloud")
    line.record(used, 100, Usage(), 0)
    with pytest.raises(Stopped):
        line.reserve(used, 1, 1)
