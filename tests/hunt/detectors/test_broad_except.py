"""Exception caught and answered with a value."""

from pathlib import Path

from tests.hunt.trees import found

TRIES = """
def f(r):
    try:
        a = r.a()
        b = a.b
        return b.c
    except Exception:
        return None
"""


def test_it_is_kept_below_the_default_confidence(tmp_path: Path) -> None:
    """Half of them were meant so in real code."""
    assert not found(tmp_path / "a", "broad-except", {"a.py": TRIES}, confidence=0.6)
    (each,) = found(tmp_path / "b", "broad-except", {"a.py": TRIES}, confidence=0.5)
    assert "f()" in each.message
