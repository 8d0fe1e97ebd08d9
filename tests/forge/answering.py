"""A real HTTP server that answers as a test's function says, and a clock that tests set."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from factory.forge.caller import Caller
from factory.forge.github import GitHub, PyGithubWire
from factory.forge.limits import Limits
from factory.forge.tokens import FixedToken, Tokens

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
REPO = "acme/shop"


class TestClock:
    """Time passes only when somebody sleeps or a test says so. `wrong`: how far this machine's clock is off."""

    __test__ = False

    def __init__(self, wrong: float = 0.0) -> None:
        self.seconds = 0.0
        self.wrong = wrong
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> str:
        moment = START + timedelta(seconds=self.seconds + self.wrong)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds
            if seconds:
                self.slept.append(seconds)

    def epoch(self) -> float:
        """GitHub's clock, which is right."""
        return START.timestamp() + self.seconds


@dataclass
class Asked:
    verb: str
    path: str
    query: dict[str, str]
    body: Any
    headers: Mapping[str, str]
    at: float  # monotonic

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").partition(" ")[2]


Answer = tuple[int, Mapping[str, str], Any] | None
"""Status, headers, JSON; None: the connection is closed without an answer."""


@dataclass
class Answering:
    clock: TestClock
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    def hub(self, tokens: Tokens | None = None, patience: float = 300.0) -> GitHub:
        limits = Limits(self.clock, patience)
        tokens = tokens or FixedToken("ghs_one", "actions")
        return GitHub(Caller(REPO, PyGithubWire(self.url), tokens, limits, self.url))


@contextlib.contextmanager
def answering(clock: TestClock, reply: Callable[[Asked], Answer]) -> Iterator[Answering]:
    """Each answer carries GitHub's Date."""
    made = Answering(clock)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path, _, query = self.path.partition("?")
            headers = {name.lower(): text for name, text in self.headers.items()}
            body = json.loads(raw) if raw else None
            asked = Asked(self.command, path, dict(parse_qsl(query)), body, headers, clock.monotonic())
            made.asked.append(asked)
            answer = reply(asked)
            if answer is None:
                self.close_connection = True
                return
            self._answer(*answer)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

        def _answer(self, status: int, headers: Mapping[str, str], data: Any) -> None:
            raw = data if isinstance(data, bytes) else b"" if data is None else json.dumps(data).encode()
            self.send_response_only(status)
            date = format_datetime(datetime.fromtimestamp(clock.epoch(), UTC), usegmt=True)
            whole = {"Date": date, "Content-Type": "application/json; charset=utf-8", **headers}
            for name, text in {**whole, "Content-Length": str(len(raw))}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def said(number: int, body: str, login: str = "github-actions[bot]", kind: str = "Bot") -> dict[str, Any]:
    """A comment as GitHub gives it."""
    return {
        "id": number, "body": body, "user": {"login": login, "id": 1, "type": kind}, "html_url": "",
        "created_at": "2026-11-20T12:00:00Z", "updated_at": "2026-11-20T12:00:00Z",
    }  # fmt: skip
