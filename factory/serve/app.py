"""The gateway as an ASGI application. The requests for models go the short way; pages go through Starlette."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from traceback import extract_tb
from typing import Any

from factory.contracts.model import Form
from factory.serve.ask import PATHS
from factory.serve.door import Door
from factory.serve.errors import Refused
from factory.serve.exchange import ClientGone, Out
from factory.serve.reason import Reasoner
from factory.serve.relay import Relay

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Pages = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_S = 60  # for a body that comes in parts


class Gateway:
    """`pages` is asked for everything that is not a request to a model."""

    def __init__(self, door: Door, relay: Relay, reasoner: Reasoner, pages: Pages) -> None:
        self._door, self._relay, self._reasoner, self._pages = door, relay, reasoner, pages
        self.running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        form = PATHS.get(scope["path"]) if scope["type"] == "http" else None
        if form is None or scope["method"] != "POST":
            await self._pages(scope, receive, send)
            return
        out = Out(send)
        try:
            await self._asked(form, dict(scope["headers"]), receive, out)
        except Refused as refusal:
            await self._refuse(refusal, form, out)
        except ClientGone:
            self._relay.metrics.refused("client_gone")
        except RecursionError:
            await self._refuse(Refused("invalid_request", "The request is nested too deeply."), form, out)
        except Exception as fault:  # the edge: told in the wire's shape, and in the log without its words
            place = extract_tb(fault.__traceback__)[-1]
            self._relay.log("fault", {"why": f"{type(fault).__name__} in {place.name}, line {place.lineno}"})
            if out.started:
                raise
            await self._refuse(Refused("upstream", "The gateway failed: its log says where.", status=500), form, out)

    async def _asked(self, form: Form, headers: dict[bytes, bytes], receive: Receive, out: Out) -> None:
        who = self._door.who(headers)
        if self.running >= self._door.settings.max_requests:
            raise Refused("rate_limit", "Too many requests are under way here: ask again later.", 5.0)
        self.running += 1
        try:
            ask = self._door.ask(form, headers, await whole_body(receive, headers, self._door.most_bytes), who)
            who_answers = self._reasoner if ask.reason else self._relay
            if self._door.settings.log_prompts:
                out.kept = []
            await _while_listening(who_answers.answer(ask, out), receive, out)
            if out.kept is not None:
                told = {"request": ask.id, "asked": _text(ask.raw), "answered": _text(b"".join(out.kept))}
                self._relay.log("prompt", told)
        finally:
            self.running -= 1

    async def _refuse(self, refusal: Refused, form: Form, out: Out) -> None:
        self._relay.metrics.refused(refusal.kind)
        if out.started:  # it cannot be: a refusal comes before the first byte
            raise refusal
        out.heads = (*out.heads, *refusal.headers())
        await out.whole(refusal.status, b"application/json", refusal.body(form))


async def whole_body(receive: Receive, headers: dict[bytes, bytes], most: int) -> bytes:
    """The request's body. Raises Refused, 'too_large' as soon as it is known to be, and ClientGone."""
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > most:
        raise Refused("too_large", f"The request is larger than {most >> 20} MiB.")
    parts: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(BODY_S):
            while more:
                message = await receive()
                parts.append(_part(message))
                size, more = size + len(parts[-1]), message.get("more_body", False)
                if size > most:
                    raise Refused("too_large", f"The request is larger than {most >> 20} MiB.")
    except TimeoutError:
        raise Refused("invalid_request", f"The request's body did not come within {BODY_S} s.", status=408) from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _part(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    return body


async def _while_listening(work: Awaitable[None], receive: Receive, out: Out) -> None:
    """Do the work, but drop it at once when the client goes away: its place and its money are free again."""
    task = asyncio.current_task()
    listener = asyncio.ensure_future(receive())
    gone = over = False

    def left(_: object) -> None:
        nonlocal gone
        if not (over or out.ended or listener.cancelled()) and task is not None:
            gone = True
            task.cancel()

    listener.add_done_callback(left)
    try:
        await work
    except asyncio.CancelledError:
        if gone and task is not None:
            task.uncancel()
            raise ClientGone from None
        raise
    finally:
        over = True
        listener.cancel()
