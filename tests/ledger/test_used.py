"""Recorded answers have books of their own: nobody's money, in no sum of a day or a month, against no real limit."""

from pathlib import Path

import pytest

from factory.contracts.errors import Stopped
from factory.contracts.model import Piece, Usage
from factory.ledger.cost import by_role, month
from factory.ledger.egress import Egress
from factory.ledger.egress_sums import sums
from factory.ledger.shelf import shelf
from factory.ledger.travel import SpendRow, rows_in, rows_out, spent
from factory.ledger.used import BOTH
from tests.ledger.test_spend import SetClock, spend, use
from tests.ledger.tills import book

USAGE = Usage(input=1000, output=100)
RECORDED = use("demo", issue="").but(recorded=True)


def test_a_rehearsal_takes_nothing_from_the_day(tmp_path: Path) -> None:
    books = spend(tmp_path, day_usd="0.001")
    books.settle(books.reserve(RECORDED, 1000, 10), RECORDED, 1000, USAGE, 1.0)
    assert books.reserve(use(), 1000, 10)  # the whole day is still there for real calls


def test_a_rehearsal_has_the_same_limits_of_its_own(tmp_path: Path) -> None:
    for name in ("run_usd", "day_usd", "issue_usd"):
        (tmp_path / name).mkdir()
        cap: dict[str, object] = {name: "0.001"}
        books = spend(tmp_path / name, None, **cap)
        books.settle(books.reserve(use("demo"), 1000, 10), use("demo"), 1000, USAGE, 1.0)
        rehearsed = use("demo").but(recorded=True)
        books.settle(books.reserve(rehearsed, 1000, 10), rehearsed, 1000, USAGE, 1.0)
        with pytest.raises(Stopped, match=name):
            books.reserve(rehearsed, 1, 1)


def test_the_reserve_of_a_rehearsal_is_not_kept_from_real_runs(tmp_path: Path) -> None:
    books = spend(tmp_path, day_usd="0.003", escalation_usd="0.001")
    books.settle(books.reserve(RECORDED, 500, 10), RECORDED, 500, USAGE, 1.0)
    books.settle(books.reserve(use(), 2000, 10), use(), 2000, USAGE, 1.0)
    with pytest.raises(Stopped, match="are kept"):
        books.reserve(use("other"), 1, 1)


def test_what_it_names_is_told_of_the_run_and_only_there(tmp_path: Path) -> None:
    books, db = spend(tmp_path), book(tmp_path)
    books.settle(books.reserve(RECORDED, 900, 10), RECORDED, 700, USAGE, 1.0)
    books.record(use(), 5, USAGE, 1.0)
    (row,) = books.by_role("demo")
    assert (row.cost, row.recorded, row.tokens_in) == (700, True, 1000)
    assert (books.totals("demo").cost, books.totals("demo").recorded) == (700, True)
    assert (books.totals("run-1").recorded, books.totals("nobody").recorded) == (False, False)
    found = month(db, SetClock().day[:7], (), None)
    assert [(day.cost, day.tokens_in) for day in found.days] == [(5, 1000)]
    assert [row.cost for row in found.roles] == [5]
    assert (by_role(db, ["demo"]), [row.cost for row in by_role(db, ["demo"], BOTH)]) == ((), [700])
    assert not shelf(db, "demo")


def test_it_travels_as_what_it_is(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    books = spend(tmp_path / "a")
    books.record(RECORDED, 700, USAGE, 1.0)
    (row,) = (each for each in rows_out(book(tmp_path / "a"), "demo", SpendRow) if each.kind == "model")
    assert (row.cost, row.recorded) == (0, 700)
    there = book(tmp_path / "b")
    rows_in(there, "demo", "", [row])
    assert (spent(there, "demo"), by_role(there, ["demo"])) == (0, ())
    assert by_role(there, ["demo"], BOTH)[0].recorded


def test_what_is_handed_to_recorded_answers_went_nowhere(tmp_path: Path) -> None:
    spend(tmp_path).record(RECORDED, 700, USAGE, 1.0)
    db, rest = book(tmp_path), Piece(path="", start=0, end=0, bytes=30, sha256="")
    Egress(db, SetClock()).sending("demo", "cloud", "frontier", [], rest)
    Egress(db, SetClock()).sending("run-1", "cloud", "frontier", [], rest.but(bytes=7))
    found = sums(db, "endpoint", {})
    assert (found.cloud.bytes, found.recorded, found.lines[0].bytes) == (7, 30, 37)
    assert (sums(db, "run", {}, run="demo").cloud.bytes, sums(db, "run", {}, run="run-1").recorded) == (0, 0)
