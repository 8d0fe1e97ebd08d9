"""One exchange with one endpoint: the answer goes to the client as it comes, or the endpoint has failed before.

Until the first token nothing has left for the client, so another endpoint may be asked: Failed is raised. After it,
a stream that breaks ends with an error event in the client's wire; it is never begun anew, because the client would get
a second answer behind half of a first.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from factory.contracts.model import Endpoint, Form, Usage
from factory.serve import errors, sse
from factory.serve.ask import Ask, dumped
from factory.serve.convert import chat_reply, messages_reply
from factory.serve.convert.problems import BadEvent, CutOffStream
from factory.serve.heads import Heads
from factory.serve.prepare import Prepared
from factory.serve.upstream import Failed, Upstream, object_of, told_in_stream
from factory.serve.usage import usage_of

if TYPE_CHECKING:
    from aiohttp import ClientResponse

LINGER_S = 1.0  # a server may take to end its stream after the last event
READING_S = 120.0  # a client may take to read a part
HELD = 65_536  # bytes held back at most while no token has come
TOKEN = re.compile(
    rb'"(?:content|reasoning|reasoning_content|refusal|text|thinking|partial_json|arguments|delta)"\s*:\s*"[^"]'
    rb'|"tool_calls"\s*:\s*\[\s*\{|"type"\s*:\s*"tool_use"'
)
ANSWERS: dict[Form, str] = {
    "chat": "choices",
    "completions": "choices",
    "embeddings": "data",
    "messages": "content",
    "responses": "output",
}
Send = Callable[[dict[str, object]], Awaitable[None]]


@dataclass(slots=True)
class Told:
    """What came of an exchange. `problem` says why a stream broke after its first token."""

    usage: Usage
    counted: bool  # the server said so; else the usage is our estimate
    problem: str = ""


class ClientGone(Exception):
    """The client closed its connection, or does not read what it is sent."""


class Out:
    """The client's side. `heads` may be set until `start`. Raises ClientGone when it reads nothing for `reading_s`."""

    def __init__(self, send: Send, reading_s: float = READING_S) -> None:
        self._send, self._reading_s = send, reading_s
        self.started = self.ended = False
        self.heads: Heads = ()
        self.kept: list[bytes] | None = None  # what was sent, for an owner who wants prompts and answers in the log

    async def start(self, status: int, kind: bytes, size: int | None = None) -> None:
        self.started = True
        heads = [(b"content-type", kind), *self.heads]
        if size is not None:
            heads.append((b"content-length", str(size).encode()))
        await self._send({"type": "http.response.start", "status": status, "headers": heads})

    async def write(self, data: bytes) -> None:
        if data:
            self._keep(data)
            await self._part(data, True)

    async def end(self, data: bytes = b"") -> None:
        self.ended = True
        self._keep(data)
        await self._part(data, False)

    async def _part(self, data: bytes, more: bool) -> None:
        try:
            async with asyncio.timeout(self._reading_s):
                await self._send({"type": "http.response.body", "body": data, "more_body": more})
        except TimeoutError:
            raise ClientGone from None

    def _keep(self, data: bytes) -> None:
        if self.kept is not None:
            self.kept.append(data)

    async def whole(self, status: int, kind: bytes, data: bytes) -> None:
        await self.start(status, kind, len(data))
        await self.end(data)


