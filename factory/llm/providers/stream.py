"""An answer that arrives in parts: put together, and given up when it stalls, crawls or goes round in circles."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from socket import SHUT_RDWR
from time import monotonic
from typing import Any

from factory.contracts.errors import BadReply
from factory.contracts.model import Endpoint, Reply, Request, ToolCall, Usage
from factory.llm.problems import CutOff, Repeating
from factory.llm.quirks import Quirks
from factory.llm.repetition import repeats
from factory.llm.structured import Token, margin_of

SLOWEST = 4  # tokens a second: what a whole answer must average
CHECK_EVERY = 500  # characters between two looks for repetition


@dataclass(frozen=True)
class Part:
    """What one event of a stream adds. `call` is (index, id, name, arguments), each but the index possibly ''."""

    text: str = ""
    reasoning: str = ""
    call: tuple[int, str, str, str] | None = None
    usage: Usage | None = None
    finish: str = ""
    model: str = ""
    tokens: tuple[Token, ...] = ()

    @property
    def is_token(self) -> bool:
        return bool(self.text or self.reasoning or self.call)


Parts = Callable[[list[Any]], Iterator[Part]]
"""Opens the stream, appends its HTTP response to the list, and yields what arrives. Runs in its own thread."""


def answer(
    parts: Parts, opened: list[Any], endpoint: Endpoint, request: Request, quirks: Quirks, finishes: dict[str, str]
) -> Reply:
    """The whole reply. `finishes` maps the wire's words to ours.

    Raises CutOff (no first token, silence, too slow, or an end without a finish: half a tool call is never used),
    Repeating, and whatever `parts` raises.
    """
    text = reasoning = finish = model = ""
    usage = Usage()
    calls: dict[int, tuple[str, str, str]] = {}
    tokens: list[Token] = []
    checked = 0
    for part in _watched(parts, opened, endpoint, request.max_tokens):
        text += part.text
        reasoning += part.reasoning
        finish, model, usage = part.finish or finish, part.model or model, part.usage or usage
        tokens.extend(part.tokens)
        if part.call:
            index, *fields = part.call
            old = calls.get(index, ("", "", ""))
            calls[index] = (old[0] or fields[0], old[1] or fields[1], old[2] + fields[2])
        if len(text) + len(reasoning) - checked >= CHECK_EVERY:
            checked = len(text) + len(reasoning)
            if repeats(text) or repeats(reasoning):
                raise Repeating(f"{endpoint.name} repeats itself: stopped after {checked} characters")
    if finish not in finishes:
        raise CutOff(f"{endpoint.name} broke off in the middle of its answer")
    made = tuple(ToolCall(id=key or f"call_{n}", name=name, arguments=json) for n, (key, name, json) in calls.items())
    ended = finishes[finish]
    return Reply.model_validate(
        {
            "text": spoken(text) if quirks.think_tags else text,
            "calls": () if ended == "length" else made,
            "finish": "tool_calls" if made and ended == "stop" else ended,
            "usage": usage,
            "model": model or endpoint.model,
            "margin": margin_of(tokens, request.output) if tokens else None,
        }
    )


def spoken(text: str) -> str:
    """A text without the reasoning before `</think>`; nothing when the reasoning did not end."""
    before, end, after = text.partition("</think>")
    if end:
        return after.lstrip("\n")
    return "" if before.lstrip().startswith("<think>") else text


def _watched(parts: Parts, opened: list[Any], endpoint: Endpoint, max_tokens: int) -> Iterator[Part]:
    box: SimpleQueue[Part | None] = SimpleQueue()
    failed: list[BaseException] = []
    abandoned = threading.Event()

    def read() -> None:
        try:
            for part in parts(opened):
                box.put(part)
                if abandoned.is_set():
                    break
        except BaseException as error:  # noqa: BLE001 (handed over to the thread that waits, and raised there)
            failed.append(error)
        box.put(None)

    threading.Thread(target=read, daemon=True, name=f"stream {endpoint.name}").start()
    silence, what = endpoint.first_token_s, "gave no first token within"
    deadline = monotonic() + endpoint.first_token_s + max(endpoint.idle_s, max_tokens / SLOWEST)
    quiet_since = monotonic()
    try:
        while True:
            now = monotonic()
            try:
                part = box.get(timeout=max(0.0, min(quiet_since + silence, deadline) - now))
            except Empty:
                if monotonic() >= deadline:
                    raise CutOff(f"{endpoint.name} is too slow: the answer did not end in time") from None
                raise CutOff(f"{endpoint.name} {what} {silence:g} s") from None
            if part is None:
                break
            if part.is_token:
                silence, what, quiet_since = endpoint.idle_s, "fell silent for", monotonic()
            yield part
        if failed:
            raise failed[0]
    finally:
        abandoned.set()
        _hang_up(opened)


def _hang_up(opened: list[Any]) -> None:
    """End the connection under a reader that may be waiting in it."""
    for response in opened:
        if not response.is_closed:
            stream = response.extensions.get("network_stream")
            sock = stream.get_extra_info("socket") if stream is not None else None
            with suppress(OSError, ValueError):
                if sock is not None:
                    sock.shutdown(SHUT_RDWR)


def must_stream(response: Any, endpoint: Endpoint, opened: list[Any]) -> None:
    """Notes the response as an answer that has begun, unless it is a web page.

    Raises BadReply for a web page, and for anything else but a stream of events.
    """
    kind = str(response.headers.get("content-type", "")).partition(";")[0].strip()
    if kind == "text/html":
        raise BadReply(f"{endpoint.name} answered with a web page (HTML), not with JSON: check its url {endpoint.url}")
    opened.append(response)
    if kind != "text/event-stream":
        raise BadReply(f"{endpoint.name} answered with {kind or 'something unnamed'}, not with a stream of events")
