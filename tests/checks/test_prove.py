"""prove on small real repositories whose tests are unittest: nothing to install, so these run without an index."""

from factory.contracts.sandbox import Limits
from tests.checks.conftest import LIMITS, MakeHouse, Steps, rules

CODE = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return a - b\n"
HEAD = "import unittest\nfrom calc import add\n\n\nclass TestAdd(unittest.TestCase):\n"
TEST = HEAD + "    def test_add(self):\n        self.assertEqual(add(2, 2), 4)\n"
ZERO = TEST + "\n    def test_zero(self):\n        self.assertEqual(add(0, 0), 0)\n"
ID = "tests/test_calc.py::TestAdd::test_add"
BASE = {"calc.py": CODE, "tests/__init__.py": "", "tests/test_calc.py": ZERO}


def test_a_good_change_is_green_and_counted(house: MakeHouse) -> None:
    found = house(BASE, {"calc.py": CODE + "\n\ndef double(a):\n    return add(a, a)\n"}).prove()
    assert found.green
    assert found.tests_found
    assert [suite.name for suite in found.suites] == ["unittest"]
    assert found.suites[0].base.counts.passed == found.suites[0].candidate.counts.passed == 2
    assert "bubblewrap" in found.sandbox


def test_a_broken_test_is_blamed_with_its_output_after_it_failed_again(house: MakeHouse) -> None:
    found = house(BASE, {"calc.py": WRONG}).prove()
    assert not found.green
    assert found.suites[0].broken == (ID,)
    finding = next(item for item in found.findings if item.rule == "test_broken")
    assert finding.serious
    assert "0 != 4" in finding.evidence
    assert finding.path == "tests/test_calc.py"


def test_failures_of_the_base_are_not_blamed_on_the_change(house: MakeHouse) -> None:
    base = {**BASE, "calc.py": WRONG}
    found = house(base, {"README.md": "text\n"}).prove()
    assert found.green
    assert found.suites[0].preexisting == (ID,)


def test_where_nothing_passes_nothing_is_shown(house: MakeHouse) -> None:
    """A suite that is red from end to end on both sides: no blame, and no green either."""
    base = {**BASE, "calc.py": WRONG, "tests/test_calc.py": TEST}
    found = house(base, {"README.md": "text\n"}).prove()
    assert found.suites[0].preexisting == (ID,)
    assert not found.red
    assert not found.green


def test_for_a_bug_a_new_test_is_red_on_the_base_and_green_on_the_change(house: MakeHouse) -> None:
    base = {**BASE, "calc.py": WRONG, "tests/test_calc.py": HEAD + "    def test_none(self):\n        pass\n"}
    found = house(base, {"calc.py": CODE, "tests/test_new.py": TEST}).prove(bug=True)
    assert found.bug_shown
    assert found.bug_tests == ("tests/test_new.py::TestAdd::test_add",)
    assert found.green


def test_a_new_test_that_is_green_on_the_base_too_shows_no_bug(house: MakeHouse) -> None:
    found = house(BASE, {"tests/test_new.py": TEST}).prove(bug=True)
    assert not found.bug_shown
    assert any("the bug is not shown" in note for note in found.notes)


def test_no_tests_found_is_said(house: MakeHouse) -> None:
    found = house({"calc.py": CODE}, {"calc.py": WRONG}).prove()
    assert not found.tests_found
    assert not found.green
    assert any("No tests were found" in note for note in found.notes)


def test_the_first_tests_of_a_repository_count_as_added(house: MakeHouse) -> None:
    found = house({"calc.py": CODE}, {"tests/__init__.py": "", "tests/test_calc.py": TEST}).prove()
    own = next(suite for suite in found.suites if suite.candidate.counts.collected)
    assert own.added == (ID,)
    assert found.tests_found


def test_pip_05_a_flaky_test_is_reported_and_not_blamed(house: MakeHouse) -> None:
    """PIP-05: pass and fail alternate from run to run; the change's first run is a red one."""
    flaky = "import os\nimport unittest\nimport turn\n\n\nclass TestIt(unittest.TestCase):\n    def test_it(self):\n"
    flaky += "        self.assertEqual((int(os.environ['RUN']) + turn.FIRST) % 2, 1)\n"
    base = {"turn.py": "FIRST = 0\n", "tests/__init__.py": "", "tests/test_it.py": flaky}
    found = house(base, {"turn.py": "FIRST = 1\n"}).prove()
    assert found.suites[0].flaky == ("tests/test_it.py::TestIt::test_it",)
    assert found.suites[0].broken == ()
    assert "test_broken" not in rules(found)
    assert "test_flaky" in rules(found)
    assert any("flaky" in note for note in found.notes)


def test_box_02_a_full_disk_inside_is_a_result_and_the_run_goes_on(house: MakeHouse) -> None:
    """BOX-02: quota tmpfs full inside the sandbox only -> `enospc`, run continues, host unaffected."""
    fill = "import unittest\n\n\nclass TestFill(unittest.TestCase):\n    def test_fill(self):\n"
    fill += "        with open('/tmp/big', 'wb') as file:\n            for _ in range(200):\n"
    fill += "                file.write(b'x' * 1048576)\n                file.flush()\n"
    made = house(BASE, {"tests/test_fill.py": fill})
    found = made.prove(made.bench(LIMITS.but(disk_mib=48)), verify=("true",))
    statuses = {suite.name: suite.candidate.status for suite in found.suites}
    assert statuses["unittest"] == "passed"
    assert statuses["unittest (the change's own tests)"] == "enospc"
    assert statuses["verify: true"] == "passed"
    assert "tests_enospc" in rules(found)
    assert not found.green