class Exchange:
    """`first()` is called once, when the first token (or the whole answer) is there."""

    def __init__(self, upstream: Upstream, ask: Ask, endpoint: Endpoint, out: Out, first: Callable[[], None]) -> None:
        self._upstream, self._ask, self._endpoint, self._out = upstream, ask, endpoint, out
        self._first = first
        self._watch: sse.Watch | None = None

    async def run(self, sent: Prepared) -> Told:
        """Raises Failed while nothing has reached the client."""
        one = self._endpoint
        response = await self._upstream.post(one, sent.path, sent.body, sent.headers, one.first_token_s)
        try:
            streamed = response.content_type == "text/event-stream"
            if streamed != self._ask.stream:
                raise self._bad(f"it answered with {response.content_type[:80]!r}, which was not asked for")
            if streamed:
                return await self._stream(sent, response)
            return await self._whole(sent, await self._upstream.read(one, response, one.first_token_s))
        finally:
            self._upstream.done(response)

    async def _whole(self, sent: Prepared, body: bytes) -> Told:
        value = object_of(self._endpoint, body)
        if not isinstance(value.get(ANSWERS[sent.form]), list):
            raise Failed("bad_answer", f"{self._endpoint.name} answered without {ANSWERS[sent.form]!r}", billed=True)
        usage = usage_of(sent.form, value)
        if sent.form != self._ask.form:
            reply = chat_reply if self._ask.form == "chat" else messages_reply
            try:
                body = dumped(reply.whole(value, self._ask.model))
            except BadEvent as problem:
                raise Failed("bad_answer", f"{self._endpoint.name}: {problem}", billed=True) from None
        self._first()
        await self._out.whole(200, b"application/json", body)
        return self._told(sent, usage, len(body) // 4)

    async def _stream(self, sent: Prepared, response: "ClientResponse") -> Told:
        watch = self._watch = sse.Watch(sent.form, sent.hide_usage)
        flow = self._flow(sent)
        problem = ""
        try:
            await self._until_over(response, watch, flow)
            tail = flow.end() if flow is not None else b""
            if not self._out.started:
                raise Failed("bad_answer", f"{self._endpoint.name} ended its stream without a token", billed=True)
            await self._out.end(tail)
        except (Failed, sse.BadEvents, BadEvent, CutOffStream) as error:
            failed = error if isinstance(error, Failed) else self._bad(str(error))
            if not self._out.started:
                raise failed from None
            problem = str(failed)
            said = f" ({watch.failed})" if watch.failed else ""  # for the client; it may hold words of the prompt
            text = f"The answer broke off: {failed}{said}. What came before is incomplete; ask again."
            await self._out.end(errors.event(self._ask.form, "upstream", text))
        return self._told(sent, watch.usage, watch.pieces, problem)

    async def _until_over(self, response: "ClientResponse", watch: sse.Watch, flow: "Flow | None") -> None:
        """What comes after the event that ends an answer, silence or a reset, does not matter."""
        try:
            await self._pump(response, watch, flow)
        except Failed:
            if watch.failed or not watch.done:
                raise

    async def _pump(self, response: "ClientResponse", watch: sse.Watch, flow: "Flow | None") -> None:
        """Everything up to the end of the stream; what comes before the first token is held back."""
        splitter, held, out, one = sse.Splitter(), b"", self._out, self._endpoint
        async for part in self._upstream.parts(one, response, lambda: self._patience_s(watch)):
            block = splitter.feed(part)
            if not block:
                continue
            shown = watch.see(block)
            if watch.failed:
                raise told_in_stream(one, watch.failed)
            if flow is not None:
                shown = b"".join(flow.feed(data) for event in sse.events(block) if (data := sse.json_of(event)))
            if not out.started:
                held += shown
                if not (watch.done or TOKEN.search(block) or len(held) > HELD):
                    continue
                sse.json_of(next(sse.events(block)))  # a stream of something else is found out before it is passed on
                self._first()
                await out.start(200, b"text/event-stream; charset=utf-8")
                shown = held
            await out.write(shown)
        rest = splitter.rest.strip()
        if sse.OVER.fullmatch(rest) and out.started:  # some servers leave the last empty line out
            await out.write(b"" if flow else rest + b"\n\n")
        elif rest or not (watch.done or watch.finished):
            raise Failed("unreachable", f"{one.name} broke off in the middle of its answer", billed=True)

    def _patience_s(self, watch: sse.Watch) -> float:
        if not self._out.started:
            return self._endpoint.first_token_s
        return LINGER_S if watch.done else self._endpoint.idle_s

    def _flow(self, sent: Prepared) -> "Flow | None":
        if sent.form == self._ask.form:
            return None
        if self._ask.form == "messages":
            return messages_reply.Stream(self._ask.model)
        options = self._ask.body.get("stream_options")
        return chat_reply.Stream(self._ask.model, isinstance(options, dict) and options.get("include_usage") is True)

    @property
    def pieces(self) -> int:
        """Events of the stream so far, about as many as tokens."""
        return self._watch.pieces if self._watch else 0

    def so_far(self, sent: Prepared) -> Usage:
        """What an exchange that was left in the middle has used, as far as one can see."""
        watch = self._watch
        return (watch.usage if watch else None) or self._guess(sent, watch.pieces if watch else 0)

    def _told(self, sent: Prepared, usage: Usage | None, written: int, problem: str = "") -> Told:
        """A server that says a prompt had no token has not counted; one that broke off has only where it had ended."""
        if usage is not None and usage.input > 0:
            return Told(usage, not problem or (self._watch is not None and self._watch.finished), problem)
        return Told(sse.merged(usage, self._guess(sent, written)), False, problem)

    def _bad(self, why: str) -> Failed:
        return Failed("bad_answer", f"{self._endpoint.name}: {why}", billed=True)

    def _guess(self, sent: Prepared, written: int) -> Usage:
        """For a server that does not count: from the bytes, on the safe side."""
        return Usage(input=self._ask.size // 3 + 1, output=min(written, sent.limit) if sent.limit else 0)


Flow = chat_reply.Stream | messages_reply.Stream
