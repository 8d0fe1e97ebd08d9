"""A note to come back to that nobody came back to."""

from pathlib import Path

from tests.hunt.trees import found


def test_without_history_there_is_no_age_and_nothing_is_reported(tmp_path: Path) -> None:
    code: dict[str, str | bytes] = {"a.py": "# TODO: round half up\nx = 1\n"}
    assert not found(tmp_path / "a", "todo-age", code, confidence=0.6)
    (each,) = found(tmp_path / "b", "todo-age", code, confidence=0)
    assert "of unknown age" in each.message
