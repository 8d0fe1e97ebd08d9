"""The way to the model servers: one pooled HTTP client, and every way in which an answer can fail to be one.

The only module that imports aiohttp (an httpx upstream is six times slower here: docs/benchmarks.md).
"""

import asyncio
import json
import math
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from factory.contracts.model import Endpoint, Form
from factory.contracts.record import Json

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from yarl import URL

PATHS: dict[Form, str] = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "completions": "/v1/completions",
    "embeddings": "/v1/embeddings",
    "messages": "/v1/messages",
}
ANTHROPIC_VERSION = b"2023-06-01"
MOST_BYTES = 64 * 1024 * 1024  # of a whole answer
TOLD = 2_000  # characters of a server's own words that are kept
SAID = {  # by the class of aiohttp's error
    "ClientConnectorError": "connection refused",
    "ClientConnectorDNSError": "its host name is not known",
    "ServerDisconnectedError": "it closed the connection",
    "ClientOSError": "connection reset",
    "ClientPayloadError": "the answer ended early",
}
TOO_LONG = ("context length", "context_length", "maximum context", "too long", "context window", "max_model_len")
OUT_OF_MEMORY = ("out of memory", "outofmemory", "cuda oom")


class Failed(Exception):
    """One endpoint gave no answer; nothing has reached the client. `broken`: it counts against the endpoint's health.

    kind: unreachable, timeout, server, missing, oom, limited, wrong_key, too_long, bad_answer, refused.
    """

    def __init__(
        self, kind: str, message: str, *, broken: bool = True, retry_after: float | None = None, billed: bool = False,
        sent: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.sent = sent  # something has left for the server
        self.kind, self.broken, self.retry_after = kind, broken, retry_after
        self.billed = billed  # the server may have worked for it, and charge for that
        self.answer: Whole | None = None  # the client's own mistake, in the server's words


@dataclass(slots=True)
class Whole:
    """An answer that came in one piece."""

    status: int
    body: bytes
    kind: bytes  # content type


def root_of(endpoint: Endpoint) -> str:
    """The URL that /v1/… is appended to: an OpenAI base URL ends in /v1, an Anthropic one does not."""
    return endpoint.url.rstrip("/").removesuffix("/v1")


def forms_of(endpoint: Endpoint) -> tuple[Form, ...]:
    """The requests an endpoint takes as they are."""
    if endpoint.speaks:
        return endpoint.speaks
    return ("messages",) if endpoint.wire == "anthropic" else ("chat", "completions", "embeddings")


class Upstream:
    """Open it inside a running event loop. `environment` holds the keys of the endpoints."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._sessions: dict[bool, ClientSession] = {}
        self._urls: dict[tuple[str, str], URL] = {}

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def post(
        self, endpoint: Endpoint, path: str, body: bytes, headers: dict[str, str], first_s: float
    ) -> "ClientResponse":
        """The response once its head is there, with status 200. Raises Failed. Whoever has it calls `done`."""
        import aiohttp

        session = self._session(endpoint.tier == "local")
        try:
            async with asyncio.timeout(first_s):
                response = await session.post(
                    self._url(endpoint, path),
                    data=body,
                    headers={**self._headers(endpoint), **headers},
                    allow_redirects=False,
                )
        except aiohttp.ConnectionTimeoutError:
            why = f"{endpoint.name} cannot be reached (no connection in time)"
            raise Failed("unreachable", why, sent=False) from None
        except TimeoutError:
            raise Failed("timeout", f"{endpoint.name} gave no answer within {first_s:g} s", billed=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            billed = not isinstance(error, aiohttp.ClientConnectorError)  # the request may have arrived
            why = f"{endpoint.name} cannot be reached ({_words(error)})"
            raise Failed("unreachable", why, billed=billed, sent=billed) from None
        if response.status == 200:
            return response
        try:
            raise _failure(endpoint, response, await self.read(endpoint, response, 30))
        finally:
            self.done(response)

    def done(self, response: "ClientResponse") -> None:
        """The connection may be used again, unless there is something left to read: then it is closed."""
        if not response.content.at_eof():
            response.close()
        response.release()

    async def read(self, endpoint: Endpoint, response: "ClientResponse", idle_s: float) -> bytes:
        """The whole body. Raises Failed when it is cut, too large, or stops coming."""
        content = response.content
        if content.is_eof() and content.total_bytes <= MOST_BYTES:  # it is here already
            return content.read_nowait()
        parts: list[bytes] = []
        size = 0
        async for part in self.parts(endpoint, response, lambda: idle_s):
            size += len(part)
            if size > MOST_BYTES:
                raise Failed("bad_answer", f"{endpoint.name} sent more than {MOST_BYTES >> 20} MiB", billed=True)
            parts.append(part)
        return b"".join(parts)

    async def parts(
        self, endpoint: Endpoint, response: "ClientResponse", patience_s: Callable[[], float]
    ) -> AsyncIterator[bytes]:
        """What arrives, when it arrives. Raises Failed when the connection breaks or falls silent for so long."""
        import aiohttp

        idle_s = 0.0
        try:
            async with asyncio.timeout(None) as patience:
                loop = asyncio.get_running_loop()
                while True:
                    idle_s = patience_s()
                    patience.reschedule(loop.time() + idle_s)
                    part = await response.content.readany()
                    patience.reschedule(None)  # how long the client takes to read is not the server's fault
                    if not part:
                        return
                    yield part
        except TimeoutError:
            raise Failed("timeout", f"{endpoint.name} fell silent for {idle_s:g} s", billed=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = f"{endpoint.name} broke off its answer ({_words(error)})"
            raise Failed("unreachable", why, billed=True) from None

    def _session(self, near: bool) -> "ClientSession":
        """Nothing of the environment's proxies for what is local; no cookies, no redirects, no time limit."""
        if near not in self._sessions:
            import aiohttp

            self._sessions[near] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=not near,
                auto_decompress=True,
                read_bufsize=2**18,
            )
        return self._sessions[near]

    def _url(self, endpoint: Endpoint, path: str) -> "URL":
        """Parsed once for each endpoint and path."""
        found = self._urls.get((endpoint.url, path))
        if found is None:
            from yarl import URL

            found = self._urls[endpoint.url, path] = URL(root_of(endpoint) + path)
        return found

    def _headers(self, endpoint: Endpoint) -> dict[str, str]:
        made = {"content-type": "application/json", "accept-encoding": "identity"}
        if endpoint.key_env:
            key = self._environment.get(endpoint.key_env, "").strip()
            if not key:
                raise Failed(
                    "wrong_key", f"the environment variable {endpoint.key_env} is not set", broken=False, sent=False
                )
            if endpoint.wire == "anthropic":
                made["x-api-key"] = key
            else:
                made["authorization"] = f"Bearer {key}"
        return made


