"""A command for a shell, made of values."""

from pathlib import Path

from tests.hunt.trees import found


def graded(tmp_path: Path, code: str) -> list[tuple[str, float]]:
    rows = found(tmp_path, "shell-command", {"a.py": f"import subprocess\n\n\ndef f(x):\n    {code}\n"}, confidence=0)
    return [(each.severity, each.confidence) for each in rows]


def test_built_ones_weigh_most_and_fixed_ones_least(tmp_path: Path) -> None:
    assert graded(tmp_path / "a", 'subprocess.run(f"ls {x}", shell=True)') == [("high", 0.55)]
    assert graded(tmp_path / "r", 'subprocess.run(f"ls {x.request.form}", shell=True)') == [("high", 0.9)]
    assert graded(tmp_path / "o", 'subprocess.run(f"ls {f.x}", shell=True)') == [("high", 0.5)]
    assert graded(tmp_path / "b", "subprocess.run(x, shell=True)") == [("medium", 0.5)]
    assert graded(tmp_path / "c", 'subprocess.run("ls | wc", shell=True)') == [("low", 0.4)]
    assert graded(tmp_path / "d", 'subprocess.run(["ls", x])') == []
