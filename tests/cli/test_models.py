"""`factory models`: says what works at each endpoint."""

import json
import os
import subprocess
import sys
from pathlib import Path

from factory.llm.providers.script import Script
from factory.serve.scripted import serving

ROOT = Path(__file__).parents[2]
WORKS = Script.model_validate(
    {
        "replies": [
            {"template": "models/answer", "text": "ready", "repeat": True},
            {"template": "models/structured", "text": '{"colour": "red", "reason": "why not"}', "repeat": True},
            {"template": "models/tool", "calls": [{"name": "add", "arguments": {"a": 2, "b": 3}}], "repeat": True},
        ]
    }
)
CANNOT = Script.model_validate({"replies": [{"text": "I am a teapot.", "repeat": True}]})


def factory(folder: Path, config: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "factory.toml").write_text(config)
    code = "import sys; from factory.cli.main import exit_code; sys.exit(exit_code(sys.argv[1:]))"
    command = [sys.executable, "-c", code, *arguments, "--config", str(folder / "factory.toml")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FACTORY_STATE": str(folder / "state")}
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, timeout=60)


def table(name: str, url: str, wire: str = "openai", more: str = "") -> str:
    return f'[endpoints.{name}]\nwire = "{wire}"\nurl = "{url}"\nmodel = "scripted"\n{more}\n'


def test_everything_works_on_both_wires(tmp_path: Path) -> None:
    with serving(WORKS) as url:
        config = table("box", f"{url}/v1") + table("claude", url, "anthropic")
        done = factory(tmp_path, config, "models", "test", "--json")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert [(one["endpoint"], one["works"]) for one in results] == [("box", True), ("claude", True)]
    assert [check["name"] for check in results[0]["checks"]] == ["models", "answer", "structured", "tool call"]
    assert "add(" in results[0]["checks"][-1]["detail"]


def test_what_fails_is_named_and_the_exit_code_is_1(tmp_path: Path) -> None:
    with serving(CANNOT) as gone:
        pass
    with serving(CANNOT) as url:
        config = (
            table("teapot", f"{url}/v1") + table("down", f"{gone}/v1") + table("paid", url, more='tier = "frontier"')
        )
        done = factory(tmp_path, config, "models", "test")
    assert done.returncode == 1
    for word in (
        "works",
        "FAILS",
        "holds no JSON object",
        "no call of the tool",
        "is it running?",
        "costs money: paid",
    ):
        assert word in done.stdout


def test_an_unknown_name_and_no_endpoint_at_all(tmp_path: Path) -> None:
    done = factory(tmp_path, table("box", "http://127.0.0.1:9/v1"), "models", "test", "bx")
    assert (done.returncode, done.stderr.strip().rpartition("factory: ")[2]) == (
        2,
        "There is no endpoint bx; configured are: box.",
    )
    empty = factory(tmp_path, "", "models", "test")
    assert empty.returncode == 2
    assert "[endpoints.NAME]" in empty.stderr


def test_the_list_asks_nobody(tmp_path: Path) -> None:
    config = table("box", "http://127.0.0.1:9/v1") + table("new", "http://127.0.0.1:9/v1", more='tier = "rented"')
    done = factory(tmp_path, config, "models", "list")
    assert done.returncode == 0, done.stderr
    assert "unknown: never asked" in done.stdout
    listed = json.loads(factory(tmp_path, config, "models", "list", "--json").stdout)
    assert [one["name"] for one in listed] == ["box", "new"]
