"""What a job finds inside and what comes back of it."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from factory.contracts.errors import GitProblem, SandboxProblem, UsageProblem
from factory.contracts.sandbox import Job
from factory.contracts.tables import SandboxSettings
from factory.git import Store
from factory.sandbox.bubblewrap import Bubblewrap
from tests.sandbox.conftest import SMALL, Python


def test_the_tree_is_exported_as_it_is(shell: Python) -> None:
    result = shell("ls -A | sort; ./run.sh; readlink link; cat src/app.py; git status 2>&1; pwd")
    assert result.status == "exited"
    assert result.output.splitlines()[:6] == [".gitattributes", "link", "run.sh", "src", "with space é.txt", "ran"]
    assert "src/app.py\nANSWER = 42\nfatal: not a git repository" in result.output
    assert result.output.endswith("/work\n")


def test_files_are_younger_than_1980(python: Python) -> None:
    result = python("import os; print(min(os.lstat(n).st_mtime for n in os.listdir()) > 315532800)")
    assert result.output == "True\n"


def test_exit_codes_and_signals(shell: Python) -> None:
    assert shell("exit 3").exit_code == 3
    assert shell("kill -9 $$").exit_code == 137
    missing = shell("nosuchprogram")
    assert (missing.status, missing.exit_code) == ("exited", 127)


def test_a_command_that_is_not_there(sandbox: Bubblewrap, tree: str) -> None:
    result = sandbox.run(Job(tree=tree, command=("nosuchprogram",), limits=SMALL))
    assert (result.exit_code, result.output) == (127, "nosuchprogram: not found\n")


def test_overlay_and_absent(shell: Python) -> None:
    result = shell(
        "cat src/app.py new/deep/file.txt; ls; ./run.sh",
        overlay={"src/app.py": b"ANSWER = 43\n", "new/deep/file.txt": b"new\n", "run.sh": b"#!/bin/sh\necho other\n"},
        absent=("link", "nosuch/file", "with space é.txt"),
    )
    assert result.output == "ANSWER = 43\nnew\nnew\nrun.sh\nsrc\nother\n"


def test_an_overlay_replaces_a_symlinked_folder_instead_of_following_it(shell: Python) -> None:
    result = shell("ls -ld link | cut -c1; cat link/inner", overlay={"link/inner": b"ours\n"})
    assert result.output == "d\nours\n"
    assert shell("cat link", absent=("link/inner",)).output == "ANSWER = 42\n"


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x"])
def test_an_overlay_cannot_leave_the_tree(sandbox: Bubblewrap, tree: str, path: str) -> None:
    with pytest.raises(SandboxProblem, match="bad path"):
        sandbox.run(Job(tree=tree, command=("true",), limits=SMALL, overlay={path: b""}))


def test_what_lies_in_out_comes_back(shell: Python) -> None:
    result = shell(
        "mkdir /out/sub; echo hi > /out/sub/a; ln -s /etc/passwd /out/link; mkfifo /out/fifo; "
        "head -c 17M /dev/zero > /out/big"
    )
    assert result.files == {"sub/a": b"hi\n"}
    assert result.truncated


def test_programs_and_environment(shell: Python) -> None:
    result = shell(
        "env | sort; python --version; python3 -c 'import sqlite3, ssl, ctypes'; uv --version; ruff --version; ls -A ~",
        env={"EXTRA": "yes"},
    )
    lines = result.output.splitlines()
    assert {"CI=1", "EXTRA=yes", "HOME=/home/sandbox", "LC_ALL=C.UTF-8", "TMPDIR=/tmp", "USER=sandbox"} <= set(lines)
    assert [line.split()[0] for line in lines[-3:]] == ["Python", "uv", "ruff"]
    (path,) = [line for line in lines if line.startswith("PATH=")]
    assert path.startswith("PATH=/deps/venv/bin:/factory/bin:")
    assert path.endswith("/usr/local/bin:/usr/bin:/bin")


def test_background_processes_end_with_the_command(shell: Python) -> None:
    began = time.monotonic()
    result = shell("sleep 60 & (setsid sleep 60 &) ; echo done")
    assert (result.status, result.output) == ("exited", "done\n")
    assert time.monotonic() - began < 10


def test_nobody_inside_can_forge_or_stop_the_report(python: Python) -> None:
    """The process that reports is process 1: it cannot be killed, and its descriptors cannot be opened."""
    program = """
import os, signal
os.kill(1, signal.SIGKILL); os.kill(1, signal.SIGSTOP); os.kill(1, signal.SIGTERM)
for name in ["mem", "environ", "maps", *(f"fd/{number}" for number in range(32))]:
    for mode in ("rb", "wb"):
        try:
            open(f"/proc/1/{name}", mode)
            print(name, "OPEN")
        except (PermissionError, FileNotFoundError):
            print("refused")
"""
    result = python(program)
    assert result.status == "exited"
    assert "OPEN" not in result.output
    assert result.output.count("refused") == 2 * 35


def test_an_unknown_tree_is_a_git_problem(sandbox: Bubblewrap) -> None:
    with pytest.raises(GitProblem, match="cannot be exported"):
        sandbox.run(Job(tree="0" * 40, command=("true",), limits=SMALL))


def test_an_environment_must_have_been_installed(sandbox: Bubblewrap, tree: str) -> None:
    with pytest.raises(SandboxProblem, match="not installed"):
        sandbox.run(Job(tree=tree, command=("true",), deps="nosuch"))
    with pytest.raises(UsageProblem, match="cannot name"):
        sandbox.run(Job(tree=tree, command=("true",), deps="../../etc"))


def test_many_at_once(sandbox: Bubblewrap, tree: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        jobs = [Job(tree=tree, command=("sh", "-c", f"echo {n}"), limits=SMALL) for n in range(12)]
        assert [result.output for result in pool.map(sandbox.run, jobs)] == [f"{n}\n" for n in range(12)]


def test_pth_13_the_state_folder_must_be_our_own(store: Store, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    with pytest.raises(UsageProblem, match="symlink"):
        Bubblewrap(store, tmp_path / "link", SandboxSettings())
    real.chmod(0o777)
    with pytest.raises(UsageProblem, match="writable by others"):
        Bubblewrap(store, real, SandboxSettings())
