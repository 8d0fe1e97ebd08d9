"""A whole run of the line whose only endpoint is the gateway's port: nothing is booked twice, nothing is lost."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from factory.git import run_git
from factory.llm.providers.script import read_script
from factory.serve.scripted import serving
from tests.serve.conftest import Start

SHOP = Path(__file__).parents[2] / "examples" / "shop"
LINE = """
[endpoints.box]
wire = "openai"
url = "{url}/v1"
model = "near"
factory = true
logprobs = true
[line]
coding = "write"
[checks]
lint = false
"""


def test_the_demos_task_runs_through_the_gateway(tmp_path: Path, box: Start) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(SHOP / "repo", shop, ignore=shutil.ignore_patterns("__pycache__"))
    who = {f"GIT_{kind}_{key}": "a@example.org" for kind in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "shop")):
        run_git(shop, *words, env=who)
    with serving(read_script(SHOP / "box.json")) as script:
        gate = box(endpoints={"near": {"url": f"{script}/v1", "factory": True, "max_output": 32_768}})
        config = tmp_path / "line.toml"
        config.write_text(LINE.format(url=gate.url))
        command = [sys.executable, "-m", "factory.cli", "run", "--repo", str(shop), "--config", str(config)]
        environment = {**os.environ, "FACTORY_STATE": str(tmp_path / "state")}
        done = subprocess.run(
            [*command, "--issue", str(SHOP / "issue.md")], env=environment, capture_output=True, text=True, timeout=240
        )
        assert "ACCEPT" in done.stdout, done.stdout + done.stderr
        gate.stop()
        ours = gate.rows("SELECT SUM(calls), SUM(tokens_in), SUM(cost) FROM spend WHERE kind = 'serve'")[0]
    lines = subprocess.run(
        [sys.executable, "-m", "factory.cli", "ledger", "cost", "last", "--json"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = json.loads(lines.stdout)
    assert ours == (sum(row["calls"] for row in rows), sum(row["tokens_in"] for row in rows), 0)
