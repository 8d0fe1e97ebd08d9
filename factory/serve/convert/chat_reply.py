"""A messages server's reply as a chat client wants it, whole and streamed.

Thinking becomes `reasoning_content`. What the messages wire wants to see again, signed or redacted thinking, stands
in `thinking_blocks`, a habit of the field; a client that sends it back with the turn keeps the chain.
"""

from factory.contracts.record import Json
from factory.serve.convert import sse
from factory.serve.convert.arguments import written
from factory.serve.convert.endings import chat_error, chat_usage, finish_of
from factory.serve.convert.fields import HEARD, shown
from factory.serve.convert.problems import BadEvent, CutOffStream

NO_ID = "chatcmpl-0"
CREATED = 0  # the messages wire sends no time
BETWEEN = "\n\n"  # texts that something stood between


def whole(message: Json, model: str) -> Json:
    """A chat completion, its model called `model`. Raises BadEvent."""
    if HEARD.mapping(message, "the reply").get("content") is None:
        raise BadEvent("the reply holds no content.")
    said, thought, before = "", "", ""
    calls: list[Json] = []
    kept: list[Json] = []
    for number, block in enumerate(HEARD.mappings(message["content"], "content")):
        where = f"content[{number}]"
        kind = HEARD.kind(block, where)
        if kind == "text":
            text = HEARD.text(block.get("text"), f"{where}.text")
            said += BETWEEN + text if said and text and before not in ("text", "") else text
        elif kind == "thinking":
            words = HEARD.text(block.get("thinking"), f"{where}.thinking")
            thought += BETWEEN + words if thought and words else words
            kept.extend([_sealed(block)] if block.get("signature") else [])
        elif kind == "redacted_thinking":
            kept.append(_sealed(block))
        elif kind == "tool_use":
            calls.append(_call(block, where))
        else:
            raise BadEvent(f"{where}.type {shown(kind)} has no counterpart on the chat wire.")
        before = kind if kind != "text" or block["text"] else before
    return _completion(message, model, said, thought, calls, kept)


def _completion(message: Json, model: str, said: str, thought: str, calls: list[Json], kept: list[Json]) -> Json:
    answer: Json = {"role": "assistant", "content": said or None, "refusal": _refusal(message)}
    answer |= {"reasoning_content": thought} if thought else {}
    answer |= {"thinking_blocks": kept} if kept else {}
    answer |= {"tool_calls": calls} if calls else {}
    finish = finish_of(message.get("stop_reason"), bool(calls))
    return {
        "id": HEARD.words(message.get("id"), "id") or NO_ID,
        "object": "chat.completion",
        "created": CREATED,
        "model": model,
        "choices": [{"index": 0, "message": answer, "finish_reason": finish, "logprobs": None}],
        "usage": chat_usage(HEARD.mapping(message.get("usage") or {}, "usage")),
    }


def _call(block: Json, where: str) -> Json:
    function = {
        "name": HEARD.text(block.get("name"), f"{where}.name"),
        "arguments": written(HEARD.mapping(block.get("input"), f"{where}.input"), BadEvent, f"{where}.input"),
    }
    return {"id": HEARD.text(block.get("id"), f"{where}.id"), "type": "function", "function": function}


def _sealed(block: Json) -> Json:
    if block["type"] == "redacted_thinking":
        return {"type": "redacted_thinking", "data": HEARD.text(block.get("data"), "redacted_thinking.data")}
    return {"type": "thinking", "thinking": block["thinking"],
            "signature": HEARD.text(block["signature"], "thinking.signature")}  # fmt: skip


def _refusal(message: Json) -> str | None:
    details = message.get("stop_details")
    told = details.get("explanation") if isinstance(details, dict) else None
    return told if isinstance(told, str) else None


def _index(data: Json) -> int:
    if data.get("index") is None:
        raise BadEvent("index is missing.")
    return HEARD.count(data["index"], "index")


