"""The whole box: the port, the fleet behind it with real processes, and rented machines of a pretended cloud."""

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from factory.app import SystemClock
from factory.contracts.engines import ModelSettings, ProfileSettings
from factory.contracts.record import Json
from factory.db import Database
from factory.gpu.double import make
from factory.ledger.migrations import MIGRATIONS
from factory.serve.box import box
from factory.serve.server import serving
from factory.settings import Settings
from tests.gpu.boxes import LONG_S, model

Running = tuple[str, list[tuple[str, Json]]]  # its URL, and what it logged
TAKE_TURNS = {"dev": ProfileSettings(swap=("*",), min_loaded_s=0, max_wait_s=2)}


@contextmanager
def running(folder: Path, models: dict[str, ModelSettings], **tables: object) -> Iterator[Running]:
    device = make(folder / "cards.json", 1, host_free=2**38)
    settings = Settings.model_validate({"models": models, "profiles": TAKE_TURNS, "serve": {"port": 0}, **tables})
    said: list[tuple[str, Json]] = []
    db = Database(folder / "factory.db", MIGRATIONS)
    environment = {**os.environ, "FACTORY_DEVICE": str(folder / "cards.json")}
    state = folder / "state"
    with (
        box(settings, state, db, SystemClock(), lambda event, facts: said.append((event, facts)), environment) as parts,
        serving(parts) as url,
    ):
        yield url, said
    left = [use for card in device.cards() for use in card.processes or ()]
    assert not left, "an engine outlived the server"


def ask(client: httpx.Client, url: str, name: str, text: str) -> httpx.Response:
    body = {"model": name, "max_tokens": 20, "messages": [{"role": "user", "content": text}]}
    return client.post(f"{url}/v1/chat/completions", json=body)


def test_swaps_under_load_lose_and_double_no_request(tmp_path: Path) -> None:
    models = {"a": model(tmp_path), "b": model(tmp_path)}
    with running(tmp_path, models) as (url, said), httpx.Client(timeout=LONG_S, trust_env=False) as client:
        texts = [f"question {number}" for number in range(24)]

        def one(number: int) -> httpx.Response:
            return ask(client, url, "ab"[number // 3 % 2], texts[number])

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(one, range(len(texts))))
        assert [answer.status_code for answer in answers] == [200] * len(texts)
        wanted = ["ab"[number // 3 % 2] for number in range(len(texts))]
        assert [answer.headers["x-factory-endpoint"] for answer in answers] == wanted
        assert all(text.split()[1] in answer.text for text, answer in zip(texts, answers, strict=True))
        assert sum(event == "up" for event, _ in said) >= 2


def test_messages_reach_an_engine_and_a_killed_one_is_started_again(tmp_path: Path) -> None:
    with (
        running(tmp_path, {"a": model(tmp_path)}) as (url, _),
        httpx.Client(timeout=LONG_S, trust_env=False) as client,
    ):
        body = {"model": "a", "max_tokens": 20, "messages": [{"role": "user", "content": "hello there"}]}
        first = client.post(f"{url}/v1/messages", json=body)
        assert (first.status_code, first.json()["type"]) == (200, "message")
        os.kill(_pid(tmp_path), signal.SIGKILL)
        end = time.monotonic() + LONG_S
        codes = []
        while time.monotonic() < end and codes[-1:] != [200]:
            codes.append(client.post(f"{url}/v1/messages", json=body).status_code)
            time.sleep(0.2)
        assert codes[-1] == 200
        assert set(codes[:-1]) <= {502, 503}


def test_what_is_not_loaded_falls_to_the_next_of_its_chain(tmp_path: Path) -> None:
    bad = model(tmp_path, 8, "--fake-crash", "oom")
    chain = [{"name": "both", "endpoints": ["bad", "good"]}]
    with (
        running(tmp_path, {"bad": bad, "good": model(tmp_path, 8)}, chain=chain) as (url, _),
        httpx.Client(timeout=LONG_S, trust_env=False) as client,
    ):
        said = ask(client, url, "both", "hi")
        assert (said.status_code, said.headers["x-factory-endpoint"]) == (200, "good")
        assert said.headers["x-factory-fallback"] == "bad (model_unusable)"
        alone = ask(client, url, "bad", "hi")
        assert alone.status_code == 502
        assert "bad" in alone.json()["error"]["message"]


def _pid(folder: Path) -> int:
    cards = json.loads((folder / "cards.json").read_text())
    return int(cards["held"][0]["pid"])


def test_orders_are_answered_on_this_machine(tmp_path: Path) -> None:
    profiles = TAKE_TURNS | {"one": ProfileSettings(up=("b",))}
    models = {"a": model(tmp_path, 8), "b": model(tmp_path, 8)}
    with (
        running(tmp_path, models, profiles=profiles) as (url, _),
        httpx.Client(timeout=LONG_S, trust_env=False) as client,
    ):
        assert ask(client, url, "a", "hi").status_code == 200
        fleet = client.get(f"{url}/factory/fleet").json()
        assert [card["map"] for card in fleet["cards"]]
        switch = client.post(f"{url}/factory/profile", json={"name": "one"}).json()
        assert (switch["done"], switch["profile"], switch["before"]) == (True, "one", "dev")
        assert ask(client, url, "a", "hi").status_code == 502  # not in this profile
        assert client.post(f"{url}/factory/profile", json={"name": "nothing"}).status_code == 400
        assert client.post(f"{url}/factory/profile", content=b"{").status_code == 400
        assert client.get(f"{url}/factory/nothing").status_code == 404
        assert client.get(f"{url}/factory/fleet", headers={"origin": "https://evil.example"}).status_code == 403
