"""The till under many at once: no limit is ever passed, nothing is lost or doubled, and nobody is refused for nothing.

Triggers of the test write down, after each changed row, what the rows add up to: more often than anybody commits.
"""

import random
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.contracts.errors import Stopped
from factory.contracts.model import Usage
from factory.db import Database
from factory.ledger.till import Charge, Till
from tests.ledger.tills import MICRO, book, charge, key, refused, spent, till, totals_agree

CENT = 10_000  # refusals say whole cents exactly
NAMES = ("anna", "ben", "cleo")
THREADS = 64


@dataclass(frozen=True)
class Wish:
    """One request. `then`: how it ends; "open" is never settled."""

    key: str
    cost: int
    tokens: int
    percent: int
    then: str


@dataclass(frozen=True)
class Caps:
    day: int
    keys: tuple[int, ...]
    tokens: tuple[int, ...]


def a_wish(chance: random.Random) -> Wish:
    return Wish(
        key=chance.choice(NAMES),
        cost=chance.randint(0, 30) * CENT,
        tokens=chance.randint(0, 500),
        percent=chance.randint(0, 100),
        then=chance.choice(["settle", "settle", "settle", "cancel", "abandon", "open"]),
    )


def some_caps(chance: random.Random) -> Caps:
    return Caps(
        day=chance.randint(50, 600) * CENT,
        keys=tuple(chance.randint(0, 300) * CENT for _ in NAMES),
        tokens=tuple(chance.randint(100, 9000) for _ in NAMES),
    )


wishes, caps = st.randoms(use_true_random=False).map(a_wish), st.randoms(use_true_random=False).map(some_caps)


def watched(db: Database) -> Database:
    """With a table `seen` of the sums after every change."""
    with db.transaction() as inside:
        inside.execute("CREATE TABLE seen (key TEXT, cost INTEGER, tokens INTEGER, day INTEGER)")
        for change in ("INSERT", "UPDATE"):
            inside.execute(
                f"CREATE TRIGGER seen_{change} AFTER {change} ON spend BEGIN INSERT INTO seen SELECT NEW.key,"
                " (SELECT SUM(cost) FROM spend WHERE key = NEW.key), (SELECT SUM(tokens) FROM spend WHERE"
                " key = NEW.key), (SELECT SUM(cost) FROM spend); END"
            )
    return db


def seen(db: Database, what: str, name: str = "") -> set[int]:
    query = f"SELECT {what} FROM seen WHERE key = ? OR ?"
    return {0} | {int(row[0]) for row in db.connection().execute(query, (name, name == ""))}


def opened(db: Database, limits: Caps) -> Till:
    keys = {name: key(cap, many) for name, cap, many in zip(NAMES, limits.keys, limits.tokens, strict=True)}
    return till(db, keys, day_usd=limits.day / MICRO)


@pytest.mark.parametrize("seed", range(6))
def test_sixty_four_threads(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    asked, limits = [a_wish(chance) for _ in range(3 * THREADS)], some_caps(chance)
    db = watched(book(tmp_path))
    expected: list[tuple[int, int]] = []  # number, what must stand there in the end
    refusals: list[tuple[str, str]] = []
    together = threading.Barrier(THREADS)

    def work(one: Till, mine: list[Wish]) -> None:
        together.wait(60)
        for wish in mine:
            try:
                expected.append(ask(one, wish))
            except Stopped as stop:
                refusals.append((wish.key, str(stop)))

    with opened(db, limits) as one, ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(work, one, asked[n::THREADS]) for n in range(THREADS)]:
            done.result(60)
    check_sums(db, limits)
    check_refusals(db, limits, refusals)
    rows = {
        row["id"]: row["cost"] for row in db.connection().execute("SELECT id, cost FROM spend WHERE kind = 'serve'")
    }
    assert {number: rows[number] for number, _ in expected} == dict(expected)
    assert len(dict(expected)) == len(expected) == len(rows)
    assert len(expected) + len(refusals) == len(asked)
    check_nothing_is_locked(db, limits)


def ask(one: Till, wish: Wish) -> tuple[int, int]:
    """Its number and what it must cost in the end."""
    by, future = charge(wish.key), one.reserve(charge(wish.key), wish.cost, wish.tokens)
    number = future.result(60)
    paid, used = wish.cost * wish.percent // 100 // CENT * CENT, wish.tokens * wish.percent // 100
    if wish.then == "settle":
        one.settle(number, by, paid, Usage(input=used), 0.1)
        return number, paid
    if wish.then == "cancel":
        one.cancel(number)
    elif wish.then == "abandon":
        one.abandon(future)
    return number, wish.cost if wish.then == "open" else 0


def check_sums(db: Database, limits: Caps) -> None:
    """At no moment was anything over its cap, and the totals are what the rows say."""
    assert max(seen(db, "day")) <= limits.day
    for name, cap, many in zip(NAMES, limits.keys, limits.tokens, strict=True):
        assert max(seen(db, "cost", name)) <= cap
        assert max(seen(db, "tokens", name)) <= many
    assert totals_agree(db)


