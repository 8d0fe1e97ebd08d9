"""Many strings looked for at once, against looking for each of them."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.occurrences import FEW, LONG, Occurrences

letters = st.text("ab", min_size=1, max_size=14)
wanted = st.lists(letters | st.text(max_size=8), max_size=40)


def one_by_one(wanted: list[str], text: str) -> dict[int, int]:
    """The longest that begins at each place."""
    found: dict[int, int] = {}
    for each in filter(None, wanted):
        for at in range(len(text)):
            if text.startswith(each, at):
                found[at] = max(found.get(at, 0), at + len(each))
    return found


def longest(occurrences: Occurrences, text: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for start, end in occurrences.places(text):
        found[start] = max(found.get(start, 0), end)
    return found


@given(wanted, st.text("ab", max_size=80) | st.text(max_size=40))
def test_many_at_once_are_where_each_of_them_is(wanted: list[str], text: str) -> None:
    expected = one_by_one(wanted, text)
    assert longest(Occurrences(wanted, few=0), text) == expected
    assert longest(Occurrences(wanted), text) == expected


@pytest.mark.parametrize("seed", range(20))
def test_long_ways_of_strings_that_begin_with_one_another(seed: int) -> None:
    rnd = random.Random(seed)
    wanted = ["a" * n + rnd.choice(["", "b", "ba"]) for n in range(6, 60)]
    text = "".join(rnd.choice(["a" * rnd.randrange(1, 70), "b"]) for _ in range(60))
    assert longest(Occurrences(wanted, few=0), text) == one_by_one(wanted, text)


def test_very_long_and_very_short_ones_are_found_among_many() -> None:
    many = [f"secret number {n:04}" for n in range(FEW + 1)]
    wanted = ["xyz", "k" * (LONG + 1), *many]
    text = f"{many[7]} xyz {'k' * (LONG + 1)} {many[FEW]}"
    assert longest(Occurrences(wanted), text) == one_by_one(wanted, text)


def test_time_grows_with_the_text_and_not_with_how_many_are_looked_for() -> None:
    """Looking for each took a hundred times as long."""
    lines = [f"key-{n:06}-{'abc' * 10}" for n in range(20_000)]
    text = "\n".join(lines)
    started = time.process_time()
    assert sum(1 for _ in Occurrences(lines).places(text)) == len(lines)
    assert time.process_time() - started < 15