class Stream:
    """Turns a messages stream's events into chat chunks. With `usage` a last chunk tells what was used.

    `failed`: an error event has passed, and nothing follows it. `counts` is the usage heard so far, in the messages
    wire's words.
    """

    def __init__(self, model: str, usage: bool) -> None:
        self._model = model
        self._tells_usage = usage
        self._id = ""
        self._blocks: dict[int, Json] = {}  # those that are open
        self._calls = 0
        self._kept = 0  # thinking blocks told
        self._said = self._thought = False
        self._before = ""  # the kind of the last block that said something
        self._stop: Json = {}
        self.counts: Json = {}
        self.finished = self.failed = False

    def feed(self, data: Json) -> bytes:
        """The bytes for one event; none where the chat wire has nothing to say. Raises BadEvent."""
        kind = HEARD.kind(HEARD.mapping(data, "the event"), "the event")
        if kind == "ping":
            return sse.PING if self._id else b""
        if kind == "error":
            self.failed = True
            return sse.data(chat_error(data))
        if kind == "message_start":
            return self._start(HEARD.mapping(data.get("message"), "message"))
        if not kind.startswith(("content_block_", "message_")):
            return b""  # the wire announces that kinds of events may be added
        if not self._id or self.finished:
            raise BadEvent(f"the event {shown(kind)} stands outside of a message.")
        if kind == "content_block_start":
            return self._open(data)
        if kind == "content_block_delta":
            return self._delta(self._block(data), HEARD.mapping(data.get("delta"), "delta"))
        if kind == "content_block_stop":
            return self._close(data)
        if kind == "message_delta":
            delta = HEARD.mapping(data.get("delta"), "delta")
            self._stop |= {name: value for name, value in delta.items() if value is not None}
            self._count(data.get("usage"))
            return b""
        return self._finish() if kind == "message_stop" else b""

    def end(self) -> bytes:
        """The bytes that close the stream. Raises CutOffStream when the message had not stopped."""
        if not (self.finished or self.failed):
            raise CutOffStream("The model server's stream ended before its message_stop.")
        return sse.DONE

    def _start(self, message: Json) -> bytes:
        if self._id:
            raise BadEvent("message_start came twice.")
        self._count(message.get("usage"))
        self._id = HEARD.words(message.get("id"), "message.id") or NO_ID
        return self._chunk({"role": "assistant", "content": ""})

    def _count(self, usage: object) -> None:
        """Counts are totals: later ones replace earlier ones, unless they are left out."""
        new = HEARD.mapping(usage or {}, "usage")
        merged = self.counts | {name: value for name, value in new.items() if value is not None}
        chat_usage(merged)  # raises
        self.counts = merged

    def _block(self, data: Json) -> Json:
        index = _index(data)
        if index not in self._blocks:
            raise BadEvent(f"the block {index} is not open.")
        return self._blocks[index]

    def _open(self, data: Json) -> bytes:
        block = dict(HEARD.mapping(data.get("content_block"), "content_block"))
        kind = HEARD.kind(block, "content_block")
        index = _index(data)
        if index in self._blocks:
            raise BadEvent(f"the block {index} is open already.")
        block["heard"] = ""
        self._blocks[index] = block
        if kind == "text":
            return self._text(block, HEARD.words(block.get("text"), "content_block.text"))
        if kind == "thinking":
            return self._think(block, HEARD.words(block.get("thinking"), "content_block.thinking"))
        if kind == "redacted_thinking":
            return self._keep(_sealed(block))
        if kind != "tool_use":
            raise BadEvent(f"content_block.type {shown(kind)} has no counterpart on the chat wire.")
        block["number"], self._before = self._calls, kind
        self._calls += 1
        name, call = (
            HEARD.text(block.get("name"), "content_block.name"),
            HEARD.text(block.get("id"), "content_block.id"),
        )
        function = {"name": name, "arguments": ""}
        return self._chunk(
            {"tool_calls": [{"index": block["number"], "id": call, "type": "function", "function": function}]}
        )

    def _delta(self, block: Json, delta: Json) -> bytes:
        kind = HEARD.kind(delta, "delta")
        if kind == "text_delta" and block["type"] == "text":
            return self._text(block, HEARD.text(delta.get("text"), "delta.text"))
        if kind == "thinking_delta" and block["type"] == "thinking":
            return self._think(block, HEARD.text(delta.get("thinking"), "delta.thinking"))
        if kind == "signature_delta" and block["type"] == "thinking":
            block["signature"] = HEARD.text(delta.get("signature"), "delta.signature")
        elif kind == "input_json_delta" and block["type"] == "tool_use":
            piece = HEARD.text(delta.get("partial_json"), "delta.partial_json")
            block["heard"] += piece
            return self._arguments(block, piece) if piece else b""
        elif kind in ("text_delta", "thinking_delta", "signature_delta", "input_json_delta"):
            raise BadEvent(f"delta.type {shown(kind)} is not that of a block of type {shown(block['type'])}.")
        return b""

    def _text(self, block: Json, text: str) -> bytes:
        if not text:
            return b""
        apart = self._said and not block["heard"] and self._before != "text"
        self._said, self._before, block["heard"] = True, "text", "said"
        return self._chunk({"content": BETWEEN + text if apart else text})

    def _think(self, block: Json, words: str) -> bytes:
        self._before = "thinking"
        if not words:
            return b""
        apart = self._thought and not block["heard"]
        self._thought, block["heard"] = True, block["heard"] + words
        return self._chunk({"reasoning_content": BETWEEN + words if apart else words})

    def _keep(self, block: Json) -> bytes:
        self._before = block["type"]
        self._kept += 1
        return self._chunk({"thinking_blocks": [{"index": self._kept - 1, **block}]})

    def _arguments(self, block: Json, piece: str) -> bytes:
        return self._chunk({"tool_calls": [{"index": block["number"], "function": {"arguments": piece}}]})

    def _close(self, data: Json) -> bytes:
        block = self._block(data)
        del self._blocks[data["index"]]
        if block["type"] == "thinking" and block.get("signature"):
            return self._keep(_sealed({**block, "thinking": block["heard"]}))
        if block["type"] == "tool_use" and not block["heard"].strip():  # sent at once, or there are no arguments
            value = HEARD.mapping(block.get("input") or {}, "content_block.input")
            return self._arguments(block, written(value, BadEvent, "content_block.input"))
        return b""

    def _finish(self) -> bytes:
        finish = finish_of(self._stop.get("stop_reason"), self._calls > 0)
        self.finished = True
        told = _refusal(self._stop)
        made = self._chunk({"refusal": told} if told else {}, finish)
        if self._tells_usage:
            made += sse.data(self._head() | {"choices": [], "usage": chat_usage(self.counts)})
        return made

    def _head(self) -> Json:
        return {"id": self._id, "object": "chat.completion.chunk", "created": CREATED, "model": self._model}

    def _chunk(self, delta: Json, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return sse.data(self._head() | {"choices": [choice]})
