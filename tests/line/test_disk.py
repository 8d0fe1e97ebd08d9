"""The disk that the state lies on: full, out of inodes, read-only; before a run and in the middle of one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.line.targets import git, repository
from tests.line.test_bad_input import TINY

FACTORY = f"{sys.executable} -m factory.cli"
BROKEN = Path(__file__).parent / "broken_disk.py"
DAMAGED = Path(__file__).parent / "damaged_state.py"
ROOT = Path(__file__).parent.parent.parent


def mounted(folder: Path, options: str, script: str) -> str:
    """What `script` says with `small` in the current folder mounted as a file system of its own, the state in it."""
    (folder / "small").mkdir()
    (folder / "empty.toml").write_text("[checks]\nlint = false\n")
    repository(folder / "r", TINY)
    before = (
        f"mount -t tmpfs -o {options},mode=700 none small && mkdir -m 700 small/state; "
        "export FACTORY_STATE=$PWD/small/state; exec 2>&1; "
    )
    user = [] if os.geteuid() == 0 else ["-Ur"]
    done = subprocess.run(
        ["unshare", *user, "-m", "sh", "-c", before + script], capture_output=True, text=True, check=False, cwd=folder,
        timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "Traceback" not in done.stdout, done.stdout
    return done.stdout


def test_box_03_a_run_does_not_start_on_such_a_disk(tmp_path: Path) -> None:
    """BOX-03: read-only or without inodes: refused before anything begins, with a sentence; doctor says it too."""
    run = f"{FACTORY} run --repo r --task tidy --config empty.toml"
    said = mounted(
        tmp_path, "size=100m,nr_inodes=600",
        f"{run}; echo inodes=$?; {FACTORY} doctor | grep -i inodes; mount -o remount,nr_inodes=100000 small; "
        f"{FACTORY} runs list; mount -o remount,ro small; {run}; echo read-only=$?; {FACTORY} doctor | grep -i writ; "
        f"mount -o remount,rw small; {run} >small/out; echo well=$?",
    )  # fmt: skip
    assert "inodes=4" in said
    assert said.count("(inodes)") == 2
    assert "read-only=4" in said
    assert said.count("Cannot write") == 2
    assert "well=0" in said, said
    assert len(git(tmp_path / "r", "for-each-ref", "--format=%(refname)", "refs/heads/factory").split()) == 1


@pytest.mark.parametrize("how", ["full", "inodes"])
def test_in_the_middle_it_keeps_room_for_the_last_words(tmp_path: Path, how: str) -> None:
    """BOX-01, BOX-03: full while a run works: the room set aside is given up for record and report; then it goes on."""
    said = mounted(
        tmp_path, "size=80m,nr_inodes=4000",
        f"{sys.executable} {BROKEN} r empty.toml verify {how} small; echo first=$?; ls small/state/runs/*; "
        f"rm -rf small/filler small/many; {FACTORY} resume last --config empty.toml; echo second=$?",
    )  # fmt: skip
    assert "record: disk_full: No " in said, said
    assert "first=4" in said
    assert "report.html" in said.partition("first=4")[2].partition("second")[0]
    assert "second=0" in said, said


def test_box_03_read_only_in_the_middle(tmp_path: Path) -> None:
    """BOX-03: what cannot be written down is said: the run ends with a sentence, and goes on when the disk is back."""
    said = mounted(
        tmp_path, "size=80m",
        f"{sys.executable} {BROKEN} r empty.toml verify read-only small; echo first=$?; umount small/state/runs; "
        f"{FACTORY} resume last --config empty.toml; echo second=$?",
    )  # fmt: skip
    assert "state_unusable: " in said, said
    assert "read-only" in said
    assert "first=4" in said
    assert "second=0" in said, said


def test_box_05_a_disk_that_fills_up_while_the_database_is_rebuilt(tmp_path: Path) -> None:
    """BOX-05: nothing gets the database's name that is not whole: what was spent is known when there is room again."""
    damaged = f"{sys.executable} {DAMAGED} small/state"
    room = [f"{damaged} room {size}; {FACTORY} runs list; echo end=$?" for size in range(1000, 12000, 1500)]
    said = mounted(
        tmp_path, "size=90m",
        f"{damaged} make; {'; '.join(room)}; rm -f small/filler; {FACTORY} runs list; echo well=$?; {damaged} spent",
    )  # fmt: skip
    assert "end=4" in said, said
    assert "end=3" not in said, said
    assert "well=0" in said
    assert "spent=50000" in said, said
