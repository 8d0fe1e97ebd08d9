"""A client on a real database, with a clock that runs as fast as it is asked and a journal in memory."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from factory.contracts.errors import BadReply
from factory.contracts.model import Endpoint, Message, Model, Reply, Request
from factory.contracts.record import Json, R, Record, digest_of
from factory.db import Database
from factory.ledger.egress import Egress
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.spend import Spend
from factory.llm.client import Account, Client, Heard
from factory.llm.models import models
from factory.llm.providers.script import Script
from factory.settings import Settings

ACCOUNT = Account(run="run-1", issue="7")


class FastClock:
    """Sleeping costs nothing and is written down."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def now(self) -> str:
        return "2026-11-20T10:00:00.000Z"

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@dataclass
class MemoryScope:
    """Implements contracts.seams.Scope; a second one made with the same `steps` answers from them."""

    steps: list[tuple[str, str, str]] = field(default_factory=list)  # kind, digest of the request, output
    at: int = 0
    place: tuple[str, str, str] = ("run-1", "plan", "")

    def step(self, kind: str, request: Record, work: Callable[[], R], output: type[R]) -> R:
        n, self.at = self.at, self.at + 1
        if n < len(self.steps):
            assert self.steps[n][:2] == (kind, digest_of(request)), f"step {n} differs from the recording"
            return output.from_json(self.steps[n][2])
        made = work()
        self.steps.append((kind, digest_of(request), made.to_json()))
        return made


@dataclass
class Bench:
    """Everything around one client. `told` is what it notified."""

    folder: Path
    settings: Settings
    model_of: Callable[[Endpoint], Model] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = FastClock()
        self.db = Database(self.folder / "factory.db", MIGRATIONS)
        self.spend = Spend(self.db, self.settings.budget, self.clock)
        self.egress = Egress(self.db, self.clock)
        self.scope = MemoryScope()
        self.told: list[tuple[str, Json]] = []
        model_of = self.model_of or models(self.environment, self.clock, self.folder)
        self.client = Client(
            self.settings, model_of, self.spend, self.egress, self.clock, self._hear, self.environment
        )  # fmt: skip

    def _hear(self, event: str, facts: Json) -> None:
        self.told.append((event, facts))

    def ask(
        self, request: Request, accept: Callable[[Reply], Any] = lambda reply: reply.text, **more: Any
    ) -> Heard[Any]:
        return self.client.converse(request, ACCOUNT, self.scope, accept, **more)


class Listed:
    """A model that gives a list's answers in order; an exception in the list is raised. `asked` keeps the requests."""

    def __init__(self, answers: Sequence[Reply | str | Exception]) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []

    def complete(self, request: Request) -> Reply:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Reply(text=answer, model="listed") if isinstance(answer, str) else answer


def request(text: str = "Say yes.", **changes: Any) -> Request:
    made = Request(
        role="genesis",
        template="genesis/judge",
        template_hash="0" * 64,
        messages=(Message(role="system", text="You judge."), Message(role="user", text=text)),
    )
    return made.but(**changes)


def endpoint(name: str = "box", **changes: Any) -> Endpoint:
    return Endpoint.model_validate({"name": name, "wire": "scripted", "model": "m", **changes})


def settings(*endpoints: Endpoint, **tables: Any) -> Settings:
    return Settings.model_validate({"endpoints": {item.name: item for item in endpoints}, **tables})


def script(*replies: Json | str) -> Script:
    return Script.model_validate({"replies": [{"text": item} if isinstance(item, str) else item for item in replies]})


def only(word: str) -> Callable[[Reply], str]:
    """An `accept` that takes one word."""

    def accept(reply: Reply) -> str:
        if reply.text != word:
            raise BadReply(f"Answer with {word}.")
        return reply.text

    return accept


@contextmanager
def answering(status: int, body: str = "", headers: Mapping[str, str] | None = None) -> Iterator[tuple[str, list[str]]]:
    """A server that gives every request one answer; yields its URL and what it was asked: `METHOD target body`."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked = self.rfile.read(int(self.headers.get("content-length") or 0))
            heard.append(f"{self.command} {self.path} {asked.decode()}")
            self.send_response(status)
            for name, value in {**(headers or {}), "content-length": str(len(body.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = do_CONNECT = answer

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        server.server_close()
