"""Hosts, URLs and ports."""

from pathlib import Path

import pytest

from tests.hunt.trees import found


@pytest.mark.parametrize("text", ["999.1.1.1", "10.0.0.0/8", "1.2.3.4", "127.0.0.1:80", "http://192.0.2.7/x", "10.1"])
def test_what_looks_like_an_address_and_is_no_machine(tmp_path: Path, text: str) -> None:
    assert not found(tmp_path, "hardcoded-address", {"a.py": f"def f(g):\n    return g({text!r})\n"})


def test_the_message_says_which_address(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "hardcoded-address", {"a.py": "def f(g):\n    return g('10.9.8.7:80')\n"})
    assert "10.9.8.7:80" in finding.message
    assert finding.category == "CWE-1051"
