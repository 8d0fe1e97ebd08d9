"""The OpenAI wire (`/v1/chat/completions`), through the openai SDK: OpenAI, vLLM, Ollama, llama-server and the like."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from factory.contracts.errors import BadReply
from factory.contracts.model import Endpoint, Message, Picture, Reply, Request, Usage
from factory.contracts.record import Json
from factory.llm.pictures import Bytes, captioned, green_alone
from factory.llm.providers.faults import sdk_faults
from factory.llm.providers.stream import Part, answer, must_stream
from factory.llm.providers.wire import headers, http_client, key_of, number
from factory.llm.quirks import quirks_of

URL = "https://api.openai.com/v1"
CONNECT_S = 10.0
FINISHES = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "filtered",
}


@dataclass(frozen=True)
class OpenAI:
    """One endpoint. Implements contracts.model.Model; safe for threads."""

    endpoint: Endpoint
    environment: Mapping[str, str]
    run: str = ""
    pictures: Bytes = green_alone

    def for_run(self, run: str) -> "OpenAI":
        """The same endpoint; a scripted server counts each run's answers by itself."""
        made = replace(self, run=run)
        made.__dict__["client"] = self.client
        return made

    @cached_property
    def client(self) -> Any:
        import openai

        endpoint = self.endpoint
        return openai.OpenAI(
            api_key=key_of(endpoint, self.environment),
            base_url=endpoint.url or URL,
            max_retries=0,
            http_client=http_client(openai, endpoint),
            timeout=openai.Timeout(max(endpoint.first_token_s, endpoint.idle_s) + 1, connect=CONNECT_S),
        )

    def complete(self, request: Request) -> Reply:
        import openai

        endpoint, client = self.endpoint, self.client  # made before the wait for a first token begins
        extra = headers(endpoint, request, self.run)

        def parts(opened: list[Any]) -> Iterator[Part]:
            asked = body(endpoint, request, self.pictures)
            with client.chat.completions.create(**asked, extra_headers=extra) as stream:
                must_stream(stream.response, endpoint, opened)
                for event in stream:
                    yield from _parts(event.model_dump(warnings=False))

        with sdk_faults(openai, endpoint) as opened:
            return answer(parts, opened, endpoint, request, quirks_of(endpoint.model), FINISHES)

    def models(self) -> tuple[str, ...]:
        """The names of the models the server offers."""
        import openai

        with sdk_faults(openai, self.endpoint):
            return tuple(str(model.id) for model in self.client.models.list())


def body(endpoint: Endpoint, request: Request, pictures: Bytes = green_alone) -> Json:
    """The request as keyword arguments of `chat.completions.create`."""
    quirks = quirks_of(endpoint.model)
    made: Json = {
        "model": endpoint.model,
        "messages": list(_messages(request.messages, pictures)),
        quirks.limit: request.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.temperature is not None and quirks.temperature:
        made["temperature"] = request.temperature
    if request.sample:
        made["seed"] = request.sample
    if request.tools and endpoint.tools:
        made["tools"] = [{"type": "function", "function": tool.model_dump()} for tool in request.tools]
    if request.output and endpoint.json_schema and quirks.json_schema:
        schema = {"name": request.output.name, "schema": request.output.body, "strict": True}
        made["response_format"] = {"type": "json_schema", "json_schema": schema}
    if request.output and endpoint.logprobs:
        made |= {"logprobs": True, "top_logprobs": 5}
    if request.thinking is False and quirks.thinking_off:
        made["extra_body"] = quirks.thinking_off
    return made


def _messages(messages: tuple[Message, ...], bytes_of: Bytes) -> Iterator[Json]:
    """A tool's message takes text only: what it shows comes after the last one of the group, as the user's."""
    held: list[Json] = []
    for message, following in zip(messages, (*messages[1:], None), strict=True):
        parts = [part for picture in message.pictures for part in _parts_of(picture, bytes_of)]
        if parts and message.role != "tool":
            yield {**_message(message), "content": [{"type": "text", "text": message.text}, *parts]}
            continue
        yield _message(message)
        held += parts
        if held and (following is None or following.role != "tool"):
            yield {"role": "user", "content": held}
            held = []


def _parts_of(picture: Picture, bytes_of: Bytes) -> list[Json]:
    said, data = captioned(picture, bytes_of)
    image: Json = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
    return [{"type": "text", "text": said}, *([image] if data else [])]


def _message(message: Message) -> Json:
    made: Json = {"role": message.role, "content": message.text}
    if message.role == "tool":
        made["tool_call_id"] = message.call_id
    if message.calls:
        made["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.calls
        ]
    return made


def _parts(event: Json) -> Iterator[Part]:
    if not isinstance(event.get("choices"), list):
        raise BadReply("an event of the stream has no choices")
    usage = event.get("usage")
    if usage:
        yield Part(usage=_usage(usage))
    for choice in event["choices"]:
        delta = choice.get("delta") or {}
        logprobs = (choice.get("logprobs") or {}).get("content") or ()
        yield Part(
            text=delta.get("content") or "",
            reasoning=delta.get("reasoning_content") or delta.get("reasoning") or "",
            finish=choice.get("finish_reason") or "",
            model=event.get("model") or "",
            tokens=tuple(_token(item) for item in logprobs),
        )
        for call in delta.get("tool_calls") or ():
            function = call.get("function") or {}
            name, arguments = function.get("name") or "", function.get("arguments") or ""
            yield Part(call=(int(call.get("index") or 0), call.get("id") or "", name, arguments))


def _usage(usage: Json) -> Usage:
    read = usage.get("prompt_tokens_details") or {}
    written = usage.get("completion_tokens_details") or {}
    return Usage(
        input=number(usage.get("prompt_tokens")),
        output=number(usage.get("completion_tokens")),
        cached=number(read.get("cached_tokens")),
        cache_written=number(read.get("cache_write_tokens")),
        reasoning=number(written.get("reasoning_tokens")),
    )


def _token(item: Json) -> tuple[str, float, tuple[tuple[str, float], ...]]:
    others = tuple((str(top["token"]), float(top["logprob"])) for top in item.get("top_logprobs") or ())
    return str(item["token"]), float(item["logprob"]), others
