"""The whole line over real HTTP: the openai and the anthropic SDK against the scripted server, on each wire."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.llm.providers.script import Script
from factory.serve.scripted import serving
from tests.line.targets import SHOP, answers, factory, git, result, shop

SETTINGS = """
[endpoints.box]
wire = "{wire}"
url = "{box}"
model = "m-27b"
key_env = "BOX_KEY"
logprobs = true

[endpoints.frontier]
wire = "{wire}"
url = "{frontier}"
model = "m-frontier"
tier = "frontier"
key_env = "BOX_KEY"
price_in = 3
price_out = 15

[[chain]]
roles = ["genesis"]
endpoints = ["box", "frontier"]

[[chain]]
endpoints = ["box"]

[line]
coding = "write"
escalate_to = "frontier"

[checks]
lint = false
"""


def script(name: str, model: str) -> Script:
    found = answers(name)
    if name == "frontier":  # a cloud endpoint is not told which role asks, so its answers go by order alone
        found["replies"] = [{**reply, "role": "", "template": ""} for reply in found["replies"]]
    return Script.model_validate({**found, "label": model})


@pytest.fixture
def servers() -> Iterator[tuple[str, str]]:
    with serving(script("box", "m-27b")) as box, serving(script("frontier", "m-frontier")) as frontier:
        yield box, frontier


@pytest.mark.parametrize("wire", ["openai", "anthropic"])
def test_the_line_over_http(tmp_path: Path, servers: tuple[str, str], wire: str) -> None:
    repo = shop(tmp_path / "shop")
    urls = [f"{url}/v1" if wire == "openai" else url for url in servers]
    config = tmp_path / "factory.toml"
    config.write_text(SETTINGS.format(wire=wire, box=urls[0], frontier=urls[1]))
    arguments = ("--repo", repo, "--issue", SHOP / "issue.md", "--config", config, "--json")
    done = factory(tmp_path / "state", "run", *arguments, BOX_KEY="sk-test-not-a-real-key-123456")
    assert done.returncode == 0, done.stderr
    value = result(done)
    record = json.loads(Path(value["run_json"]).read_text())
    assert [each["decision"] for each in record["rounds"]] == ["go_on", "accept"]
    assert record["verdict"]["tier"] == "frontier"
    assert "Demiurge" not in git(repo, "log", "--format=%B", value["branch"])
    everything = "".join(path.read_text(errors="replace") for path in (tmp_path / "state").rglob("*") if path.is_file())
    assert "sk-test-not-a-real-key" not in everything, "a key must not be written anywhere"
    again = factory(tmp_path / "state", "replay", "last")
    assert again.returncode == 0, again.stderr
