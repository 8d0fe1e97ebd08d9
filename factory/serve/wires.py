"""How one scripted reply looks on the OpenAI and on the Anthropic wire, whole and as a stream of events."""

import json
import math
import re
from collections.abc import Iterator
from typing import Protocol

from factory.contracts.model import Usage
from factory.contracts.record import Json
from factory.llm import tokens
from factory.llm.providers.script import ScriptReply

PARTS = 6  # into which a text is cut for streaming
LONG = 2_000  # characters of a part at most
OPENAI_FINISH = {"filtered": "content_filter"}
ANTHROPIC_FINISH = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "filtered": "refusal"}


class Wire(Protocol):
    """One wire's JSON."""

    def said(self, body: Json) -> tuple[str, ...]:
        """The texts of the user's messages."""
        ...

    def error(self, kind: str, message: str) -> Json: ...

    def whole(self, body: Json, reply: ScriptReply) -> Json: ...

    def events(self, body: Json, reply: ScriptReply) -> Iterator[str]: ...


def _said(body: Json) -> tuple[str, ...]:
    texts: list[str] = []
    for message in body.get("messages", ()):
        content = message.get("content") if message.get("role") == "user" else None
        if isinstance(content, str):
            texts.append(content)
        elif content:
            texts.extend(block["text"] for block in content if block.get("type") == "text")
    return tuple(texts)


class _OpenAI:
    said = staticmethod(_said)

    def error(self, kind: str, message: str) -> Json:
        return {"error": {"type": kind, "message": message, "code": None, "param": None}}

    def whole(self, body: Json, reply: ScriptReply) -> Json:
        calls = [{"type": "function", **call} for call in _openai_calls(body, reply)]
        message: Json = {"role": "assistant", "content": reply.text or None}
        choice: Json = {"index": 0, "message": message, "finish_reason": _finish(reply, OPENAI_FINISH)}
        if calls:
            message["tool_calls"] = calls
        if body.get("logprobs"):
            choice["logprobs"] = {"content": _logprobs(reply, body)}
        return _chunk(body, "chat.completion", [choice]) | {"usage": _openai_usage(body, reply)}

    def events(self, body: Json, reply: ScriptReply) -> Iterator[str]:
        yield _openai_event(body, {"role": "assistant", "content": ""})
        if body.get("logprobs"):
            for item in _logprobs(reply, body):
                yield _openai_event(body, {"content": item["token"]}, logprobs={"content": [item]})
        else:
            for piece in _pieces(reply.text):
                yield _openai_event(body, {"content": piece})
        for index, call in enumerate(_openai_calls(body, reply)):
            function = call["function"]
            head = {"id": call["id"], "type": "function", "function": {"name": function["name"], "arguments": ""}}
            yield _openai_event(body, {"tool_calls": [{"index": index, **head}]})
            for piece in _pieces(function["arguments"]):
                yield _openai_event(body, {"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        yield _openai_event(body, {}, finish=_finish(reply, OPENAI_FINISH))
        if (body.get("stream_options") or {}).get("include_usage"):
            yield _data(_chunk(body, "chat.completion.chunk", []) | {"usage": _openai_usage(body, reply)})
        yield "data: [DONE]\n\n"


class _Anthropic:
    said = staticmethod(_said)

    def error(self, kind: str, message: str) -> Json:
        return {"type": "error", "error": {"type": kind, "message": message}}

    def whole(self, body: Json, reply: ScriptReply) -> Json:
        stop = _finish(reply, ANTHROPIC_FINISH)
        return _message(body, _usage(body, reply)) | {"content": _blocks(body, reply), "stop_reason": stop}

    def events(self, body: Json, reply: ScriptReply) -> Iterator[str]:
        usage = _usage(body, reply)
        yield _event("message_start", message=_message(body, usage.but(output=0)))
        for index, block in enumerate(_blocks(body, reply)):
            if block["type"] == "text":
                yield _event("content_block_start", index=index, content_block={"type": "text", "text": ""})
                deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(block["text"])]
            else:
                yield _event("content_block_start", index=index, content_block={**block, "input": {}})
                written = reply.calls[index - bool(reply.text)].text
                deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in _pieces(written)]
            for delta in deltas:
                yield _event("content_block_delta", index=index, delta=delta)
            yield _event("content_block_stop", index=index)
        stop = {"stop_reason": _finish(reply, ANTHROPIC_FINISH), "stop_sequence": None}
        yield _event("message_delta", delta=stop, usage={"output_tokens": usage.output})
        yield _event("message_stop")


