"""The status page of a whole box: the fleet's cards and models, its swaps, and what travels in the wheel."""

import os
import re
import subprocess
import time
import zipfile
from pathlib import Path

import httpx
import pytest

from factory.app import SystemClock
from factory.contracts.engines import ProfileSettings
from factory.db import Database
from factory.gpu.double import make
from factory.ledger.migrations import MIGRATIONS
from factory.serve.box import box
from factory.serve.server import serving
from factory.settings import Settings
from tests.gpu.boxes import LONG_S, model

ROOT = Path(__file__).parent.parent.parent
TAKE_TURNS = {"dev": ProfileSettings(swap=("*",), min_loaded_s=0, max_wait_s=2)}


def shown(client: httpx.Client, url: str) -> dict[str, str]:
    """The page's sections by their ids."""
    return dict(re.findall(r'<section id="(\w+)">(.*?)</section>', client.get(url).text, re.DOTALL))


def test_cards_models_and_swaps_are_those_of_the_fleet(tmp_path: Path) -> None:
    make(tmp_path / "cards.json", 1, host_free=2**38)
    models = {"a": model(tmp_path), "b": model(tmp_path)}
    settings = Settings.model_validate({"models": models, "profiles": TAKE_TURNS, "serve": {"port": 0}})
    db = Database(tmp_path / "factory.db", MIGRATIONS)
    environment = {**os.environ, "FACTORY_DEVICE": str(tmp_path / "cards.json")}
    with (
        httpx.Client(timeout=LONG_S, trust_env=False) as client,
        box(settings, tmp_path / "state", db, SystemClock(), lambda event, facts: None, environment) as parts,
        serving(parts) as url,
    ):
        for name in "ab":
            body = {"model": name, "max_tokens": 20, "messages": [{"role": "user", "content": "hi"}]}
            assert client.post(f"{url}/v1/chat/completions", json=body).status_code == 200
        sections = shown(client, url)
        end = time.monotonic() + LONG_S
        while sections["places"].count("answers</span>") < 2:  # counted when the answer has left
            assert time.monotonic() < end, sections["places"]
            time.sleep(0.1)
            sections = shown(client, url)
    assert "profile dev" in sections["cards"]
    assert "24.0 GiB" in sections["cards"]
    assert re.search(r"<title>b: \d+\.\d GiB</title>", sections["cards"])
    assert '<th scope="row">a</th>' in sections["models"]
    assert '<span class="badge good">ready</span>' in sections["models"]
    assert "Model is up" in sections["events"]
    assert "Swap" in sections["events"]


@pytest.mark.network
def test_the_templates_travel_in_the_wheel(tmp_path: Path) -> None:
    subprocess.run(
        ["uv", "build", "--wheel", "--quiet", "--out-dir", str(tmp_path), str(ROOT)], check=True, timeout=300
    )
    (wheel,) = tmp_path.glob("*.whl")
    here = {path.name for path in (ROOT / "factory/serve/templates").iterdir()}
    there = {Path(name).name for name in zipfile.ZipFile(wheel).namelist() if "serve/templates/" in name}
    assert {"page.html", "status.css", "status.js"} <= there == here
