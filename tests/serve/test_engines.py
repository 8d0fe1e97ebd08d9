"""What the keeper of engines and rented machines is told of a request."""

import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from factory.app import SystemClock
from factory.contracts.model import Endpoint
from factory.contracts.record import Json
from factory.db import Database
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.till import Till
from factory.serve.ask import Ask
from factory.serve.engines import External
from factory.serve.recent import Recent
from factory.serve.server import Parts, serving
from factory.serve.upstream import Failed
from factory.settings import Settings
from tests.serve.upstream_double import Sleep, Step, upstream, whole

LONG_S = 30.0


class Rented(External):
    """Every machine is off. `queued` is what it was told of those that wait."""

    def __init__(self) -> None:
        self.queued: list[int] = []

    @asynccontextmanager
    async def seat(self, endpoint: Endpoint, ask: Ask) -> AsyncIterator[Endpoint]:
        self.queued.append(ask.queued)
        raise Failed("refused", f"{endpoint.name} is off", broken=False)
        yield endpoint


def test_it_is_told_how_many_wait_here(tmp_path: Path) -> None:
    """`wake_queue` of a rented machine counts them."""
    on = threading.Event()

    def held(body: Json, number: int) -> Iterator[Step]:
        while not on.is_set():
            yield Sleep(0.02)
        yield whole()

    rented, clock = Rented(), SystemClock()
    with upstream(held) as near, ThreadPoolExecutor(4) as pool:
        endpoints = {"near": {"name": "near", "wire": "openai", "url": near.url, "parallel": 1, "model": "m"},
                     "far": {"name": "far", "wire": "openai", "tier": "rented", "model": "f",
                             "price_in": 0, "price_out": 0}}  # fmt: skip
        settings = Settings.model_validate({"endpoints": endpoints, "serve": {"port": 0, "ceiling": "rented"}})
        log = Recent(lambda event, facts: None, clock.now)
        till = Till(Database(tmp_path / "factory.db", MIGRATIONS), {}, settings.budget, clock, log)
        client = httpx.Client(timeout=LONG_S, trust_env=False)
        with client, till, serving(Parts(settings, till, log, {}, rented)) as url:

            def ask(model: str) -> int:
                body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
                return client.post(f"{url}/v1/chat/completions", json=body).status_code

            assert ask("far") == 400
            three = [pool.submit(ask, "near") for _ in range(3)]
            end = time.monotonic() + LONG_S
            while 'queued{endpoint="near"} 2.0' not in client.get(f"{url}/metrics").text:
                assert time.monotonic() < end
                time.sleep(0.02)
            assert ask("far") == 400
            on.set()
            assert [each.result(LONG_S) for each in three] == [200] * 3
    assert rented.queued == [0, 2]
