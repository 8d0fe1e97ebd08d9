"""Linters that the repository configures, on base and change: only new messages count."""

import pytest

from factory.checks.prove import try_tests
from factory.contracts.evidence import Evidence
from tests.checks.conftest import Files, MakeHouse, Steps

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


def messages(found: Evidence) -> list[str]:
    return [item.rule for item in found.findings]


RUFF = '[lint]\nselect = ["F"]\n'
SILENT = {
    "an ignored rule": {"ruff.toml": '[lint]\nselect = ["F"]\nignore = ["F401"]\n'},
    "no rules": {"ruff.toml": "[lint]\nselect = []\n"},
    "no configuration": {"ruff.toml": None},
    "one that wins over it": {".ruff.toml": "[lint]\nselect = []\n"},
    "one further down": {"pkg/ruff.toml": "[lint]\nselect = []\n"},
    "one in a new pyproject.toml": {"pkg/pyproject.toml": "[tool.ruff.lint]\nselect = []\n"},
    "a list of ignored files": {".ignore": "*.py\n"},
}


@pytest.mark.parametrize("change", SILENT.values(), ids=SILENT)
def test_a_change_cannot_silence_a_linter(house: MakeHouse, change: Files) -> None:
    found = house({"ruff.toml": RUFF, "pkg/a.py": "x = 1\n"}, {"pkg/a.py": "import os\n", **change}).prove()
    assert "ruff:F401" in messages(found)
    assert any("linter" in note and next(iter(change)) in note for note in found.notes)


@pytest.mark.parametrize("name", ["pyproject.toml", pytest.param("setup.cfg", marks=pytest.mark.network)])
def test_a_section_of_a_shared_file_is_put_back_too(house: MakeHouse, name: str) -> None:
    text = {"pyproject.toml": "[tool.ruff.lint]\nselect = {}\n\n[project]\nname = 'x'\nversion = '{}'\n",
            "setup.cfg": "[flake8]\nselect = {}\n\n[metadata]\nversion = {}\n"}[name]  # fmt: skip
    strict, loose = ('["F"]', "[]") if name == "pyproject.toml" else ("F", "X")
    base = {name: text.format(strict, 1), "a.py": "x = 1\n"}
    found = house(base, {"a.py": "import os\n", name: text.format(loose, 2)}).prove()
    assert [rule.partition(":")[2] for rule in messages(found)] == ["F401"]


@pytest.mark.network
def test_a_linter_that_ran_on_the_base_only_is_a_finding(house: MakeHouse) -> None:
    """A linter that the change makes crash says nothing, and that is said."""
    made = house({"mypy.ini": "[mypy]\nplugins = plug\n", "a.py": "x = 1\n", "plug.py": PLUG},
                 {"plug.py": "raise SystemExit(3)\n", "a.py": "x: int = 'a'\n"})  # fmt: skip
    found = made.prove()
    assert messages(found) == ["mypy:lint_not_run"]
    assert not found.findings[0].serious


PLUG = "from mypy.plugin import Plugin\n\n\ndef plugin(version):\n    return Plugin\n"
