"""The GitHub double over HTTP on loopback: REST and GraphQL under /api, git under /owner/name.git.

One request's way: authenticate → rate limits → fault hook → repository visible → permission → GitHub's own description
of the request → handler → fault hook → headers. What that description does not allow stands in `hub.violations`.
"""

import base64
import contextlib
import email.utils
import json
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from factory.simulator.hub import git_http, jwt, openapi, permissions
from factory.simulator.hub.nouns import Token
from factory.simulator.hub.routes import Answer, Call, Dropped, Refused, Table, as_json
from factory.simulator.hub.state import Hub
from factory.simulator.hub.table import table

API = "/api/v3"
GRAPHQL = "/api/graphql"


@dataclass(frozen=True)
class Served:
    url: str  # of the API: what GITHUB_API_URL is
    server_url: str  # GITHUB_SERVER_URL

    @property
    def git_url(self) -> str:
        """Repositories lie at GIT_URL/owner/name.git."""
        return self.server_url

    @property
    def graphql_url(self) -> str:
        return f"{self.server_url}{GRAPHQL}"


@contextlib.contextmanager
def serve(hub: Hub, port: int = 0) -> Iterator[Served]:
    """Serve until the block ends; the port is free to choose."""
    server = _Server(("127.0.0.1", port), _Handler)
    server.hub, server.table = hub, table()
    root = f"http://127.0.0.1:{server.server_address[1]}"
    hub.url, hub.server_url = f"{root}{API}", root
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Served(hub.url, root)
    finally:
        server.shutdown()
        server.server_close()


serve_hub = serve


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    hub: Hub
    table: Table

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "github.com"
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        try:
            body = git_http.read_body(self.rfile, headers)
            pairs = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
            call = Call(self.command, path, pairs, headers, body)
            answer = self._git(call, query) if git_http.is_git(path) else self._rest(call)
        except Dropped:
            self.close_connection = True
            return
        except Refused as refused:
            answer = refused.answer()
        self._send(answer)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _serve

    def _git(self, call: Call, query: str) -> Answer:
        call.token = token_of(self.server.hub, call.headers.get("authorization", ""))
        return git_http.answer(self.server.hub, call, query)

    def _rest(self, call: Call) -> Answer:
        call.path = "/graphql" if call.path == GRAPHQL else call.path.removeprefix(API).rstrip("/")
        return handle(self.server.hub, self.server.table, call)

    def _send(self, answer: Answer) -> None:
        raw = answer.raw if answer.raw is not None else b"" if answer.body is None else as_json(answer.body)
        headers = {"Content-Type": "application/json; charset=utf-8", **answer.headers, "Content-Length": str(len(raw))}
        self.send_response_only(answer.status)
        for name, value in {"Date": email.utils.formatdate(self.server.hub.epoch(), usegmt=True), **headers}.items():
            self.send_header(name, value)
        self.end_headers_with(b"" if self.command == "HEAD" else raw)

    def end_headers_with(self, raw: bytes) -> None:
        """Headers and body in one write: two would wait for each other's acknowledgement."""
        buffered: list[bytes] = getattr(self, "_headers_buffer", [])
        self._headers_buffer: list[bytes] = []
        self.wfile.write(b"".join([*buffered, b"\r\n", raw]))

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: `hub.requests` has it."""


def handle(hub: Hub, routes: Table, call: Call) -> Answer:
    """One API request; also what a fault or a refusal makes of it. Raises Dropped."""
    answer = Answer(0)
    try:
        _prepare(hub, routes, call)
        early = hub.faults.before(call)
        answer = early if early else hub.faults.after(call, _work(hub, call))
    except Refused as refused:
        answer = refused.answer()
    finally:
        with hub.lock:
            hub.requests.append((call.method, call.path, answer.status, call.login))
            headers = {**hub.limits.headers(call), "X-GitHub-Request-Id": f"{len(hub.requests):08X}"}
    return Answer(answer.status, answer.body, {**headers, **answer.headers}, answer.raw)


def _prepare(hub: Hub, routes: Table, call: Call) -> None:
    call.token = token_of(hub, call.headers.get("authorization", ""))
    with hub.lock:
        if call.token:
            call.token.used += 1
        over = hub.limits.spend(call)
    if over:
        raise over
    found = routes.find("GET" if call.method == "HEAD" else call.method, call.path)
    if not found:
        openapi.refusal(hub, call)  # noted: a client that asks for what nobody serves
        raise Refused(404, "Not Found")
    call.route, call.params = found
    call.body = _parse(call)


def _parse(call: Call) -> Any:
    if not call.raw:
        return {}
    try:
        return json.loads(call.raw)
    except ValueError:
        raise Refused(400, "Problems parsing JSON") from None


def _work(hub: Hub, call: Call) -> Answer:
    """The request itself, under the lock; a refusal is an answer too, so that it can be lost like any other."""
    with hub.lock:
        try:
            _admit(hub, call)
            assert call.route is not None
            reply = call.route.handler(hub, call)
        except Refused as refused:
            return refused.answer()
    return reply if isinstance(reply, Answer) else Answer(*reply)


def _admit(hub: Hub, call: Call) -> None:
    """Raises Refused: 401, 404 for what the token may not see, 403 for what it may not do, 422 for a wrong form."""
    assert call.route is not None
    if "owner" in call.params and "repo" in call.params:
        call.found = hub.repo(f"{call.params['owner']}/{call.params['repo']}")
    seen = call.found is None or (call.token is not None and call.token.kind == "jwt")
    if not seen and not hub.may(call.token, call.repo, "metadata", "read"):
        raise Refused(404, "Not Found") if call.token else Refused(401, "Requires authentication")
    refusal = permissions.refusal(hub, call) or openapi.refusal(hub, call)
    if refusal:
        raise refusal


def token_of(hub: Hub, header: str) -> Token | None:
    """The credential of an Authorization header; a wrong or expired one is 401."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "basic":
        with contextlib.suppress(ValueError):
            value = base64.b64decode(value).decode(errors="replace").partition(":")[2]
    value = value.strip()
    if not value:
        return None
    found = hub.tokens.get(value) or (jwt.token(hub, value) if value.count(".") == 2 else None)
    if not found or (found.expires and found.expires <= hub.epoch()):
        raise Refused(401, "Bad credentials")
    return found
