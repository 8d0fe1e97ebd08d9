"""There and back means the same; a stream tells what the whole reply tells; junk is a problem with a name."""

import copy
import json
from typing import Any

import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import RawMessageStreamEvent
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk
from pydantic import TypeAdapter

from factory.contracts.record import Json
from factory.serve.convert import chat_reply, messages_reply, to_chat, to_messages
from factory.serve.convert.problems import BadEvent, CutOffStream, Unconvertible
from tests.serve.convert import made
from tests.serve.convert.golden import MODEL, REQUESTS, cases, events, load

EVENT: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)


def meaning(chat: Json) -> Json:
    """A chat request as a person reads it: arguments as values, a user's neighbouring words as one turn."""
    turns: list[Any] = []
    for message in copy.deepcopy(chat["messages"]):
        content = message["content"]
        if message["role"] == "user":
            parts = [made.text_part(content)] if isinstance(content, str) else content
            if turns and turns[-1]["role"] == "user":
                turns[-1]["content"] += parts
                continue
            message["content"] = parts
        for call in message.get("tool_calls", ()):
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
        turns.append(message)
    asked = {name: value for name, value in chat.items() if name != "stream_options"}
    return {**asked, "messages": turns}


@settings(max_examples=50, deadline=None)
@given(made.chats())
def test_a_chat_request_comes_back_with_its_meaning(chat: Json) -> None:
    there = to_messages.request(copy.deepcopy(chat))
    assert to_messages.dropped(chat) == ()
    back = to_chat.request(there)
    if chat.get("reasoning_effort") == "none":
        assert there["thinking"] == {"type": "disabled"}
    assert meaning(back) == meaning(chat)
    assert to_messages.request(back) == there


def chunks_of(stream: bytes) -> list[Json]:
    assert stream.endswith(b"data: [DONE]\n\n")
    return list(events(stream.decode()))


@settings(max_examples=50, deadline=None)
@given(made.message_streams())
def test_a_chat_stream_tells_what_the_whole_reply_tells(case: tuple[Json, list[Json]]) -> None:
    message, told = case
    stream = chat_reply.Stream(MODEL, usage=True)
    got = b"".join([stream.feed(event) for event in told]) + stream.end()
    reader: ChatCompletionStreamState[None] = ChatCompletionStreamState()
    for chunk in chunks_of(got):
        reader.handle_chunk(ChatCompletionChunk.model_validate(chunk, strict=True))
    seen = reader.current_completion_snapshot.to_dict()
    whole = chat_reply.whole(message, MODEL)
    heard, wanted = dict(seen["choices"][0]["message"]), dict(whole["choices"][0]["message"])  # type: ignore[index]
    assert read_calls(heard) == read_calls(wanted)
    kept = [
        {key: value for key, value in block.items() if key != "index"} for block in heard.pop("thinking_blocks", [])
    ]
    assert kept == wanted.pop("thinking_blocks", [])
    for name in ("content", "reasoning_content", "refusal"):
        assert (heard.get(name) or None) == (wanted.get(name) or None)
    assert seen["choices"][0]["finish_reason"] == whole["choices"][0]["finish_reason"]  # type: ignore[index]
    assert seen["usage"] == whole["usage"]


