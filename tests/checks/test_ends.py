"""Green only when the candidate's suites came to their end: whatever ends them early, in the guard's run or its own."""

import json

import pytest

from factory.contracts.sandbox import Limits
from tests.checks.conftest import Files, MakeHouse, rules

CODE = "def add(a, b):\n    return a + b\n"
HEAD = "import unittest\nfrom calc import add\n\n\nclass TestAdd(unittest.TestCase):\n"
TEST = HEAD + "    def test_add(self):\n        self.assertEqual(add(2, 2), 4)\n"
BASE: Files = {"calc.py": CODE, "tests/__init__.py": "", "tests/test_calc.py": TEST}
LIMITS = Limits(seconds=3, memory_mib=256, disk_mib=32)
FILL = "with open('/tmp/big', 'wb') as file:\n    for _ in range(64):\n        file.write(b'x' * 1048576)\n"
EARLY: dict[str, str] = {
    "hangs": "import time\n\ntime.sleep(600)\n",
    "leaves": "import os\n\nos._exit(0)\n",
    "is killed": "import os\n\nos.kill(os.getpid(), 9)\n",
    "eats memory": "x = bytearray(1 << 30)\nfor n in range(0, len(x), 4096):\n    x[n] = 1\n",
    "fills the disk": FILL,
}


@pytest.mark.parametrize("text", EARLY.values(), ids=EARLY)
def test_a_candidate_that_does_not_end_is_not_green(house: MakeHouse, text: str) -> None:
    made = house(BASE, {"calc.py": text + CODE})
    found = made.prove(made.bench(LIMITS))
    assert found.suites[0].base.ran
    assert not found.suites[0].candidate.ran
    assert not found.green


@pytest.mark.parametrize("text", EARLY.values(), ids=EARLY)
def test_its_own_tests_that_do_not_end_are_not_green(house: MakeHouse, text: str) -> None:
    made = house(BASE, {"tests/test_new.py": text + TEST})
    found = made.prove(made.bench(LIMITS))
    guard, own = found.suites
    assert guard.candidate.status == "passed"
    assert not own.candidate.ran
    assert not found.green


def test_its_own_tests_that_end_only_when_run_again_are_not_green(house: MakeHouse) -> None:
    """The first run leaves without a report, the next are green: the run that counts proved nothing."""
    leaves = "import os\nif os.environ['RUN'] in ('1', '2'):\n    os._exit(0)\n"
    found = house(BASE, {"tests/test_new.py": leaves + TEST}).prove()
    assert found.suites[1].candidate.status == "error"
    assert not found.green


def test_a_suite_that_the_change_s_own_tree_no_longer_has_is_not_green(house: MakeHouse) -> None:
    """Put back for the guard, gone in what ships."""
    script = {"scripts": {"test": "echo all good"}}
    made = house({"package.json": json.dumps(script), "a.test.js": "1\n"},
                 {"package.json": json.dumps({"name": "x"}), "a.test.js": "2\n"})  # fmt: skip
    found = made.prove()
    assert "tests_not_run" in rules(found)
    assert not found.green
