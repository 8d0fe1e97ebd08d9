"""The conversation of a messages request as the chat wire wants it.

The results of tools come right after the calls, one message each, before anything else that the user said: models
are trained on that order. A result's pictures follow with the user's words, as chat tools answer in text. Messages
of the role system within the conversation, which some clients append on every turn, join the words beside them
instead of going to the front: many chat templates refuse a system message there, and a prompt whose beginning
changes is computed anew from its beginning.
"""

from typing import Any

from factory.contracts.record import Json
from factory.serve.convert import arguments, images
from factory.serve.convert.fields import ASKED, Dropped, shown
from factory.serve.convert.problems import Unconvertible

BETWEEN = "\n\n"
PASSING = "x-anthropic-billing-header"  # a block that is another one in every request, and no part of the prompt
NOT_SPOKEN = frozenset(("tool_use", "thinking", "redacted_thinking"))


def system_of(system: object, dropped: Dropped) -> str:
    """The text of the field `system`."""
    return BETWEEN.join(_texts(system, "system", dropped))


def turns_of(messages: object, dropped: Dropped) -> tuple[str, list[Json]]:
    """What system messages before the first turn say, and the turns."""
    leading: list[str] = []
    held: list[str] = []  # said between a call and its result: it comes after the result
    turns: list[Json] = []
    for number, message in enumerate(ASKED.mappings(messages, "messages")):
        where, role, content = f"messages[{number}]", message.get("role"), message.get("content")
        if role == "system":
            said = _texts(content, where, dropped)
            if not turns:
                leading.extend(said)
            elif turns[-1].get("tool_calls"):
                held.extend(said)
            else:
                _append(turns, said)
        elif role == "user":
            _user(turns, _blocks(content, where), where, dropped)
            _append(turns, held)
            held = []
        elif role == "assistant":
            _assistant(turns, _blocks(content, where), where, dropped)
        else:
            raise Unconvertible(f"{where}.role {shown(role)} has no counterpart on the chat wire.")
    _append(turns, held)
    if not turns:
        raise Unconvertible("messages holds no message with content.")
    if turns[-1]["role"] == "assistant":
        raise Unconvertible("messages ends with the assistant: the chat wire cannot have its words continued.")
    return BETWEEN.join(leading), [_plain(turn) for turn in turns]


def _blocks(content: object, where: str) -> list[Json]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if content is None:
        raise Unconvertible(f"{where}.content is missing.")
    return ASKED.mappings(content, f"{where}.content")


def _texts(content: object, where: str, dropped: Dropped) -> list[str]:
    """Content that can only be text."""
    texts: list[str] = []
    for number, block in enumerate([] if content is None else _blocks(content, where)):
        here = f"{where}[{number}]"
        if (kind := ASKED.kind(block, here)) != "text":
            raise Unconvertible(f"{here}.type {shown(kind)} has no place here.")
        text = _text(block, here, dropped)
        if text.startswith(PASSING):
            dropped[f"system.{PASSING}"] = None
        elif text:
            texts.append(text)
    return texts


def _text(block: Json, where: str, dropped: Dropped) -> str:
    for name in ("cache_control", "citations"):
        if block.get(name) is not None:
            dropped[f"messages.content.{name}"] = None
    return ASKED.text(block.get("text"), f"{where}.text")


def _append(turns: list[Json], texts: list[str]) -> None:
    """Joins texts to the user's words, or to the last result of a tool: templates take a user's turn after it for a
    new beginning."""
    if texts and turns and turns[-1]["role"] == "tool":
        turns[-1]["content"] = BETWEEN.join((turns[-1]["content"], *texts)).removeprefix(BETWEEN)
    else:
        _say(turns, [{"type": "text", "text": text} for text in texts])


def _say(turns: list[Json], parts: list[Json]) -> None:
    if parts and turns and turns[-1]["role"] == "user":
        turns[-1]["content"].extend(parts)
    elif parts:
        turns.append({"role": "user", "content": parts})


def _plain(turn: Json) -> Json:
    """A user's turn with one text has it as a string."""
    parts = turn["content"]
    if turn["role"] == "user" and len(parts) == 1 and parts[0]["type"] == "text":
        return {**turn, "content": parts[0]["text"]}
    return turn


