"""A whole gateway in a thread, on a free port, in front of whatever endpoints a test names."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from factory.app import SystemClock
from factory.contracts.record import Json
from factory.db import Database
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.till import Till
from factory.serve.recent import Recent
from factory.serve.server import Parts, serving
from factory.settings import Settings


@dataclass
class Box:
    """A running gateway: its URL, its database, and what it logged."""

    url: str
    db: Database
    client: httpx.Client
    said: list[tuple[str, Json]] = field(default_factory=list)
    stop: Callable[[], None] = lambda: None

    def chat(self, headers: Mapping[str, str] | None = None, **body: object) -> httpx.Response:
        asked = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 50} | body
        return self.client.post(f"{self.url}/v1/chat/completions", json=asked, headers=headers)

    def messages(self, headers: Mapping[str, str] | None = None, **body: object) -> httpx.Response:
        asked = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 50} | body
        return self.client.post(f"{self.url}/v1/messages", json=asked, headers=headers)

    def gauge(self, name: str, endpoint: str) -> float:
        page = self.client.get(f"{self.url}/metrics").text
        line = f'factory_gateway_{name}{{endpoint="{endpoint}"}} '
        return next((float(each.removeprefix(line)) for each in page.splitlines() if each.startswith(line)), 0.0)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in self.db.connection().execute(sql)]


def _keeping(said: list[tuple[str, Json]]) -> Callable[[str, Json], None]:
    return lambda event, facts: said.append((event, facts))


Start = Callable[..., Box]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Start]:
    """`box(endpoints={...}, serve={...}, …)` starts a gateway; it ends with the test."""
    with ExitStack() as stack:

        def start(environment: Mapping[str, str] | None = None, **tables: object) -> Box:
            endpoints = tables.pop("endpoints", {})
            assert isinstance(endpoints, dict)
            named = {name: {"name": name, "wire": "openai", "model": "m"} | table for name, table in endpoints.items()}
            serve = tables.pop("serve", {})
            assert isinstance(serve, dict)
            settings = Settings.model_validate({"endpoints": named, "serve": {"port": 0} | serve, **tables})
            db = Database(tmp_path / "factory.db", MIGRATIONS)
            made = Box("", db, stack.enter_context(httpx.Client(timeout=30, trust_env=False)))
            running = ExitStack()
            log = Recent(_keeping(made.said), SystemClock().now)
            most = settings.egress.of_a_day()
            till = running.enter_context(
                Till(db, settings.serve.keys, settings.budget, SystemClock(), log, most_sent=most)
            )
            parts = Parts(settings, till, log, environment or {})
            made.url = running.enter_context(serving(parts))
            made.stop = running.close
            stack.push(running)
            return made

        yield start
