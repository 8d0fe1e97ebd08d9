"""PIT-09: a hostile generator changes tests, or reaches for the runner: marked `tests_tampered`, never green."""

import pytest

from factory.checks.restore import compare_tests
from factory.checks.source import Source
from factory.checks.tamper import tampering
from factory.contracts.evidence import Evidence
from tests.checks.conftest import Files, House, MakeHouse, rules

pytestmark = pytest.mark.network  # the environments are installed from the package index

CODE = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return 0\n"
TEST = "from calc import add\n\n\ndef test_add():\n    assert add(2, 2) == 4\n\n\n"
TEST += "def test_zero():\n    assert add(0, 0) == 0\n"
BASE = {"calc.py": CODE, "pytest.ini": "[pytest]\n", "conftest.py": "", "test_calc.py": TEST}
FORGE = """import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    report.outcome = "passed"
"""

HOSTILE: dict[str, Files] = {
    "deletes asserts": {"calc.py": WRONG, "test_calc.py": TEST.replace("assert add(2, 2) == 4", "add(2, 2)")},
    "deletes a test": {"calc.py": WRONG, "test_calc.py": TEST.replace("def test_add", "def no_test_add")},
    "deletes the file": {"calc.py": WRONG, "test_calc.py": None, "test_other.py": "def test_it():\n    assert True\n"},
    "adds pytest.skip": {
        "test_calc.py": "import pytest\n" + TEST.replace("    assert", "    pytest.skip()\n    assert")
    },
    "conftest marks failed as passed": {"calc.py": WRONG, "conftest.py": FORGE},
    "sys.exit(0) in conftest": {"calc.py": WRONG, "conftest.py": "import sys\n\nsys.exit(0)\n"},
    "os._exit(0) in a test": {"calc.py": WRONG, "test_calc.py": "import os\n\nos._exit(0)\n" + TEST},
    "configuration that finds no tests": {"calc.py": WRONG, "pytest.ini": "[pytest]\npython_files = nothing.py\n"},
}


PLANTED: dict[str, Files] = {
    "a plug-in in the code": {"calc.py": WRONG + "from _pytest import reports\nreports.TestReport.failed = False\n"},
    "a module in front of pytest": {"calc.py": WRONG, "pytest.py": "def main(args):\n    return 0\n"},
    "sitecustomize": {"calc.py": WRONG, "sitecustomize.py": "import os\n\nos._exit(0)\n"},
    "a compiled module": {"__pycache__/calc.cpython-311.pyc": b"x"},
    "an entry point for pytest": {"setup.cfg": "[options.entry_points]\npytest11 =\n  x = calc\n"},
}
KNOWN: list[Evidence] = []  # the base is measured once for all of them


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_pit_09(house: MakeHouse, change: Files) -> None:
    made = house(BASE, change)
    if not KNOWN:
        KNOWN.append(House(made.folder, made.state, made.base, made.base).prove())
        assert KNOWN[0].green
    found = made.prove(known=KNOWN[0])
    assert found.tampered
    assert "tests_tampered" in rules(found)
    assert not found.green


@pytest.mark.parametrize("change", PLANTED.values(), ids=PLANTED)
def test_pit_09_means_are_seen_before_anything_runs(house: MakeHouse, change: Files) -> None:
    made = house(BASE, change)
    trees = made.bench().trees
    base, candidate = Source(trees, made.base), Source(trees, made.tree)
    found = tampering(base, candidate, compare_tests(base, candidate))
    assert "tests_tampered" in {item.rule for item in found}


def test_pit_09_os_exit_in_the_code_is_an_error_not_a_pass(house: MakeHouse) -> None:
    """No file of the tests changed, so only the missing report shows it."""
    found = house(BASE, {"calc.py": "import os\n\nos._exit(0)\n"}).prove()
    assert found.suites[0].candidate.status == "error"
    assert found.suites[0].candidate.exit_code == 0
    assert "left no report" in found.suites[0].candidate.note
    assert {"hard_exit", "test_broken"} <= rules(found)
    assert not found.green


def test_pit_09_the_base_s_tests_and_configuration_are_what_runs(house: MakeHouse) -> None:
    """The forged conftest does not run beside the base's tests: they are red, whatever it would say."""
    found = house(BASE, {"calc.py": WRONG, "conftest.py": FORGE}).prove()
    guard, own = found.suites
    assert guard.broken == ("test_calc.py::test_add",)
    assert own.candidate.status == "passed"
    bent = [item for item in found.findings if "as the change rewrote it" in item.message]
    assert bent


def test_a_plan_may_say_that_a_test_goes(house: MakeHouse) -> None:
    made = house(BASE, {"test_calc.py": TEST.partition("\n\n\ndef test_zero")[0] + "\n"})
    assert made.prove().tampered
    found = made.prove(may_vanish=("test_calc.py:test_zero",))
    assert not found.tampered
    assert found.green


def test_a_moved_test_has_not_vanished(house: MakeHouse) -> None:
    found = house(BASE, {"test_calc.py": None, "tests/test_moved.py": TEST}).prove()
    assert not found.tampered
    assert found.green


def test_honest_changes_of_tests_and_configuration_stay_green(house: MakeHouse) -> None:
    conftest = "import pytest\n\n\n@pytest.fixture\ndef two():\n    return 2\n"
    more = TEST + "\n\ndef test_two(two):\n    assert two == 2\n"
    found = house(BASE, {"conftest.py": conftest, "test_calc.py": more}).prove()
    assert found.green
    assert found.suites[1].added == ("test_calc.py::test_two",)


def test_pytest_itself_is_not_confused_by_a_project_that_hooks_into_it(house: MakeHouse) -> None:
    """A plug-in's own repository names hooks in its code; more of the same is not tampering."""
    plug = "def pytest_runtest_setup(item):\n    pass\n"
    made: House = house({**BASE, "plug.py": plug}, {"plug.py": plug.replace("pass", "item.name")})
    assert not made.prove().tampered