def read_calls(answer: Json) -> list[tuple[str, str, Any]]:
    calls = answer.get("tool_calls") or []
    return [(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls]


@settings(max_examples=50, deadline=None)
@given(made.chat_streams())
def test_a_messages_stream_tells_what_the_whole_reply_tells(case: tuple[Json, list[Json]]) -> None:
    completion, told = case
    assert heard_by_anthropic(told) == messages_reply.whole(completion, MODEL)


def heard_by_anthropic(told: list[Json]) -> Json:
    """The message that the vendor's SDK puts together; its blocks come one after the other."""
    stream = messages_reply.Stream(MODEL)
    got = events((b"".join([stream.feed(chunk) for chunk in told]) + stream.end()).decode())
    snapshot: Any = None
    buffers: dict[int, bytes] = {}
    open_block, closed = -1, -1
    for event in got:
        if event["type"] == "content_block_start":
            assert (open_block, event["index"]) == (-1, closed + 1)
            open_block = event["index"]
        elif event["type"] == "content_block_delta":
            assert event["index"] == open_block
        elif event["type"] == "content_block_stop":
            assert event["index"] == open_block
            open_block, closed = -1, open_block
        typed = EVENT.validate_python(event)
        snapshot = accumulate_event(event=typed, current_snapshot=snapshot, json_bufs=buffers)
    assert open_block == -1
    seen: Json = snapshot.to_dict()
    seen.pop("stop_details", None)
    return seen


@settings(max_examples=30, deadline=None)
@given(made.message_streams())
def test_through_both_streams_and_back(case: tuple[Json, list[Json]]) -> None:
    """A messages server seen by a messages client through a chat wire between them: only seals are lost."""
    message, told = case
    stream = chat_reply.Stream("between", usage=True)
    chat = chunks_of(b"".join([stream.feed(event) for event in told]) + stream.end())
    seen = heard_by_anthropic(chat)
    uses = [block for block in message["content"] if block["type"] == "tool_use"]
    assert [block for block in seen["content"] if block["type"] == "tool_use"] == uses
    said = "".join(block.get("text", "") for block in message["content"])
    assert "".join(block.get("text", "") for block in seen["content"]).replace("\n\n", "") == said.replace("\n\n", "")


# --- junk


def spoilt(data: st.DataObject, value: Any) -> Any:
    """The value with something in it replaced by something else, or taken away."""
    if isinstance(value, dict) and value and data.draw(st.integers(0, 4)):
        key = data.draw(st.sampled_from(sorted(value)))
        if data.draw(st.booleans()) and data.draw(st.booleans()):
            return {name: item for name, item in value.items() if name != key}
        return {**value, key: spoilt(data, value[key])}
    if isinstance(value, list) and value and data.draw(st.integers(0, 4)):
        at = data.draw(st.integers(0, len(value) - 1))
        return [*value[:at], spoilt(data, value[at]), *value[at + 1 :]]
    return data.draw(made.values)


STREAMS = [
    (folder, list(events(path.read_text(encoding="utf-8"))))
    for folder in ("chat_reply", "messages_reply")
    for path in cases(folder, ".upstream.sse")
]


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_spoilt_streams_are_bad_events(data: st.DataObject) -> None:
    folder, told = data.draw(st.sampled_from(STREAMS))
    stream = chat_reply.Stream(MODEL, usage=True) if folder == "chat_reply" else messages_reply.Stream(MODEL)
    at = data.draw(st.integers(0, len(told) - 1))
    sent = [*told[:at], spoilt(data, told[at]), *told[at + data.draw(st.integers(0, 1)) :]]
    got = b""
    try:
        for event in sent:
            got += stream.feed(event)
        got += stream.end()
    except (BadEvent, CutOffStream) as problem:
        assert str(problem).endswith(".")  # noqa: PT017
    for event in events(got.decode()):
        assert isinstance(event, dict)


@pytest.mark.parametrize("junk", [None, [], "x", 1, {}, {"type": 1}, {"type": "content_block_stop"}, {"choices": 1}])
def test_junk_is_a_bad_event(junk: Any) -> None:
    for stream in (chat_reply.Stream(MODEL, usage=False), messages_reply.Stream(MODEL)):
        with pytest.raises(BadEvent):
            stream.feed(junk)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_spoilt_replies_are_bad_events(data: st.DataObject) -> None:
    reply = data.draw(st.sampled_from([chat_reply, messages_reply]))
    folder = reply.__name__.rpartition(".")[2]
    path = data.draw(st.sampled_from(cases(folder, ".json")))
    try:
        json.dumps(reply.whole(spoilt(data, load(path)["in"]), MODEL))
    except BadEvent as problem:
        assert str(problem).endswith(".")  # noqa: PT017


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_spoilt_requests_are_unconvertible(data: st.DataObject) -> None:
    folder = data.draw(st.sampled_from(sorted(REQUESTS)))
    body = spoilt(data, load(data.draw(st.sampled_from(cases(folder, ".json"))))["in"])
    try:
        json.dumps(REQUESTS[folder].converted(body))
    except Unconvertible as problem:
        assert str(problem).endswith(".")  # noqa: PT017


@pytest.mark.parametrize("folder", ["chat_reply", "messages_reply"])
def test_a_stream_cut_off_anywhere_is_told(folder: str) -> None:
    for name, told in STREAMS:
        if name != folder or any(
            "error" in event.get("type", event) or event.get("object") == "error" for event in told
        ):
            continue
        finish = next(at for at, event in enumerate(told) if event.get("type") == "message_stop" or any(
            choice.get("finish_reason") for choice in event.get("choices", ())))  # fmt: skip
        for length in range(len(told) + 1):
            stream = chat_reply.Stream(MODEL, usage=True) if folder == "chat_reply" else messages_reply.Stream(MODEL)
            for event in told[:length]:
                stream.feed(event)
            if length <= finish:
                with pytest.raises(CutOffStream):
                    stream.end()
            else:
                assert stream.end()
