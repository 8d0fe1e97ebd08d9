"""Definitions that nobody uses."""

from pathlib import Path

from tests.hunt.trees import found

DEAD = "def forgotten_helper():\n    return 1\n"


def test_one_mention_anywhere_is_a_use(tmp_path: Path) -> None:
    assert [each.start for each in found(tmp_path / "a", "dead-code", {"a.py": DEAD})] == [1]
    assert not found(tmp_path / "b", "dead-code", {"a.py": DEAD, "cron.yaml": "run forgotten_helper\n"})


def test_a_library_may_have_names_that_only_others_use(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a.py": DEAD, "pyproject.toml": "[build-system]\nrequires = []\n"}
    assert not found(tmp_path, "dead-code", files)