def check_refusals(db: Database, limits: Caps, refusals: list[tuple[str, str]]) -> None:
    """Each names a sum that really stood there, and with what was wanted it would have been too much."""
    for name, said in refusals:
        place = NAMES.index(name)
        if "day_tokens" in said:
            numbers = [
                int(found)
                for found in re.findall(r"= (\d+) |: (\d+) tokens|use (\d+)\.", said)
                for found in found
                if found
            ]
            cap, sums = limits.tokens[place], seen(db, "tokens", name)
        else:
            numbers = [round(float(found) * 100) * CENT for found in re.findall(r"\$(\d+\.\d\d)\b", said)]
            whole = "budget.day_usd" in said
            cap = limits.day if whole else limits.keys[place]
            sums = seen(db, "day") if whole else seen(db, "cost", name)
        told, used, wanted = numbers
        assert told == cap
        assert used in sums
        assert used + wanted > cap


def check_nothing_is_locked(db: Database, limits: Caps) -> None:
    """What is left of the day and of a key can be had to the last cent, and not one micro-dollar more."""
    with opened(db, limits) as one:
        for name, cap in zip(NAMES, limits.keys, strict=True):
            left = min(limits.day - spent(db), cap - spent(db, where=f"key = '{name}'"))
            assert refused(one, left, 0, charge(name)) == ""
            assert refused(one, 1, 0, charge(name))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 120), st.sampled_from(NAMES)), max_size=60), caps)
def test_one_group_is_first_come_first_served(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[int, str]], limits: Caps
) -> None:
    """All wait before the till opens: exactly those are refused that do not fit after those before them."""
    db = book(tmp_path_factory.mktemp("till"))
    one = opened(db, limits)
    futures = [one.reserve(charge(name), cents * CENT, 0) for cents, name in asked]
    one.start()
    got = [future.exception(60) is None for future in futures]
    one.stop()
    left = {"": limits.day, **dict(zip(NAMES, limits.keys, strict=True))}
    wanted = []
    for cents, name in asked:
        fits = cents * CENT <= min(left[""], left[name])
        wanted.append(fits or not cents)
        for place in ("", name) if fits else ():
            left[place] -= cents * CENT
    assert got == wanted


step = st.tuples(st.sampled_from(["reserve", "settle", "cancel", "record"]), wishes, st.sampled_from(["", "r", "s"]))


@settings(max_examples=20, deadline=None)
@given(st.lists(step, max_size=30), caps)
def test_the_till_is_its_model(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Wish, str]], limits: Caps
) -> None:
    """One after the other: a dictionary that is summed anew each time comes to the same answers."""
    db = book(tmp_path_factory.mktemp("till"))
    rows: dict[int, tuple[Charge, int, int]] = {}
    waiting: list[int] = []
    keys = {name: key(cap, many) for name, cap, many in zip(NAMES, limits.keys, limits.tokens, strict=True)}
    with till(db, keys, day_usd=limits.day / MICRO, run_usd=limits.day // 2 / MICRO) as one:
        for verb, wish, run in steps:
            by = charge(wish.key, run)
            if verb == "reserve":
                fits = model_fits(rows, by, wish, limits)
                assert (refused(one, wish.cost, wish.tokens, by) == "") is fits
                if fits:
                    number = max(row[0] for row in db.connection().execute("SELECT id FROM spend WHERE kind = 'serve'"))
                    rows[number] = (by, wish.cost, wish.tokens)
                    waiting.append(number)
            elif verb == "record":
                one.record(by, Usage(input=wish.tokens), 0.1)
                one.flush().result(60)
                rows[-len(rows) - 1] = (by, 0, wish.tokens)
            elif waiting:
                number = waiting.pop(wish.percent % len(waiting))
                made, cost, tokens = rows[number]
                share = 0 if verb == "cancel" else wish.percent
                rows[number] = (made, cost * share // 100, tokens * share // 100)
                if share or verb == "settle":
                    one.settle(number, made, rows[number][1], Usage(output=rows[number][2]), 0.1)
                else:
                    one.cancel(number)
    assert spent(db) == sum(cost for _, cost, _ in rows.values())
    assert spent(db, "tokens") == sum(tokens for _, _, tokens in rows.values())
    assert totals_agree(db)


def model_fits(rows: dict[int, tuple[Charge, int, int]], by: Charge, wish: Wish, limits: Caps) -> bool:
    place = NAMES.index(by.key)
    day = sum(cost for _, cost, _ in rows.values())
    mine = [row for row in rows.values() if row[0].key == by.key]
    run = sum(cost for made, cost, _ in rows.values() if made.run == by.run)
    money = (
        day + wish.cost <= limits.day
        and sum(row[1] for row in mine) + wish.cost <= limits.keys[place]
        and (not by.run or run + wish.cost <= limits.day // 2)
    )
    tokens = sum(row[2] for row in mine) + wish.tokens <= limits.tokens[place]
    return (money or not wish.cost) and (tokens or not wish.tokens)
