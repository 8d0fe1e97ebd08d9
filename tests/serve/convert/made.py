"""Made-up conversations, replies and streams for the property tests."""

import json
from typing import Any

from hypothesis import strategies as st

from factory.contracts.record import Json

PNG = "data:image/png;base64,iVBORw0KGgo="
words = st.text(max_size=20)
said = st.text(min_size=1, max_size=20)
ids = st.from_regex(r"[a-zA-Z0-9_-]{1,12}", fullmatch=True)
names = st.sampled_from(["read", "write", "now"])
leaves = st.none() | st.booleans() | st.integers(-9, 2**60) | st.floats(allow_nan=False, allow_infinity=False) | words
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
                      max_leaves=8)  # fmt: skip
objects = st.dictionaries(words, values, max_size=3)
counts = st.integers(0, 10**6)
EFFORTS = ("none", "low", "medium", "high", "xhigh", "max")


def text_part(text: str) -> Json:
    return {"type": "text", "text": text}


pictures = st.sampled_from([PNG, "https://example.org/a.png"]).map(
    lambda url: {"type": "image_url", "image_url": {"url": url}}
)
users = (said | st.lists(said.map(text_part) | pictures, min_size=1, max_size=3)).map(
    lambda content: {"role": "user", "content": content}
)
tools = st.fixed_dictionaries(
    {"name": names, "parameters": st.just({"type": "object", "properties": {"path": {"type": "string"}}})},
    optional={"description": said, "strict": st.just(True)},
).map(lambda function: {"type": "function", "function": function})
choices = st.sampled_from(["auto", "none", "required", {"type": "function", "function": {"name": "read"}}])
settings = st.fixed_dictionaries(
    {"model": said, "max_tokens": st.integers(1, 10**6)},
    optional={
        "stream": st.booleans(), "temperature": st.floats(0, 1), "top_p": st.floats(0, 1), "user": said,
        "top_k": counts, "reasoning_effort": st.sampled_from(EFFORTS),
        "stop": st.lists(said.filter(str.strip), min_size=1, max_size=3),
        "tools": st.lists(tools, min_size=1, max_size=2), "tool_choice": choices,
        "response_format": st.just({"type": "json_schema", "json_schema": {
            "name": "answer", "schema": {"type": "object"}, "strict": True}}),
    },
)  # fmt: skip


@st.composite
def exchanges(draw: st.DrawFn) -> list[Json]:
    """An assistant's turn and what answers it."""
    calls = draw(st.lists(st.tuples(ids, names, objects), max_size=3, unique_by=lambda call: call[0]))
    content = draw(said if not calls else st.none() | said)
    turn: Json = {"role": "assistant", "content": content}
    if calls:
        turn["tool_calls"] = [
            {"id": name, "type": "function", "function": {"name": tool, "arguments": json.dumps(given)}}
            for name, tool, given in calls
        ]
    results = [{"role": "tool", "tool_call_id": name, "content": draw(words)} for name, _, _ in calls]
    follow = draw(st.lists(users, min_size=0 if results else 1, max_size=2))
    return [turn, *results, *follow]


@st.composite
def chats(draw: st.DrawFn) -> Json:
    """A chat request of what both wires can say."""
    body: Json = draw(settings)
    system = [{"role": "system", "content": draw(said)}] if draw(st.booleans()) else []
    turns = [draw(users)] + [message for each in draw(st.lists(exchanges(), max_size=3)) for message in each]
    return {**body, "messages": [*system, *turns]}


thinking = st.fixed_dictionaries(
    {"type": st.just("thinking"), "thinking": words, "signature": st.sampled_from(["", "s"])}
)
redacted = st.fixed_dictionaries({"type": st.just("redacted_thinking"), "data": said})
uses = st.fixed_dictionaries({"type": st.just("tool_use"), "id": ids, "name": names, "input": objects})
usages = st.fixed_dictionaries(
    {"input_tokens": counts, "output_tokens": counts},
    optional={"cache_read_input_tokens": counts | st.none(), "cache_creation_input_tokens": counts,
              "output_tokens_details": st.fixed_dictionaries({"thinking_tokens": counts})},
)  # fmt: skip
messages = st.builds(
    lambda content, usage, stop: {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "real", "content": content,
        "stop_reason": stop, "stop_sequence": None, "usage": usage,
    },
    st.lists(words.map(text_part) | thinking | redacted | uses, max_size=5),
    usages,
    st.sampled_from(["end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal", "pause_turn"]),
)  # fmt: skip