def _user(turns: list[Json], blocks: list[Json], where: str, dropped: Dropped) -> None:
    parts: list[Json] = []
    for number, block in enumerate(blocks):
        here = f"{where}.content[{number}]"
        kind = ASKED.kind(block, here)
        if kind == "tool_result":
            parts.extend(_result(turns, block, here, dropped))
        elif kind == "image":
            parts.append(_image(block, here, dropped))
        elif kind == "text":
            text = _text(block, here, dropped)
            parts.extend([{"type": "text", "text": text}] if text else [])
        else:
            raise Unconvertible(f"{here}.type {shown(kind)} has no counterpart on the chat wire.")
    _say(turns, parts)


def _image(block: Json, where: str, dropped: Dropped) -> Json:
    for name in ("cache_control", "transformations"):
        if block.get(name) is not None:
            dropped[f"messages.content.{name}"] = None
    return images.part_of(block, where)


def _result(turns: list[Json], block: Json, where: str, dropped: Dropped) -> list[Json]:
    """Adds the tool's message; gives back its pictures as parts, under a line that says whose they are."""
    call = ASKED.text(block.get("tool_use_id"), f"{where}.tool_use_id")
    if block.get("cache_control") is not None:
        dropped["messages.content.cache_control"] = None
    texts: list[str] = []
    pictures: list[Json] = []
    content = block.get("content")
    for number, item in enumerate([] if content is None else _blocks(content, where)):
        here = f"{where}.content[{number}]"
        kind = ASKED.kind(item, here)
        if kind == "text":
            texts.append(_text(item, here, dropped))
        elif kind == "image":
            pictures.append(_image(item, here, dropped))
        elif kind == "tool_reference":  # every tool is sent, so its name is all there is to say
            texts.append(ASKED.text(item.get("tool_name"), f"{here}.tool_name"))
        else:
            raise Unconvertible(f"{here}.type {shown(kind)} has no counterpart on the chat wire.")
    text = "\n".join(texts)
    if block.get("is_error") and not text.lower().startswith("error"):
        text = f"Error: {text}" if text else "Error"
    turns.append({"role": "tool", "tool_call_id": call, "content": text})
    return [{"type": "text", "text": f"[{call}]"}, *pictures] if pictures else []


def _assistant(turns: list[Json], blocks: list[Json], where: str, dropped: Dropped) -> None:
    said, thought, before = "", "", ""
    calls: list[Json] = []
    for number, block in enumerate(blocks):
        here = f"{where}.content[{number}]"
        kind = ASKED.kind(block, here)
        if kind == "text":
            text = _text(block, here, dropped)
            said += BETWEEN + text if said and text and before in NOT_SPOKEN else text
        elif kind == "thinking":
            words = ASKED.words(block.get("thinking"), f"{here}.thinking")
            thought += BETWEEN + words if thought and words else words
        elif kind == "redacted_thinking":
            dropped["messages.content.redacted_thinking"] = None
        elif kind == "tool_use":
            calls.append(_call(block, here, dropped))
        else:
            raise Unconvertible(f"{here}.type {shown(kind)} has no counterpart on the chat wire.")
        before = kind
    _speak(turns, said, thought, calls)


def _speak(turns: list[Json], said: str, thought: str, calls: list[Json]) -> None:
    """Adds an assistant's turn, or its parts to the one before it."""
    if not (said or thought or calls):
        return
    turn: Json = {"role": "assistant", "content": said or None}
    if turns and turns[-1]["role"] == "assistant" and not turns[-1].get("tool_calls"):
        turn = turns.pop()
        turn["content"] = BETWEEN.join(filter(None, (turn["content"], said))) or None
        thought = BETWEEN.join(filter(None, (turn.get("reasoning_content", ""), thought)))
    if thought:
        turn |= {"reasoning_content": thought, "reasoning": thought}  # the older and the newer name
    if calls:
        turn["tool_calls"] = calls
    turns.append(turn)


def _call(block: Json, where: str, dropped: Dropped) -> Json:
    if block.get("cache_control") is not None:
        dropped["messages.content.cache_control"] = None
    text = arguments.written(ASKED.mapping(block.get("input"), f"{where}.input"), Unconvertible, f"{where}.input")
    function: Any = {"name": ASKED.text(block.get("name"), f"{where}.name"), "arguments": text}
    return {"id": ASKED.text(block.get("id"), f"{where}.id"), "type": "function", "function": function}