def upstream_ready() -> None:
    """Loads the client library now instead of with the first request."""
    import aiohttp  # noqa: F401


def object_of(endpoint: Endpoint, body: bytes) -> Json:
    """A whole answer as JSON. Raises Failed for a web page, broken JSON, or an error told with status 200."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        what = "a web page (HTML)" if body.lstrip()[:1] == b"<" else "something that is not JSON"
        raise Failed("bad_answer", f"{endpoint.name} answered with {what}", billed=True) from None
    if not isinstance(value, dict):
        raise Failed("bad_answer", f"{endpoint.name} answered with JSON that is no object", billed=True)
    if isinstance(value.get("error"), dict) and not value.get("choices"):
        raise _told(endpoint, 200, value["error"], None)
    return value


def _failure(endpoint: Endpoint, response: "ClientResponse", body: bytes) -> Failed:
    """What a status other than 200 means."""
    wait = _seconds(response.headers.get("retry-after"))
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    error = value.get("error") if isinstance(value, dict) else None
    failed = _told(endpoint, response.status, error if isinstance(error, dict) else {}, wait, body)
    if isinstance(value, dict) and failed.kind in ("refused", "too_long"):
        failed.answer = Whole(response.status, body, b"application/json")
    return failed


def told_in_stream(endpoint: Endpoint, words: str) -> Failed:
    """An error that a server told in the middle of a stream."""
    failed = _told(endpoint, 200, {"message": words}, None)
    failed.billed = True
    return failed


def _told(endpoint: Endpoint, status: int, error: Json, wait: float | None, body: bytes = b"") -> Failed:
    said = str(error.get("message") or body.decode("utf-8", "replace"))[:TOLD]
    words, name = said.lower(), endpoint.name
    if status == 429:
        return Failed("limited", f"{name} says 429, too many requests", broken=False, retry_after=wait)
    if status in (401, 403):
        return Failed("wrong_key", f"{name} refuses the gateway's key ({status})", broken=False)
    if any(mark in words for mark in OUT_OF_MEMORY):
        return Failed("oom", f"{name} ran out of memory")
    if status in (400, 413, 422) and any(mark in words for mark in TOO_LONG):
        return Failed("too_long", f"the prompt does not fit into {name}", broken=False)
    if status == 404:  # another model there than before, or something the request refers to
        return Failed("missing", f"{name} has no such thing (404)", broken=False)
    if 400 <= status < 500 and status != 408:
        return Failed("refused", f"{name} refused the request ({status})", broken=False)
    return Failed("server", f"{name} failed ({status})", retry_after=wait)


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), 86_400.0)


def _words(error: Exception) -> str:
    """An error for people, without addresses that a client need not know."""
    return SAID.get(type(error).__name__, type(error).__name__)
