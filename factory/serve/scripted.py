"""Recorded answers over real HTTP, on the OpenAI and the Anthropic wire, so that tests drive the real SDKs.

The file's format stands in factory/llm/providers/script.py. Role, template and run travel in the headers
X-Factory-Role, X-Factory-Template and X-Factory-Run; a request without them is answered by order.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from factory.contracts.record import Json, digest
from factory.llm.providers.script import Asked, Decks, Script, ScriptReply
from factory.serve import wires

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

PAGE = "<!DOCTYPE html><html><body><h1>Welcome</h1></body></html>"
ERRORS = {429: "rate_limit_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error"}


class Cut(ConnectionError):
    """Thrown in the middle of a response: the server closes the connection without ending it."""


def app_of(script: Script, heard: Callable[[str, Asked], None] = lambda run, asked: None) -> "Starlette":
    """The ASGI application; it counts the answers of each run by itself. `heard` is told of every request."""
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    decks = Decks(script)

    async def models(_: "Request") -> "Response":
        item = {"id": "scripted", "object": "model", "type": "model", "created": 0, "owned_by": "factory"}
        item |= {"display_name": script.label or "scripted", "created_at": "1970-01-01T00:00:00Z"}
        return JSONResponse({"object": "list", "data": [item], "has_more": False})

    async def chat(request: "Request") -> "Response":
        return await _answer(decks, request, wires.OPENAI, heard)

    async def messages(request: "Request") -> "Response":
        return await _answer(decks, request, wires.ANTHROPIC, heard)

    return Starlette(
        routes=[
            Route("/v1/models", models),
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/messages", messages, methods=["POST"]),
        ]
    )


async def _answer(
    decks: Decks, request: "Request", wire: wires.Wire, heard: Callable[[str, Asked], None]
) -> "Response":
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import HTMLResponse, JSONResponse, StreamingResponse

    body = _object(await request.body())
    if body is None:
        return JSONResponse(wire.error("invalid_request_error", "the request is not a JSON object with messages"), 400)
    asked = _asked(request, body, wire)
    heard(request.headers.get("x-factory-run", ""), asked)
    # in a thread: a deck may write its memory down
    reply = await run_in_threadpool(decks.of(request.headers.get("x-factory-run", "")).next, asked)
    if reply is None:
        text = f"the script has no reply left for the role {asked.role!r}, template {asked.template!r}"
        return JSONResponse(wire.error("not_found_error", text), 404)
    if reply.delay_s:
        await asyncio.sleep(reply.delay_s)
    if reply.status != 200:
        wait = {} if reply.retry_after is None else {"retry-after": f"{reply.retry_after:g}"}
        error = wire.error(ERRORS.get(reply.status, "api_error"), f"scripted status {reply.status}")
        return JSONResponse(error, reply.status, headers=wait)
    if reply.html:
        return HTMLResponse(PAGE)
    if not body.get("stream"):
        return JSONResponse(wire.whole(body, reply))
    return StreamingResponse(_stream(wire, body, reply), media_type="text/event-stream")


async def _stream(wire: wires.Wire, body: Json, reply: ScriptReply) -> AsyncIterator[str]:
    events = list(wire.events(body, reply))
    for number, event in enumerate(events):
        if reply.reset and number >= len(events) // 2:
            raise Cut("scripted reset")
        if reply.drip_s and number:
            await asyncio.sleep(reply.drip_s)
        yield event


def _object(raw: bytes) -> Json | None:
    """A request's body, when it is one."""
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    good = isinstance(body, dict) and all(isinstance(item, dict) for item in body.get("messages") or [None])
    return body if good else None


def _asked(request: "Request", body: Json, wire: wires.Wire) -> Asked:
    headers = request.headers
    seen: dict[str, Any] = {key: value for key, value in body.items() if key not in ("stream", "stream_options")}
    who = [headers.get(f"x-factory-{name}", "") for name in ("role", "template", "run", "sample")]
    return Asked(
        role=who[0],
        template=who[1],
        said=wire.said(body),
        turn=sum(message.get("role") == "assistant" for message in body.get("messages", ())),
        key=digest(json.dumps([who, seen], sort_keys=True)),
    )


@contextmanager
def serving(
    script: Script, host: str = "127.0.0.1", port: int = 0,
    heard: Callable[[str, Asked], None] = lambda run, asked: None,
) -> Iterator[str]:  # fmt: skip
    """Serve in a thread of this process; yields the URL without `/v1`. Port 0 takes a free one. `heard` is told the
    run and the request of every one."""
    import uvicorn

    listener = socket.create_server((host, port))
    url = f"http://{host}:{listener.getsockname()[1]}"
    config = uvicorn.Config(app_of(script, heard), log_level="critical", timeout_graceful_shutdown=1, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="scripted server")
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        yield url
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        listener.close()
