"""Ctrl-C and SIGTERM: a clean stop with 130, then resume."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.line.targets import FACTORY, SHOP, answers, factory, result, shop, shop_settings


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_and_resumed(tmp_path: Path, number: signal.Signals) -> None:
    repo, config, state = shop(tmp_path / "shop"), shop_settings(tmp_path / "c"), tmp_path / "state"
    script = answers("box")
    for reply in script["replies"]:  # the units wait long enough to be interrupted in the middle
        if reply["role"] in ("backend", "frontend"):
            reply["delay_s"] = 60
    (tmp_path / "c" / "box.json").write_text(json.dumps(script))
    command = [*FACTORY, "run", "--repo", repo, "--issue", SHOP / "issue.md", "--config", config]
    process = subprocess.Popen(
        [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "FACTORY_STATE": str(state)},
    )  # fmt: skip
    assert process.stderr
    for line in process.stderr:
        if "unit backend: start" in line:
            break
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
