"""What is not a request to a model: the list of models, health, metrics, and 404 in the wire's shape."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from factory.contracts.model import Form
from factory.contracts.record import Json
from factory.llm.routing import aliases
from factory.serve.app import Pages, whole_body
from factory.serve.ask import Ask, dumped
from factory.serve.counting import TOKENIZE, count, tokenize
from factory.serve.door import Door
from factory.serve.errors import Refused
from factory.serve.exchange import ClientGone
from factory.serve.front import Front
from factory.serve.orders import Answer, Orders
from factory.serve.relay import Relay

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

CREATED = "1970-01-01T00:00:00Z"


def pages(door: Door, relay: Relay, front: Front, orders: Answer | None = None) -> Pages:
    """The Starlette application behind the gateway. `front` is for people; `orders` answers those to the box."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    handlers = _Handlers(door, relay)
    return Starlette(
        routes=[
            *front.routes(),
            Route("/health", handlers.health),
            Route("/metrics", handlers.metrics),
            Route("/factory/{order}", Orders(door, orders).answer, methods=["GET", "POST"]),
            Route("/v1/models", handlers.models),
            Route("/v1/models/{name:path}", handlers.model),
            Route("/v1/messages/count_tokens", handlers.count, methods=["POST"]),
            Route(TOKENIZE, handlers.tokenize, methods=["POST"]),
        ],
        exception_handlers={404: handlers.missing, 405: handlers.missing},
    )


class _Handlers:
    def __init__(self, door: Door, relay: Relay) -> None:
        self._door, self._relay = door, relay

    async def health(self, request: "Request") -> "Response":
        """200 while the gateway works; an endpoint that is down is told, and does not make the gateway unwell."""
        from starlette.responses import JSONResponse

        if self._refusal(request):  # who may not ask learns only that it is up
            return JSONResponse({"status": "ok"})
        stations = self._relay.places.stations
        names = sorted(self._relay.settings.endpoints)
        told = {name: stations[name].breaker.state if name in stations else "closed" for name in names}
        return JSONResponse({"status": "ok", "endpoints": told})

    async def metrics(self, request: "Request") -> "Response":
        from starlette.responses import Response

        refusal = self._refusal(request)
        return refusal or Response(self._relay.metrics.page(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def models(self, request: "Request") -> "Response":
        """Both wires' lists in one: OpenAI's object and Anthropic's page."""
        from starlette.responses import JSONResponse

        names = aliases(self._relay.settings)
        items = [_model(name) for name in names]
        page = {"object": "list", "data": items, "has_more": False, "first_id": names[0], "last_id": names[-1]}
        return self._refusal(request) or JSONResponse(page)

    async def model(self, request: "Request") -> "Response":
        from starlette.responses import JSONResponse

        name = request.path_params["name"]
        refusal = self._refusal(request)
        if refusal is None and name not in aliases(self._relay.settings):
            refusal = _refused(Refused("not_found", f"There is no model {name[:80]!r} here."), _form(request))
        return refusal or JSONResponse(_model(name))

    async def count(self, request: "Request") -> "Response":
        from starlette.responses import JSONResponse

        try:
            ask = await self._ask(request, "messages", _limited)
            tokens, exact = await count(self._relay, ask)
        except Refused as refusal:
            return _refused(refusal, "messages")
        return JSONResponse({"input_tokens": tokens}, headers={} if exact else {"x-factory-estimated": "true"})

    async def tokenize(self, request: "Request") -> "Response":
        """vLLM's own way to count: {"model", "prompt"} -> {"count"}."""
        from starlette.responses import JSONResponse

        try:
            ask = await self._ask(request, "chat", _as_chat)
            text = ask.body.get("prompt")
            if not isinstance(text, str):
                raise Refused("invalid_request", "`prompt` must be a text.")
            return JSONResponse({"count": await tokenize(self._relay, ask, text)})
        except Refused as refusal:
            return _refused(refusal, "chat")

    async def _ask(self, request: "Request", form: Form, made: Callable[[bytes], bytes]) -> Ask:
        """Raises Refused."""
        headers = dict(request.scope["headers"])
        try:
            who = self._door.who(headers)
            raw = await whole_body(request.receive, headers, self._door.most_bytes)
            return self._door.ask(form, headers, made(raw), who)
        except RecursionError:
            raise Refused("invalid_request", "The request is nested too deeply.") from None
        except ClientGone:
            raise Refused("invalid_request", "The request's body was cut off.") from None

    async def missing(self, request: "Request", problem: Exception) -> "Response":
        status: int = getattr(problem, "status_code", 404)
        word = "There is nothing at" if status == 404 else "This method is not for"
        refusal = Refused("not_found", f"{word} {request.url.path[:80]!r} here.", status=status)
        return _refused(refusal, _form(request))

    def _refusal(self, request: "Request") -> "Response | None":
        try:
            self._door.who(dict(request.scope["headers"]))
        except Refused as refusal:
            return _refused(refusal, _form(request))
        return None


def _model(name: str) -> Json:
    made: Json = {"id": name, "object": "model", "type": "model", "created": 0, "owned_by": "factory"}
    return made | {"display_name": name, "created_at": CREATED}


def _form(request: "Request") -> Form:
    """Whose shape an error has where the path does not say it."""
    anthropic = "anthropic-version" in request.headers or request.url.path.startswith("/v1/messages")
    return "messages" if anthropic else "chat"


def _refused(refusal: Refused, form: Form) -> "Response":
    from starlette.responses import Response

    headers = {name.decode(): value.decode() for name, value in refusal.headers()}
    return Response(refusal.body(form), refusal.status, headers, "application/json")


def _limited(raw: bytes) -> bytes:
    """A body to be counted has no limit, which a message must have."""
    return dumped({"max_tokens": 1, **_object(raw)})


def _as_chat(raw: bytes) -> bytes:
    """Whoever would answer a chat counts."""
    return dumped({"model": "auto", **_object(raw), "messages": [{"role": "user", "content": "."}], "stream": False})


def _object(raw: bytes) -> Json:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused("invalid_request", "The request's body is not JSON.") from None
    if not isinstance(value, dict):
        raise Refused("invalid_request", "The request's body must be a JSON object.")
    return value
