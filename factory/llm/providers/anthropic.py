"""The Anthropic wire (`/v1/messages`), through the anthropic SDK: Claude, and servers that speak it too."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from factory.contracts.model import Endpoint, Message, Picture, Reply, Request, Usage
from factory.contracts.record import Json
from factory.llm.pictures import Bytes, captioned, green_alone
from factory.llm.providers.faults import sdk_faults
from factory.llm.providers.stream import Part, answer, must_stream
from factory.llm.providers.wire import headers, http_client, key_of, number
from factory.llm.quirks import quirks_of

URL = "https://api.anthropic.com"
CONNECT_S = 10.0
CACHED: Json = {"type": "ephemeral"}
FINISHES = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "filtered",
}


@dataclass(frozen=True)
class Anthropic:
    """One endpoint. Implements contracts.model.Model; safe for threads."""

    endpoint: Endpoint
    environment: Mapping[str, str]
    run: str = ""
    pictures: Bytes = green_alone

    def for_run(self, run: str) -> "Anthropic":
        """The same endpoint; a scripted server counts each run's answers by itself."""
        made = replace(self, run=run)
        made.__dict__["client"] = self.client
        return made

    @cached_property
    def client(self) -> Any:
        import anthropic

        endpoint = self.endpoint
        return anthropic.Anthropic(
            api_key=key_of(endpoint, self.environment),
            base_url=(endpoint.url or URL).rstrip("/").removesuffix("/v1"),
            max_retries=0,
            http_client=http_client(anthropic, endpoint),
            timeout=anthropic.Timeout(max(endpoint.first_token_s, endpoint.idle_s) + 1, connect=CONNECT_S),
        )

    def complete(self, request: Request) -> Reply:
        import anthropic

        endpoint, client = self.endpoint, self.client  # made before the wait for a first token begins
        extra = headers(endpoint, request, self.run)

        def parts(opened: list[Any]) -> Iterator[Part]:
            with client.messages.create(**body(endpoint, request, self.pictures), extra_headers=extra) as stream:
                must_stream(stream.response, endpoint, opened)
                yield from _parts(event.model_dump(warnings=False) for event in stream)

        with sdk_faults(anthropic, endpoint) as opened:
            return answer(parts, opened, endpoint, request, quirks_of(endpoint.model), FINISHES)

    def models(self) -> tuple[str, ...]:
        """The names of the models the server offers."""
        import anthropic

        with sdk_faults(anthropic, self.endpoint):
            return tuple(str(model.id) for model in self.client.models.list())


def body(endpoint: Endpoint, request: Request, pictures: Bytes = green_alone) -> Json:
    """The request as keyword arguments of `messages.create`.

    Cache breakpoints (at most four are allowed) stand after the system prompt, which covers the tools too, after the
    first message, which is the task, and after the last one, so that the next step of a tool loop reads all of this.
    """
    quirks = quirks_of(endpoint.model)
    made: Json = {"model": endpoint.model, "max_tokens": request.max_tokens, "stream": True}
    system = [{"type": "text", "text": item.text} for item in request.messages if item.role == "system" and item.text]
    if system:
        made["system"] = [*system[:-1], {**system[-1], "cache_control": CACHED}]
    turns = _turns(request.messages, pictures)
    for turn in {0, len(turns) - 1} if turns else ():
        turns[turn]["content"][-1]["cache_control"] = CACHED
    made["messages"] = turns
    if request.temperature is not None and quirks.temperature:
        made["extra_body"] = {"temperature": request.temperature}  # the SDK no longer names it; local servers take it
    if request.tools and endpoint.tools:
        made["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
            for tool in request.tools
        ]
    if request.output and endpoint.json_schema and quirks.json_schema:
        made["output_config"] = {"format": {"type": "json_schema", "schema": request.output.body}}
    return made


def _turns(messages: tuple[Message, ...], pictures: Bytes) -> list[Json]:
    """User and assistant turns that alternate: results of tools are user blocks, neighbours are merged."""
    turns: list[Json] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message, pictures) if message.role != "system" else []
        if not blocks:
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"].extend(blocks)
        else:
            turns.append({"role": role, "content": blocks})
    return turns


def _blocks(message: Message, pictures: Bytes) -> list[Json]:
    seen = [block for picture in message.pictures for block in _picture(picture, pictures)]
    text: list[Json] = [{"type": "text", "text": message.text}] if message.text.strip() else []
    if message.role == "tool":
        content = [*text, *seen] if seen else message.text
        return [{"type": "tool_result", "tool_use_id": message.call_id, "content": content}]
    blocks = [*text, *seen]
    for call in message.calls:
        blocks.append({"type": "tool_use", "id": call.id, "name": call.name, "input": _object(call.arguments)})
    return blocks


def _picture(picture: Picture, pictures: Bytes) -> list[Json]:
    said, data = captioned(picture, pictures)
    image: Json = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    return [{"type": "text", "text": said}, *([image] if data else [])]


def _object(arguments: str) -> Json:
    """The wire takes objects only; what is none is shown to the model as it wrote it."""
    try:
        value = json.loads(arguments)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"unreadable": arguments}


def _parts(events: Iterator[Json]) -> Iterator[Part]:
    usage: Json = {}
    for event in events:
        kind = event.get("type")
        if kind == "message_start":
            usage |= {key: value for key, value in (event["message"].get("usage") or {}).items() if value is not None}
            yield Part(model=event["message"].get("model") or "")
        elif kind == "content_block_start" and event["content_block"].get("type") == "tool_use":
            block = event["content_block"]
            yield Part(call=(event["index"], block.get("id") or "", block.get("name") or "", ""))
        elif kind == "content_block_delta":
            delta = event["delta"]
            yield Part(text=delta.get("text") or "", reasoning=delta.get("thinking") or "")
            if delta.get("partial_json"):
                yield Part(call=(event["index"], "", "", delta["partial_json"]))
        elif kind == "message_delta":
            usage |= {key: value for key, value in (event.get("usage") or {}).items() if value is not None}
            yield Part(finish=event["delta"].get("stop_reason") or "", usage=_usage(usage))


def _usage(usage: Json) -> Usage:
    """The wire counts cached and cache-written tokens beside `input_tokens`; we count them in."""
    cached, written = number(usage.get("cache_read_input_tokens")), number(usage.get("cache_creation_input_tokens"))
    return Usage(
        input=number(usage.get("input_tokens")) + cached + written,
        output=number(usage.get("output_tokens")),
        cached=cached,
        cache_written=written,
        reasoning=number((usage.get("output_tokens_details") or {}).get("thinking_tokens")),
    )
