"""The matcher ladder: each rung, ambiguity, what the model is told, and the threshold."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.contracts.errors import EditProblem
from factory.edits.match import Spot, locate, similarity
from factory.edits.replace import replaced
from factory.edits.text import decode

FILE = """class Cart:
    def total(self, items, discount=0):
        amount = sum(item.price * item.count for item in items)
        if discount:
            amount -= amount * discount / 100
        return amount

    def empty(self):
        return not self.items
"""


def edit(file: str, search: str, text: str) -> tuple[str, Spot]:
    done, spot = replaced(decode("cart.py", file.encode()), search, text)
    return done.encode().decode(), spot


def test_exact() -> None:
    done, spot = edit(FILE, "        return amount\n", "        return round(amount, 2)\n")
    assert spot.rung == "exact"
    assert done == FILE.replace("return amount\n", "return round(amount, 2)\n")


def test_whitespace_translates_the_indentation_of_new_lines() -> None:
    search = "if discount:\n    amount -= amount * discount / 100\nreturn amount\n"
    text = "if discount:\n    check(discount)\n    amount -= amount * discount / 100\nreturn amount\n"
    done, spot = edit(FILE, search, text)
    assert spot.rung == "whitespace"
    assert "        if discount:\n            check(discount)\n            amount -= " in done
    assert done.replace("            check(discount)\n", "") == FILE


def test_whitespace_takes_surplus_indentation_away() -> None:
    done, _ = edit("a = 1\nb = 2\n", "    a = 1\n    b = 2\n", "    a = 1\n    if a:\n        c = 3\n    b = 2\n")
    assert done == "a = 1\nif a:\n    c = 3\nb = 2\n"


def test_whitespace_in_a_file_with_tabs() -> None:
    done, _ = edit("f() {\n\tif x {\n\t\ty()\n\t}\n}\n", "    if x {\n        y()\n    }\n",
                   "    if x {\n        y()\n        if z {\n            w()\n        }\n    }\n")  # fmt: skip
    assert done == "f() {\n\tif x {\n\t\ty()\n\t\tif z {\n\t\t\tw()\n\t\t}\n\t}\n}\n"


def test_contradictory_indentation_is_no_match() -> None:
    with pytest.raises(EditProblem) as caught:
        edit("if a:\n    if b:\n        c()\n", "if a:\nif b:\nc()\n", "x\n")
    assert caught.value.rule == "no_match"


def test_anchored_by_first_and_last_line() -> None:
    search = (
        "    def total(self, items, discount=0):\n        amount = sum(i.price * i.count for i in items)\n"
        "        if discount > 0:\n            amount -= amount * discount\n        return amount\n"
    )
    done, spot = edit(FILE, search, search.replace("return amount", "return round(amount)"))
    assert spot.rung == "anchored"
    assert done == FILE.replace("return amount\n", "return round(amount)\n")  # the lines it misquoted stay the file's


def test_fuzzy_keeps_what_the_edit_does_not_mean_to_change() -> None:
    search = "        amount = sum(item.price * item.count for item in item)\n        if discount :\n"
    done, spot = edit(FILE, search, search + "            log(discount)\n")
    assert spot.rung == "fuzzy"
    assert done == FILE.replace("        if discount:\n", "        if discount:\n            log(discount)\n")


def test_ambiguous_names_all_lines_and_shows_a_snippet() -> None:
    """FAILURES 18: return the line numbers of all matches and a snippet."""
    file = "x = 1\nreturn None\ny = 2\nreturn None\nz = 3\nreturn None\n"
    with pytest.raises(EditProblem) as caught:
        edit(file, "return None\n", "return 1\n")
    assert caught.value.rule == "ambiguous"
    assert "lines 2, 4, 6" in str(caught.value)
    assert "     4| return None" in str(caught.value)


@pytest.mark.parametrize("search", ["  return None\n", "def method_number(self, one, two, thre):\n"])
def test_ambiguity_on_the_inexact_rungs_is_refused_too(search: str) -> None:
    twice = "return None\ndef method_number(self, one, two, thr{}):\n"
    file = twice.format("ee") + twice.format("ie")
    with pytest.raises(EditProblem) as caught:
        edit(file, search, "x\n")
    assert caught.value.rule == "ambiguous"


def test_no_match_shows_the_nearest_lines() -> None:
    with pytest.raises(EditProblem) as caught:
        edit(FILE, "    def total(self, items, rebate):\n        result = add(items)\n", "x\n")
    assert caught.value.rule == "no_match"
    assert "     2|     def total(self, items, discount=0):" in str(caught.value)


def test_no_match_at_all() -> None:
    with pytest.raises(EditProblem, match="nor anything like it"):
        edit(FILE, "zebra\n", "x\n")


def test_an_edit_made_twice_is_said_so() -> None:
    with pytest.raises(EditProblem) as caught:
        edit(FILE, "        amount = 0\n", "        return amount\n")
    assert caught.value.rule == "already_there"


def test_short_searches_are_never_fuzzy() -> None:
    with pytest.raises(EditProblem):
        edit("count = 11\n", "count = 10\n", "count = 12\n")


@pytest.mark.parametrize(("wrong", "applied"), [(5, True), (7, False)])
def test_the_threshold(wrong: int, applied: bool) -> None:
    """2·M/T: of forty characters in a line, five wrong ones leave 0.875, seven leave 0.825."""
    line = "abcdefghijklmnopqrstuvwxyz0123456789ABCD"
    search = "#" * wrong + line[wrong:]
    assert similarity([line], [search]) == pytest.approx(1 - wrong / 40)
    if applied:
        assert edit(f"x\n{line} word\n", f"{search} word\n", "new\n")[0] == "x\nnew\n"
    else:
        with pytest.raises(EditProblem):
            edit(f"x\n{line}\n", f"{search}\n", "new\n")


def test_long_files_cost_little() -> None:
    generator = random.Random(7)
    words = [f"name{n}" for n in range(400)]
    lines = ["    " + " ".join(generator.choices(words, k=8)) for _ in range(10_000)]
    search = [line.replace("name1", "nane1") for line in lines[6_000:6_040]]
    started = time.process_time()
    assert locate("big.py", lines, search, ["x"]).start == 6_000
    with pytest.raises(EditProblem):
        locate("big.py", lines, [" ".join(generator.choices(words, k=8)) for _ in range(40)], ["x"])
    assert time.process_time() - started < 5


LINE = st.text(alphabet="abcd (){}=", min_size=12, max_size=30)


@settings(max_examples=150, deadline=None)
@given(st.lists(LINE, min_size=3, max_size=12), st.data())
def test_nothing_below_the_threshold_is_applied(lines: list[str], data: st.DataObject) -> None:
    """Whatever is searched for, a match is exact up to white space, held by its anchors, or at least 85 % alike."""
    start = data.draw(st.integers(0, len(lines) - 1))
    search = list(lines[start : start + data.draw(st.integers(1, 4))])
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(search) - 1))
        search[at] = data.draw(LINE)
    try:
        spot = locate("x", lines, search, ["new"])
    except EditProblem:
        return
    window = lines[spot.start : spot.start + len(search)]
    if spot.rung == "exact":
        assert window == search
    elif spot.rung == "whitespace":
        assert [line.strip() for line in window] == [line.strip() for line in search]
    elif spot.rung == "anchored":
        assert (window[0].strip(), window[-1].strip()) == (search[0].strip(), search[-1].strip())
    else:
        assert similarity(window, search) >= 0.85
