"""Scripted models on every wire: chat and messages as `factory serve --scripted` serves them, and responses.

The responses wire by OpenAI's published schema: https://developers.openai.com/api/reference/resources/responses (events
response.created, output_item.added, output_item.done, completed), as far as a client that edits files needs it.
"""

import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from factory.contracts.record import Json
from factory.llm.providers.script import Script
from factory.serve.scripted import app_of

USAGE = {
    "input_tokens": 10, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 15,
}  # fmt: skip


@dataclass(frozen=True)
class Heard:
    """A request as it reached the models."""

    path: str
    headers: dict[str, str]
    body: Json

    @property
    def model(self) -> str:
        return str(self.body.get("model"))


@dataclass
class Models:
    """`replies` in the script's format; `items` are what /v1/responses puts out, one a turn."""

    replies: list[Json] = field(default_factory=list)
    items: list[Json] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    url: str = ""

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        raw = await request.body()
        if request.method == "POST":
            self.heard.append(Heard(request.url.path, dict(request.headers), json.loads(raw)))
        if request.url.path == "/v1/responses":
            await self._responses(json.loads(raw))(scope, receive, send)
            return
        script = Script.model_validate({"replies": [{"repeat": True} | reply for reply in self.replies]})
        await app_of(script)(scope, _again(raw, receive), send)

    def _responses(self, body: Json) -> Response:
        """The item of this turn: the number of calls that were answered says which turn it is."""
        answered = sum(item.get("type") == "function_call_output" for item in body["input"])
        if answered >= len(self.items):
            return JSONResponse({"error": {"type": "not_found_error", "message": "no item left"}}, 404)
        item = self.items[answered]
        begun = {"id": f"resp_{answered}", "object": "response", "created_at": 1, "model": body["model"], "output": []}
        ended = begun | {"status": "completed", "output": [item], "usage": USAGE}
        events = [
            {"type": "response.created", "response": begun | {"status": "in_progress"}},
            {"type": "response.output_item.added", "output_index": 0, "item": item},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": ended},
        ]
        return StreamingResponse(_told(events), media_type="text/event-stream")


async def _told(events: list[Json]) -> AsyncIterator[str]:
    for number, event in enumerate(events):
        yield f"event: {event['type']}\ndata: {json.dumps(event | {'sequence_number': number})}\n\n"


def _again(raw: bytes, receive: Any) -> Any:
    """The body once more, for an application that has yet to read it; then what really comes."""
    left = [{"type": "http.request", "body": raw, "more_body": False}]

    async def read() -> Any:
        return left.pop() if left else await receive()

    return read


@contextmanager
def serving(models: Models) -> Iterator[Models]:
    """In a thread, on a free port of loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    models.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(models, log_level="critical", lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield models
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        listener.close()
