"""Ctrl-C and SIGTERM: a clean stop with 130, then resume."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.line.targets import FACTORY, SHOP, answers, factory, result, shop, shop_settings

pytestmark = pytest.mark.kill


def begun(repo: Path, config: Path, state: Path, sign: str) -> "subprocess.Popen[str]":
    """A run on the shop's issue that has come so far that it says `sign`."""
    command = [*FACTORY, "run", "--repo", repo, "--issue", SHOP / "issue.md", "--config", config]
    process = subprocess.Popen(
        [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "FACTORY_STATE": str(state)},
    )  # fmt: skip
    assert process.stderr
    for line in process.stderr:
        if sign in line:
            return process
    raise AssertionError(f"The run ended before it said {sign!r}.")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_and_resumed(tmp_path: Path, number: signal.Signals) -> None:
    repo, config, state = shop(tmp_path / "shop"), shop_settings(tmp_path / "c"), tmp_path / "state"
    script = answers("box")
    for reply in script["replies"]:  # the units wait long enough to be interrupted in the middle
        if reply["role"] in ("backend", "frontend"):
            reply["delay_s"] = 60
    (tmp_path / "c" / "box.json").write_text(json.dumps(script))
    process = begun(repo, config, state, "unit backend: start")
    time.sleep(1.5)  # by now both hang on their answers
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "factory resume" in out
    assert list(state.glob("runs/*/report.html")), "an interrupted run has a last word too"
    for reply in script["replies"]:
        reply.pop("delay_s", None)
    # the script is part of the run's settings by its path: the same answers, without the wait
    (tmp_path / "c" / "box.json").write_text(json.dumps(script))
    done = factory(state, "resume", "last", "--json")
    assert done.returncode == 0, done.stderr
    assert result(done)["decision"] == "accept"


def test_interrupted_while_the_tests_run(tmp_path: Path) -> None:
    """The process ends at once and takes the sandbox with it."""
    repo, config, state = shop(tmp_path / "shop"), shop_settings(tmp_path / "c"), tmp_path / "state"
    config.write_text(config.read_text().replace("lint = false", "lint = false\ntests = ['sleep 61.25']"))
    process = begun(repo, config, state, "check tests: start")
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    time.sleep(1)
    left = subprocess.run(["pgrep", "-f", "sleep 61.25"], capture_output=True, text=True, check=False).stdout.split()
    assert not left, "a sandboxed process outlived the factory"
