"""Paths of one machine."""

from pathlib import Path

from tests.hunt.trees import found


def test_the_message_names_whose_machine_it_is(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "hardcoded-path", {"a.py": "DATA = '/home/mwagner/data.csv'\n"})
    assert "mwagner" in finding.message


def test_settings_and_examples_may_have_them(tmp_path: Path) -> None:
    text = "DATA = '/home/mwagner/data.csv'\n"
    assert not found(
        tmp_path, "hardcoded-path", {"shop/settings.py": text, "examples/a.py": text, "docs/conf.py": text}
    )
