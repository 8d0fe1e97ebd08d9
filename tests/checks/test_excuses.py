"""What a plan may excuse: the tests it names one by one, that the change really rewrote or deleted, and never all."""

import pytest

from factory.checks.compare import allowed
from factory.contracts.evidence import Evidence
from tests.checks.conftest import Files, MakeHouse, rules

CODE = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return a - b\n"
HEAD = "import unittest\nfrom calc import add\n\n\nclass TestAdd(unittest.TestCase):\n"
ADD = "    def test_add(self):\n        self.assertEqual(add(2, 2), {})\n\n"
ZERO = "    def test_zero(self):\n        self.assertEqual(add(0, 0), 0)\n"
BASE: Files = {"calc.py": CODE, "tests/__init__.py": "", "tests/test_calc.py": HEAD + ADD.format(4) + ZERO}
NAMED = "tests/test_calc.py:test_add"
ID = "tests/test_calc.py::TestAdd::test_add"


def excuses(found: Evidence) -> list[str]:
    return [item.evidence for item in found.findings if item.rule == "tests_excused"]


@pytest.mark.parametrize("removes", ["*", "tests/*", "test_*", "tests/test_calc.py", "test_add", "**:*", ID[:20] + "*"])
def test_nothing_but_a_named_test_is_excused(house: MakeHouse, removes: str) -> None:
    """`removes: ["*"]`, the only suite fails: that was green once."""
    found = house(BASE, {"calc.py": WRONG}).prove(may_vanish=(removes,))
    assert found.suites[0].broken == (ID,)
    assert not found.green


def test_a_named_test_that_the_change_leaves_as_it_is_is_broken(house: MakeHouse) -> None:
    found = house(BASE, {"calc.py": WRONG}).prove(may_vanish=(NAMED,))
    assert found.suites[0].broken == (ID,)
    assert not found.green
    assert excuses(found) == []


def test_a_named_test_that_the_change_rewrote_is_excused_and_said(house: MakeHouse) -> None:
    made = house(BASE, {"calc.py": WRONG, "tests/test_calc.py": HEAD + ADD.format(0) + ZERO})
    found = made.prove(may_vanish=(NAMED,))
    assert found.green
    assert excuses(found) == [ID]
    assert [item.severity for item in found.findings if item.rule == "tests_excused"] == ["low"]
    assert any(ID in note and "plan" in note for note in found.notes)


def test_a_named_test_that_is_red_in_the_change_s_own_form_too_is_broken(house: MakeHouse) -> None:
    made = house(BASE, {"calc.py": WRONG, "tests/test_calc.py": HEAD + ADD.format(5) + ZERO})
    found = made.prove(may_vanish=(NAMED,))
    assert ID in found.suites[0].broken
    assert not found.green


def test_a_named_test_that_is_deleted_is_excused_and_said(house: MakeHouse) -> None:
    found = house(BASE, {"calc.py": WRONG, "tests/test_calc.py": HEAD + ZERO}).prove(may_vanish=(NAMED,))
    assert found.green
    assert excuses(found) == [ID]


def test_a_deleted_file_needs_each_of_its_tests_named(house: MakeHouse) -> None:
    more = HEAD.replace("TestAdd", "TestMore") + ZERO
    made = house({**BASE, "tests/test_more.py": more}, {"tests/test_calc.py": None})
    assert made.prove(may_vanish=(NAMED,)).tampered
    found = made.prove(may_vanish=(NAMED, "tests/test_calc.py:test_zero"))
    assert not found.tampered
    assert found.green
    assert sorted(excuses(found)) == [ID, ID.replace("add", "zero")]


def test_a_plan_that_excuses_every_test_of_the_base_is_not_green(house: MakeHouse) -> None:
    base = {**BASE, "tests/test_calc.py": HEAD + ADD.format(4)}
    made = house(base, {"calc.py": WRONG, "tests/test_calc.py": HEAD + ADD.format(0)})
    found = made.prove(may_vanish=(NAMED,))
    assert "all_tests_excused" in rules(found)
    assert not found.green


@pytest.mark.parametrize(
    ("name", "item", "folder", "fits"),
    [
        ("t/a.py::X::y[1]", "t/a.py::X::y[1]", "", True),
        ("t/a.py::X::y[1]", "t/a.py::X::y", "", True),
        ("t/a.py::X::y[1]", "t/a.py:X.y", "", True),
        ("t/a.py::X::y", "t/a.py:y", "", True),
        ("t/a.py::X::y", "t/a.py:X", "", True),
        ("t/a.py::X::yy", "t/a.py:y", "", False),
        ("t/a.py::X::y", "t/b.py:y", "", False),
        ("t/a.py::X::y", "t/a.py", "", False),
        ("t/a.py::X::y", "t/a.py:", "", False),
        ("t/a.py::X::y", "t/a.py:*", "", False),
        ("t/a.py::X::y", "back/t/a.py:y", "back", True),
        ("t/a.py::X::y", "t/a.py:y", "back", False),
        ("web/a.test.ts::adds two", "web/a.test.ts:adds two", "", True),
        ("example.com/m/calc::TestAdd", "calc/add_test.go:TestAdd", "", True),
        ("example.com/m/calc::TestAdd", "other/add_test.go:TestAdd", "", False),
        ("org.x.CalcTest::adds", "src/test/java/org/x/CalcTest.java:adds", "", True),
        ("org.x.CalcTest::adds", "src/test/java/org/x/OtherTest.java:adds", "", False),
        ("add > two", "a.test.js:add > two", "", True),
        ("add > two", "a.test.js:add", "", False),
        ("(the whole run)", "(the whole run)", "", False),
        ("(the whole run)", "a.sh:(the whole run)", "", False),
    ],
)
def test_what_a_plan_names(name: str, item: str, folder: str, fits: bool) -> None:
    assert allowed(name, (item,), folder) is fits
