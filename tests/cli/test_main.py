"""`factory` itself: what stands before any command."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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
    assert exit_code([]) == 2
    said = capsys.readouterr().err
    assert said.startswith("Usage: ")
    assert "Commands:" in said


@pytest.mark.parametrize("group", [(), ("memory",)])
def test_each_command_fits_into_80_columns(group: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code([*group, "--help"]) == 0
    said = capsys.readouterr().out.partition("\n\nCommands:")[2]
    assert len(said.splitlines()) > 5
    assert [row for row in said.splitlines() if row.endswith(("...", "…"))] == []


def test_ctrl_c_is_said_and_ends_with_130(tmp_path: Path) -> None:
    issue = tmp_path / "issue.md"
    os.mkfifo(issue)
    command = [sys.executable, "-m", "factory.cli", "graph", "query", "--issue", str(issue)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        end = opened_by(process, issue)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)
        os.close(end)
    assert (process.returncode, *said) == (130, "", "factory: Interrupted.\n")


IN_ITS_IMPORTS = """
import os, signal, sys
from importlib.abc import MetaPathFinder
from factory.cli import entry

class CtrlC(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, CtrlC())
sys.argv = ["factory", "--version"]
{before}
entry.main()
"""


def test_ctrl_c_while_the_modules_are_read_is_said_in_one_line() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", IN_ITS_IMPORTS.format(before="")], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "factory: Interrupted.\n")


def test_who_ignores_ctrl_c_goes_on_ignoring_it() -> None:
    ignored = IN_ITS_IMPORTS.format(before="signal.signal(signal.SIGINT, signal.SIG_IGN)")
    ended = subprocess.run([sys.executable, "-c", ignored], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("factory ")


def opened_by(process: subprocess.Popen[str], pipe: Path) -> int:
    """Our end of a pipe that the process reads: from then on it waits for us."""
    while process.poll() is None:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            time.sleep(0.01)
    raise AssertionError(process.communicate())
