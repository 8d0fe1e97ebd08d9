"""Linters that the repository configures, on base and change: only new messages count."""

from factory.checks.prove import try_tests
from tests.checks.conftest import MakeHouse, Steps

OLD = "import os\n"
NEW = "x = 1\n\nimport os\nimport sys\n"


def test_only_new_messages_of_a_configured_linter_count(house: MakeHouse) -> None:
    made = house({"ruff.toml": 'lint.select = ["F"]\n', "a.py": OLD}, {"a.py": NEW})
    found = made.prove()
    assert [(item.source, item.rule, item.path, item.start) for item in found.findings] == [
        ("lint", "ruff:F401", "a.py", 4)
    ]
    assert not found.findings[0].serious
    assert [suite.name for suite in found.suites] == ["lint: ruff"]


def test_a_linter_that_is_not_configured_or_not_touched_does_not_run(house: MakeHouse) -> None:
    assert house({"a.py": OLD}, {"a.py": NEW}).prove().suites == ()


def test_linters_can_be_switched_off(house: MakeHouse) -> None:
    made = house({"ruff.toml": "", "a.py": OLD}, {"a.py": NEW})
    assert made.prove(made.bench(lint=False)).suites == ()


def test_try_tests_tells_a_model_what_is_red(house: MakeHouse) -> None:
    test = "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(1, {})\n"
    made = house({"test_a.py": test.format(2), "test_b.py": test.format(1)})
    whole = try_tests(made.bench(), Steps(), made.tree)
    assert whole.outcome.status == "failed"
    assert "2 tests: 1 passed, 1 failed" in whole.text
    assert "RED test_a.py::T::test_a" in whole.text
    assert "1 != 2" in whole.text
    part = try_tests(made.bench(), Steps(), made.tree, "test_b.py")
    assert part.outcome.status == "passed"
    assert part.outcome.counts.collected == 1
    assert try_tests(made.bench(), Steps(), made.tree, "nothing.py").outcome.status == "none"
