"""Code that nothing uses or reaches."""

from pathlib import Path

from tests.hunt.trees import found


def test_an_import_that_another_file_takes_from_here_is_used(tmp_path: Path) -> None:
    lonely: dict[str, str | bytes] = {"src/amounts.py": "from decimal import Decimal\n\nZERO = 0\n"}
    taken = {
        **lonely,
        "src/prices.py": "from .amounts import (\n    Decimal,  # ours\n    ZERO,\n)\n\nprint(Decimal, ZERO)\n",
    }
    assert [each.evidence for each in found(tmp_path / "a", "unused-code", lonely, confidence=0.6)] == ["Decimal"]
    assert not found(tmp_path / "b", "unused-code", taken, confidence=0.6)