def test_tests_that_hang_end_as_timeout_and_are_not_run_again(house: MakeHouse) -> None:
    made = house(BASE, {"calc.py": "import time\n\n\ndef add(a, b):\n    time.sleep(600)\n"})
    scope = Steps()
    found = made.prove(made.bench(Limits(seconds=3, memory_mib=512, disk_mib=64)), scope)
    assert found.suites[0].candidate.status == "timeout"
    assert "tests_timeout" in rules(found)
    assert not found.green
    assert scope.taken == ["check"]


def test_a_finished_batch_is_answered_from_the_journal(house: MakeHouse) -> None:
    made, scope = house(BASE, {"calc.py": WRONG}), Steps()
    bench = made.bench()
    first = made.prove(bench, scope)
    worked, jobs = scope.worked, len(bench.sandbox.jobs)
    scope.again()
    assert made.prove(bench, scope) == first
    assert (scope.worked, len(bench.sandbox.jobs)) == (worked, jobs)


def test_known_base_outcomes_are_not_run_again(house: MakeHouse) -> None:
    made = house(BASE, {"calc.py": WRONG})
    first = made.prove(verify=("test -f calc.py",), reproductions=(("u1", "cat calc.py"),))
    made.tree = made.commit({"calc.py": CODE + "# fixed\n"})
    bench = made.bench()
    second = made.prove(bench, verify=("test -f calc.py",), reproductions=(("u1", "cat calc.py"),), known=first)
    assert {job.tree for job in bench.sandbox.jobs} == {made.tree}
    assert second.green
    assert second.suites[0].base == first.suites[0].base
    assert second.reproductions[0].base_output == first.reproductions[0].base_output


def test_verify_commands_run_in_addition(house: MakeHouse) -> None:
    made = house(BASE, {"calc.py": CODE + "print('loud')\n"})
    found = made.prove(made.bench(verify=("test -f calc.py",)), verify=("! grep loud calc.py",))
    assert [suite.name for suite in found.suites] == [
        "unittest", "verify: test -f calc.py", "verify: ! grep loud calc.py"
    ]  # fmt: skip
    assert "verify_failed" in rules(found)
    assert not found.green


def test_commands_of_the_settings_replace_what_would_be_found(house: MakeHouse) -> None:
    made = house(BASE, {"calc.py": WRONG})
    found = made.prove(made.bench(tests=("python -m unittest",)))
    assert [suite.name for suite in found.suites] == ["tests: python -m unittest"]
    assert found.suites[0].candidate.status == "failed"
    assert not found.green


def test_a_reproduction_runs_on_base_and_change_and_both_outputs_are_kept(house: MakeHouse) -> None:
    made = house({**BASE, "calc.py": WRONG}, {"calc.py": CODE})
    command = 'python -c "import calc; print(calc.add(2, 2)); assert calc.add(2, 2) == 4"'
    shown = made.prove(reproductions=(("backend", command),)).reproductions[0]
    assert (shown.base_exit, shown.candidate_exit) == (1, 0)
    assert shown.unit == "backend"
    assert "AssertionError" in shown.base_output
    assert shown.candidate_output.strip() == "4"


def test_hostile_text_in_a_path_stays_a_path(house: MakeHouse) -> None:
    made = house(BASE, {"tests/test_$(touch x); rm -rf.py": TEST, "tests/test_ü b.py": TEST})
    assert made.prove().suites[0].candidate.status == "passed"


def test_each_doctest_of_a_unittest_suite_counts(house: MakeHouse) -> None:
    """Doctests and functions are tests of their own, named by their text's place: one gone is seen."""
    body = 'def one():\n    """\n    >>> one()\n    1\n    """\n    return 1\n\n\n'
    tests = (
        "import doctest\nimport unittest\nimport calc\n\n\ndef check():\n    assert calc.one() == 1\n\n\n"
        "def load_tests(loader, tests, ignore):\n    tests.addTests(doctest.DocTestSuite(calc))\n"
        "    tests.addTest(unittest.FunctionTestCase(check))\n    return tests\n"
    )
    calc = body + body.replace("one", "two").replace("1", "2")
    found = house({"calc.py": calc, "tests/__init__.py": "", "tests/test_calc.py": tests}, {"calc.py": body}).prove()
    (suite,) = [each for each in found.suites if each.name == "unittest"]
    assert (suite.base.counts.passed, suite.candidate.counts.passed) == (3, 2)
    assert suite.vanished == ("calc.py::DocTestCase::calc.two",)


def test_tests_of_one_name_are_counted_each(house: MakeHouse) -> None:
    """load_tests may make thousands of tests of one class and method: each runs, and the red one is found."""
    tests = (
        "import unittest\nimport calc\n\n\nclass Case(unittest.TestCase):\n    def __init__(self, number):\n"
        "        super().__init__()\n        self.number = number\n\n    def runTest(self):\n"
        "        self.assertIn(self.number, calc.KNOWN)\n\n\n"
        "def load_tests(loader, tests, pattern):\n    return unittest.TestSuite(Case(n) for n in range(50))\n"
    )
    base = {"calc.py": "KNOWN = range(50)\n", "cases_test.py": tests}
    found = house(base, {"calc.py": "KNOWN = range(49)\n"}).prove()
    (suite,) = [each for each in found.suites if each.name == "unittest"]
    assert (suite.base.counts.passed, suite.candidate.counts.passed) == (50, 49)
    assert suite.broken == ("cases_test.py::Case::runTest #50",)
