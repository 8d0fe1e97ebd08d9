"""The vendors' SDKs describe both wires: what we make must be what their types and their stream readers take."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from anthropic.types import Message
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming, MessageCreateParamsStreaming
from openai.types.chat import ChatCompletion
from openai.types.chat import completion_create_params as chat_params
from pydantic import BaseModel, TypeAdapter

from factory.contracts.record import Json
from factory.serve.convert import messages_reply
from tests.serve.convert.golden import MODEL, cases, client_of, events, load

# what the SDKs do not name: sampling that the vendor's newest models refuse but local servers take, and the field's
# habits for reasoning
BESIDE_MESSAGES = {"temperature", "top_p", "top_k"}
BESIDE_CHAT = {"top_k", "reasoning", "reasoning_content", "thinking_blocks"}


def plain(value: Any) -> Any:
    """Lazily checked iterables are read, so that they are checked, and models become dicts."""
    if isinstance(value, BaseModel):
        return plain(value.model_dump(exclude_unset=True))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, Iterator | list | tuple) else value


def without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: without(item, names) for key, item in value.items() if key not in names}
    return [without(item, names) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", cases("to_messages", ".json"), ids=lambda path: path.stem)
def test_messages_requests(path: Path) -> None:
    made = without(load(path)["out"], BESIDE_MESSAGES)
    wanted: Any = MessageCreateParamsStreaming if made.get("stream") else MessageCreateParamsNonStreaming
    assert plain(TypeAdapter(wanted).validate_python(made)) == made, "a field that the wire does not know"


@pytest.mark.parametrize("path", cases("to_chat", ".json"), ids=lambda path: path.stem)
def test_chat_requests(path: Path) -> None:
    made = without(load(path)["out"], BESIDE_CHAT)
    wanted: Any = chat_params.CompletionCreateParamsStreaming
    wanted = wanted if made.get("stream") else chat_params.CompletionCreateParamsNonStreaming
    assert plain(TypeAdapter(wanted).validate_python(made)) == made, "a field that the wire does not know"


def test_the_request_check_would_see_a_wrong_field() -> None:
    wrong = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x", "colour": "red"}]}
    assert plain(TypeAdapter(MessageCreateParamsNonStreaming).validate_python(wrong)) != wrong


def unknown_fields(model: BaseModel) -> set[str]:
    """What the SDK let pass without knowing it."""
    found = set(model.model_extra or ())
    for value in vars(model).values():
        for item in value if isinstance(value, list) else [value]:
            found |= unknown_fields(item) if isinstance(item, BaseModel) else set()
    return found


@pytest.mark.parametrize("path", cases("chat_reply", ".json"), ids=lambda path: path.stem)
def test_chat_replies(path: Path) -> None:
    made = ChatCompletion.model_validate(load(path)["out"], strict=True)
    assert unknown_fields(made) <= BESIDE_CHAT


@pytest.mark.parametrize("path", cases("messages_reply", ".json"), ids=lambda path: path.stem)
def test_messages_replies(path: Path) -> None:
    assert not unknown_fields(Message.model_validate(load(path)["out"], strict=True))


@contextmanager
def answering(reply: bytes) -> Iterator[str]:
    """A server that answers every request with these events."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def chat_client(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)


def messages_client(url: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=url, api_key="none", max_retries=0)


def good(folder: str) -> list[Path]:
    return [path for path in cases(folder, ".upstream.sse") if "error" not in path.name]


@pytest.mark.parametrize("path", good("chat_reply"), ids=lambda path: path.name)
def test_the_chat_sdk_reads_the_streams(path: Path) -> None:
    """Its own reader puts together what the upstream said."""
    said = list(events(path.read_text(encoding="utf-8")))
    with (
        answering(client_of(path).read_bytes()) as url,
        chat_client(url) as client,
        client.chat.completions.stream(model="m", messages=[{"role": "user", "content": "x"}]) as stream,
    ):
        made = stream.until_done().current_completion_snapshot
    assert made.model == MODEL
    answer = made.choices[0].message
    text = "".join(each["delta"]["text"] for each in said if each.get("delta", {}).get("type") == "text_delta")
    starts = "".join(each["content_block"].get("text", "") for each in said if "content_block" in each)
    assert (answer.content or "").replace("\n\n", "") == starts + text
    uses = [each["content_block"] for each in said if each.get("content_block", {}).get("type") == "tool_use"]
    calls = answer.tool_calls or []
    assert [(call.id, call.function.name) for call in calls] == [(use["id"], use["name"]) for use in uses]
    assert all(isinstance(json.loads(call.function.arguments), dict) for call in calls)
    assert made.usage is not None
    assert made.usage.completion_tokens == 42


@pytest.mark.parametrize("path", good("messages_reply"), ids=lambda path: path.name)
def test_the_messages_sdk_reads_the_streams(path: Path) -> None:
    said = [each["choices"][0]["delta"] for each in events(path.read_text(encoding="utf-8")) if each["choices"]]
    with (
        answering(client_of(path).read_bytes()) as url,
        messages_client(url) as client,
        client.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}]) as stream,
    ):
        made = stream.get_final_message()
    assert made.model == MODEL
    words = "".join((delta.get("content") or "") + (delta.get("refusal") or "") for delta in said)
    assert "".join(block.text for block in made.content if block.type == "text") == words
    thought = "".join(delta.get("reasoning") or "" for delta in said)
    assert "".join(block.thinking for block in made.content if block.type == "thinking") == thought
    calls = [part for delta in said for part in delta.get("tool_calls", ()) if "name" in part["function"]]
    uses = [block for block in made.content if block.type == "tool_use"]
    assert [(use.id, use.name) for use in uses] == [(call["id"], call["function"]["name"]) for call in calls]
    assert made.stop_reason == ("tool_use" if uses else made.stop_reason)
    assert made.content, "nothing came"


def test_the_sdks_see_an_error_in_the_middle() -> None:
    (chat,) = (path for path in cases("chat_reply", ".upstream.sse") if path.name.startswith("error."))
    with (
        answering(client_of(chat).read_bytes()) as url,
        chat_client(url) as client,
        client.chat.completions.create(model="m", messages=[], stream=True) as chunks,
    ):
        assert next(chunks).choices
        with pytest.raises(openai.APIError, match="Overloaded"):
            list(chunks)
    (messages,) = (path for path in cases("messages_reply", ".upstream.sse") if path.name.startswith("error."))
    with (
        answering(client_of(messages).read_bytes()) as url,
        messages_client(url) as client,
        client.messages.create(model="m", max_tokens=9, messages=[], stream=True) as told,
    ):
        assert next(told).type == "message_start"
        with pytest.raises(anthropic.APIStatusError, match="out of blocks"):
            list(told)


def test_the_error_kinds_are_the_vendors() -> None:
    for code, kind in (
        (429, "rate_limit_error"),
        (400, "invalid_request_error"),
        (500, "api_error"),
        ("x", "api_error"),
    ):
        made: Json = next(events(messages_reply.Stream(MODEL).feed({"error": {"message": "m", "code": code}}).decode()))
        assert made["error"] == {"type": kind, "message": "m"}