OPENAI: Wire = _OpenAI()
ANTHROPIC: Wire = _Anthropic()


def _data(value: Json) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _event(kind: str, **fields: object) -> str:
    return f"event: {kind}\n" + _data({"type": kind, **fields})


def _pieces(text: str) -> Iterator[str]:
    size = min(LONG, max(1, math.ceil(len(text) / PARTS)))
    for at in range(0, len(text), size):
        yield text[at : at + size]


def _finish(reply: ScriptReply, names: dict[str, str]) -> str:
    finish = reply.finish or ("tool_calls" if reply.calls else "stop")
    return names.get(finish, finish)


def _usage(body: Json, reply: ScriptReply) -> Usage:
    """As the file says, else counted from the texts as the client estimates them."""
    if reply.usage is not None:
        return reply.usage
    asked = json.dumps([body.get(key) for key in ("system", "messages", "tools")], ensure_ascii=False)
    said = reply.text + "".join(call.text for call in reply.calls)
    return Usage(input=tokens.estimate(asked), output=max(1, tokens.estimate(said)))


def _turn(body: Json) -> int:
    """Answers so far; it is part of every id: clients take two answers with one id for one."""
    return sum(message.get("role") == "assistant" for message in body.get("messages", ()))


def _call_id(body: Json, number: int) -> str:
    return f"call_{_turn(body)}_{number}"


def _chunk(body: Json, kind: str, choices: list[Json]) -> Json:
    head = {"id": f"chatcmpl-scripted-{_turn(body)}", "object": kind, "created": 0, "model": body.get("model")}
    return head | {"choices": choices}


def _openai_event(body: Json, delta: Json, finish: str | None = None, logprobs: Json | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": logprobs}
    return _data(_chunk(body, "chat.completion.chunk", [choice]))


def _openai_calls(body: Json, reply: ScriptReply) -> list[Json]:
    return [
        {"id": call.id or _call_id(body, number), "function": {"name": call.name, "arguments": call.text}}
        for number, call in enumerate(reply.calls)
    ]


def _openai_usage(body: Json, reply: ScriptReply) -> Json:
    usage = _usage(body, reply)
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _logprobs(reply: ScriptReply, body: Json) -> list[Json]:
    """The text cut so that each value in quotes is a token; `margin` lies between every token and its rival."""
    margin = 5.0 if reply.margin is None else reply.margin
    made: list[Json] = []
    for token in re.findall(r'"|[^"]+', reply.text):
        top = [{"token": token, "logprob": -0.01}, {"token": f"{token}?", "logprob": -0.01 - margin}]
        made.append(
            {"token": token, "logprob": -0.01, "bytes": None, "top_logprobs": top if body.get("top_logprobs") else []}
        )
    return made


def _message(body: Json, usage: Usage) -> Json:
    counted = {
        "input_tokens": usage.input - usage.cached - usage.cache_written,
        "cache_read_input_tokens": usage.cached,
        "cache_creation_input_tokens": usage.cache_written,
        "output_tokens": usage.output,
    }
    head = {"id": f"msg_scripted_{_turn(body)}", "type": "message", "role": "assistant", "model": body.get("model")}
    return head | {"content": [], "stop_reason": None, "stop_sequence": None, "usage": counted}


def _blocks(body: Json, reply: ScriptReply) -> list[Json]:
    blocks: list[Json] = [{"type": "text", "text": reply.text}] if reply.text else []
    for number, call in enumerate(reply.calls):
        value = call.arguments if isinstance(call.arguments, dict) else {}
        blocks.append({"type": "tool_use", "id": call.id or _call_id(body, number), "name": call.name, "input": value})
    return blocks
