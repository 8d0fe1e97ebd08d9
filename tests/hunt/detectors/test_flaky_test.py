"""A test that fails by chance."""

from pathlib import Path

from tests.hunt.trees import found

TIGHT = "import time\n\n\ndef test_a():\n    start = time.time()\n    assert time.time() - start < 1\n"


def test_only_tests_can_be_flaky(tmp_path: Path) -> None:
    assert [each.start for each in found(tmp_path / "a", "flaky-test", {"tests/test_a.py": TIGHT}, confidence=0.6)] == [
        6
    ]
    assert not found(tmp_path / "b", "flaky-test", {"src/a.py": TIGHT}, confidence=0.6)


def test_a_pause_alone_is_below_the_default_confidence(tmp_path: Path) -> None:
    code = "import time\n\n\ndef test_a(w):\n    time.sleep(1)\n    assert w.done\n"
    assert not found(tmp_path / "a", "flaky-test", {"tests/test_a.py": code}, confidence=0.6)
    assert len(found(tmp_path / "b", "flaky-test", {"tests/test_a.py": code}, confidence=0.5)) == 1
