"""`factory` itself: what stands before any command."""

import pytest

from factory.cli.main import exit_code


def test_the_version_is_one_line_that_the_setup_action_compares(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["--version"]) == 0
    printed = capsys.readouterr().out
    name, _, version = printed.strip().partition(" ")
    assert name == "factory"
    assert version.count(".") == 2
    assert printed.count("\n") == 1


def test_no_argument_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code([])
    assert "Commands:" in capsys.readouterr().err
