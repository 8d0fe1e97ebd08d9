"""Opened and never closed."""

from pathlib import Path

from tests.hunt.trees import found


def test_the_opener_is_named(tmp_path: Path) -> None:
    code = "import gzip\n\n\ndef f(p):\n    data = gzip.open(p)\n    return data.read()\n"
    (each,) = found(tmp_path, "resource-leak", {"a.py": code}, confidence=0.6)
    assert each.message.startswith("data is opened with `gzip.open` and never closed")
    assert "`with`" in each.fix
