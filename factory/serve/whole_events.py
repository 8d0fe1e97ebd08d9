"""A whole answer as the events of a stream, for a client that asked for one."""

import json

from factory.contracts.record import Json
from factory.serve.convert import sse


def chat_events(completion: Json, usage: bool) -> bytes:
    """One chunk with everything, one with the reason for the end, the usage if asked for, and [DONE]."""
    head = {key: completion.get(key) for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    made: list[bytes] = []
    for choice in completion.get("choices") or []:
        delta = {key: value for key, value in (choice.get("message") or {}).items() if value is not None}
        if isinstance(delta.get("tool_calls"), list):
            delta["tool_calls"] = [{"index": number, **call} for number, call in enumerate(delta["tool_calls"])]
        for part, finish in ((delta, None), ({}, choice.get("finish_reason"))):
            item = {"index": choice.get("index", 0), "delta": part, "finish_reason": finish}
            made.append(sse.data(head | {"choices": [item]}))
    if usage:
        made.append(sse.data(head | {"choices": [], "usage": completion.get("usage")}))
    return b"".join((*made, sse.DONE))


def messages_events(message: Json) -> bytes:
    """Start, each block with one delta, the reason for the end, stop."""
    usage = message.get("usage") or {}
    start = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    made = [_event("message_start", message=start)]
    for index, block in enumerate(message.get("content") or []):
        empty, deltas = _opened(block)
        made.append(_event("content_block_start", index=index, content_block=empty))
        made.extend(_event("content_block_delta", index=index, delta=delta) for delta in deltas)
        made.append(_event("content_block_stop", index=index))
    ending = {"stop_reason": message.get("stop_reason"), "stop_sequence": message.get("stop_sequence")}
    made.append(_event("message_delta", delta=ending, usage={"output_tokens": usage.get("output_tokens", 0)}))
    made.append(_event("message_stop"))
    return b"".join(made)


def _opened(block: Json) -> tuple[Json, list[Json]]:
    """A block as it starts, and what is added to it."""
    kind = block.get("type")
    if kind == "text":
        return {**block, "text": ""}, [{"type": "text_delta", "text": block.get("text", "")}]
    if kind == "tool_use":
        written = json.dumps(block.get("input") or {}, ensure_ascii=False)
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": written}]
    if kind == "thinking":
        signed = {"type": "signature_delta", "signature": block.get("signature", "")}
        thought = {"type": "thinking_delta", "thinking": block.get("thinking", "")}
        return {**block, "thinking": "", "signature": ""}, [thought, signed]
    return block, []


def _event(kind: str, **fields: object) -> bytes:
    return sse.event({"type": kind, **fields})
