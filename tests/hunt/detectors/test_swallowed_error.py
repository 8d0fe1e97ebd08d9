"""Errors that vanish."""

from pathlib import Path

from tests.hunt.trees import found

GAP = """
def f(rows, out):
    for row in rows:
        try:
            out.append(row.x)
        except Exception:
            pass
"""


def test_what_leaves_a_gap_is_reported_and_what_only_acts_is_not(tmp_path: Path) -> None:
    gap = GAP
    act = gap.replace("out.append(row.x)", "row.beep()")
    assert [each.start for each in found(tmp_path / "a", "swallowed-error", {"a.py": gap}, confidence=0.6)] == [6]
    assert not found(tmp_path / "b", "swallowed-error", {"a.py": act}, confidence=0.6)
    assert len(found(tmp_path / "c", "swallowed-error", {"a.py": act}, confidence=0.5)) == 1
