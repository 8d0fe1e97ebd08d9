"""The conversation of a chat request as the messages wire wants it: a system prompt, and turns that alternate.

System and developer messages are all moved to the front, as the vendor's own chat endpoint does. Results of tools
are blocks of the user's turn; neighbours of one role become one turn; what is empty is left out.
"""

from typing import Any

from factory.contracts.record import Json
from factory.serve.convert import arguments, images
from factory.serve.convert.fields import ASKED, Dropped, shown
from factory.serve.convert.problems import Unconvertible

SYSTEM = ("system", "developer")
REASONING = ("reasoning_content", "reasoning")


def turns_of(messages: object, dropped: Dropped) -> tuple[list[Json], list[Json]]:
    """The system prompt's blocks and the turns."""
    system: list[Json] = []
    turns: list[Json] = []
    for number, message in enumerate(ASKED.mappings(messages, "messages")):
        where = f"messages[{number}]"
        role = message.get("role")
        if message.get("name") is not None:
            dropped["messages.name"] = None
        if role in SYSTEM:
            system.extend(_texts(message.get("content"), where, dropped))
        elif role == "user":
            _add(turns, "user", _user(message.get("content"), where, dropped))
        elif role == "tool":
            _add(turns, "user", [_result(message, where, dropped)])
        elif role == "assistant":
            _add(turns, "assistant", _assistant(message, where, dropped))
        else:
            raise Unconvertible(f"{where}.role {shown(role)} has no counterpart on the messages wire.")
    if not turns:
        raise Unconvertible("messages holds no message with content.")
    if turns[-1]["role"] == "assistant":
        raise Unconvertible("messages ends with the assistant, which the messages wire would continue, not answer.")
    return system, turns


def _add(turns: list[Json], role: str, blocks: list[Json]) -> None:
    if blocks and turns and turns[-1]["role"] == role:
        turns[-1]["content"].extend(blocks)
    elif blocks:
        turns.append({"role": role, "content": blocks})


def _text(value: object, part: Json, where: str, dropped: Dropped) -> list[Json]:
    """One text block, none where there is no text. A cache mark in the messages wire's words is kept."""
    text = ASKED.words(value, f"{where}.text")
    if part.get("prompt_cache_breakpoint") is not None:
        dropped["messages.content.prompt_cache_breakpoint"] = None
    mark = {"cache_control": part["cache_control"]} if part.get("cache_control") is not None else {}
    return [{"type": "text", "text": text, **mark}] if text else []


def _texts(content: object, where: str, dropped: Dropped) -> list[Json]:
    """Content that can only be text."""
    if content is None or isinstance(content, str):
        return _text(content, {}, where, dropped)
    blocks: list[Json] = []
    for number, part in enumerate(ASKED.mappings(content, f"{where}.content")):
        here = f"{where}.content[{number}]"
        if (kind := ASKED.kind(part, here)) not in ("text", "refusal"):
            raise Unconvertible(f"{here}.type {shown(kind)} has no place in a message of this role.")
        blocks.extend(_text(part.get(kind), part, here, dropped))
    return blocks


def _user(content: object, where: str, dropped: Dropped) -> list[Json]:
    if content is None or isinstance(content, str):
        return _text(content, {}, where, dropped)
    blocks: list[Json] = []
    for number, part in enumerate(ASKED.mappings(content, f"{where}.content")):
        here = f"{where}.content[{number}]"
        kind = ASKED.kind(part, here)
        if kind == "text":
            blocks.extend(_text(part.get("text"), part, here, dropped))
        elif kind == "image_url":
            mark = {"cache_control": part["cache_control"]} if part.get("cache_control") is not None else {}
            blocks.append(images.block_of(part, here, dropped) | mark)
        else:
            raise Unconvertible(f"{here}.type {shown(kind)} has no counterpart on the messages wire.")
    return blocks


def _result(message: Json, where: str, dropped: Dropped) -> Json:
    call = arguments.fitting_id(ASKED.text(message.get("tool_call_id"), f"{where}.tool_call_id"))
    blocks = _user(message.get("content"), where, dropped)  # some clients put pictures here, and this wire takes them
    content: Any = blocks
    if len(blocks) < 2 and all(block.keys() == {"type", "text"} for block in blocks):
        content = blocks[0]["text"] if blocks else ""
    return {"type": "tool_result", "tool_use_id": call, "content": content}


def _assistant(message: Json, where: str, dropped: Dropped) -> list[Json]:
    if message.get("function_call") is not None or message.get("audio") is not None:
        raise Unconvertible(f"{where} holds function_call or audio, which have no counterpart on the messages wire.")
    blocks = _signed(message, where, dropped)
    blocks.extend(_texts(message.get("content"), where, dropped))
    blocks.extend(_text(message.get("refusal"), {}, f"{where}.refusal", dropped))
    for number, call in enumerate(ASKED.mappings(message.get("tool_calls"), f"{where}.tool_calls")):
        blocks.append(_use(call, f"{where}.tool_calls[{number}]"))
    return blocks


def _signed(message: Json, where: str, dropped: Dropped) -> list[Json]:
    """Thinking that the messages wire will take back: what it has signed or sealed. The rest is left out, as the
    wire itself forgets the thinking of earlier turns."""
    kept: list[Json] = []
    for block in ASKED.mappings(message.get("thinking_blocks"), f"{where}.thinking_blocks"):
        if block.get("type") == "redacted_thinking" and isinstance(block.get("data"), str):
            kept.append({"type": "redacted_thinking", "data": block["data"]})
        elif block.get("signature") and isinstance(block.get("thinking"), str):
            kept.append({"type": "thinking", "thinking": block["thinking"], "signature": block["signature"]})
        else:
            dropped["messages.thinking_blocks"] = None
    if not kept:
        dropped.update({f"messages.{name}": None for name in REASONING if message.get(name)})
    return kept


def _use(call: Json, where: str) -> Json:
    if call.get("type", "function") != "function":
        raise Unconvertible(f"{where}.type {shown(call.get('type'))} has no counterpart on the messages wire.")
    function = ASKED.mapping(call.get("function"), f"{where}.function")
    return {
        "type": "tool_use",
        "id": arguments.fitting_id(ASKED.text(call.get("id"), f"{where}.id")),
        "name": ASKED.text(function.get("name"), f"{where}.function.name"),
        "input": arguments.read(function.get("arguments")),
    }