def cut(draw: st.DrawFn, text: str) -> list[str]:
    """The text in pieces, empty ones among them."""
    at = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4)))
    return [text[start:end] for start, end in zip([0, *at], [*at, len(text)], strict=True)]


@st.composite
def message_streams(draw: st.DrawFn) -> tuple[Json, list[Json]]:
    """A message, and a stream that tells it."""
    message: Json = draw(messages)
    told: list[Json] = [
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None, "usage": {
            "input_tokens": message["usage"]["input_tokens"], "output_tokens": 1}}}
    ]  # fmt: skip
    for index, block in enumerate(message["content"]):
        told.extend({**event, "index": index} for event in _block(draw, block))
        told.extend([{"type": "ping"}] if draw(st.booleans()) else [])
    stop = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    told.append({"type": "message_delta", "delta": stop, "usage": message["usage"]})
    return message, [*told, {"type": "message_stop"}]


def _block(draw: st.DrawFn, block: Json) -> list[Json]:
    kind = block["type"]
    if kind == "redacted_thinking":
        return [{"type": "content_block_start", "content_block": block}, {"type": "content_block_stop"}]
    if kind == "tool_use":
        empty, name, key, text = {**block, "input": {}}, "input_json_delta", "partial_json", json.dumps(block["input"])
    elif kind == "thinking":
        empty, name, key, text = (
            {**block, "thinking": "", "signature": ""},
            "thinking_delta",
            "thinking",
            block["thinking"],
        )
    else:
        empty, name, key, text = {**block, "text": ""}, "text_delta", "text", block["text"]
    deltas: list[Json] = [{"type": name, key: piece} for piece in cut(draw, text)]
    if block.get("signature"):
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    told = [{"type": "content_block_delta", "delta": delta} for delta in deltas]
    return [{"type": "content_block_start", "content_block": empty}, *told, {"type": "content_block_stop"}]


@st.composite
def chat_streams(draw: st.DrawFn) -> tuple[Json, list[Json]]:
    """A completion, and a stream that tells it; the parts of its calls come mixed."""
    calls = draw(st.lists(st.tuples(ids, names, objects), max_size=3, unique_by=lambda call: call[0]))
    written = [(name, tool, json.dumps(given)) for name, tool, given in calls]
    reasoning, text = draw(words), draw(words)
    finish = draw(st.sampled_from(["stop", "length", "content_filter", "tool_calls"]))
    usage = {"prompt_tokens": draw(counts), "completion_tokens": draw(counts),
             "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0}}  # fmt: skip
    answer: Json = {"role": "assistant", "content": text or None, "reasoning_content": reasoning, "tool_calls": [
        {"id": name, "type": "function", "function": {"name": tool, "arguments": given}}
        for name, tool, given in written]}  # fmt: skip
    whole = {"id": "c1", "choices": [{"index": 0, "message": answer, "finish_reason": finish}], "usage": usage}
    deltas: list[Any] = [{"role": "assistant", "content": ""}]
    deltas += [{draw(st.sampled_from(["reasoning", "reasoning_content"])): piece} for piece in cut(draw, reasoning)]
    deltas += [{"content": piece, "tool_calls": []} for piece in cut(draw, text)]
    deltas += _mixed(draw, written)
    told: list[Json] = [{"id": "c1", "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    told.append({"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    return whole, [*told, {"id": "c1", "choices": [], "usage": usage}]


def _mixed(draw: st.DrawFn, calls: list[tuple[str, str, str]]) -> list[Json]:
    """The pieces of all calls, each call's in their order, the calls beginning in theirs."""
    waiting = [
        [{"index": at, "id": name, "function": {"name": tool, "arguments": ""}},
         *({"index": at, "function": {"arguments": piece}} for piece in cut(draw, given))]
        for at, (name, tool, given) in enumerate(calls)
    ]  # fmt: skip
    made: list[Json] = []
    begun = 0
    while any(waiting):
        open_ones = [at for at, pieces in enumerate(waiting) if pieces and at <= begun]
        at = draw(st.sampled_from(open_ones or [next(at for at, pieces in enumerate(waiting) if pieces)]))
        begun = max(begun, at + 1)
        made.append({"tool_calls": [waiting[at].pop(0)]})
    return made
