"""The judge of the week's caps sees what goes over, and nothing else."""

from factory.contracts.books import Row
from tests.week.caps import Caps, held

CAPS = Caps(day=3.0, run=1.0, hourly=2)


def row(kind: str, run: str, at: str, dollars: float = 0.0, why: str = "") -> Row:
    money = {"open": "reserved", "close": "spent"}.get(kind)
    name = f"{run}.0.0" + (".close" if kind == "close" else "")
    return Row.model_validate(
        {"id": name, "kind": kind, "run": run, "event": "e", "purpose": "local", "issue": int(run[1:]),
         "actor": run, "at": at, "why": why, **({money: round(dollars * 1e6)} if money else {})}
    )  # fmt: skip


def test_what_is_settled_makes_room() -> None:
    rows = [row("open", f"r{n}", f"2026-01-05T0{n}:00:00+00:00", 1.0) for n in (1, 2, 3)]
    after = [row("close", "r1", "2026-01-05T04:00:00+00:00", 0.1), row("open", "r5", "2026-01-05T05:00:00+00:00", 0.9)]
    assert held([*rows, *after], CAPS).over == []
    assert held([*rows, *after], CAPS).days == {"2026-01-05": 3.0}


def test_a_reservation_over_the_day_is_seen_even_when_little_is_spent_in_the_end() -> None:
    opened = [row("open", f"r{n}", f"2026-01-05T0{n}:00:00+00:00", 1.0) for n in (1, 2, 3, 4)]
    closed = [row("close", f"r{n}", "2026-01-05T09:00:00+00:00", 0.01) for n in (1, 2, 3, 4)]
    assert held([*opened, *closed], CAPS).over == ["2026-01-05T04:00:00+00:00: $4.00 of a day's $3.00"]


def test_what_is_at_work_across_midnight_counts_on_the_next_day() -> None:
    opened = [row("open", f"r{n}", f"2026-01-05T2{n}:00:00+00:00", 1.0) for n in (1, 2, 3)]
    assert len(held([*opened, row("open", "r4", "2026-01-06T01:00:00+00:00", 0.5)], CAPS).over) == 1


def test_a_run_over_its_own_limit_and_a_hasty_person_are_seen() -> None:
    assert "run r1" in held([row("open", "r1", "2026-01-05T01:00:00+00:00", 1.2)], CAPS).over[0]
    hasty = [row("open", f"r{n}", f"2026-01-05T01:0{n}:00+00:00", 0.1).but(actor="w") for n in (1, 2, 3)]
    assert "started 3 runs" in held(hasty, CAPS).over[0]


def test_who_waits_for_money_is_counted() -> None:
    said = "The budget day_usd = $3.00 is used up."
    assert held([row("refused", "r1", "2026-01-05T01:00:00+00:00", why=said)], CAPS).refused == 1
