"""A chat server's reply as a messages client wants it, whole and streamed.

`reasoning_content`, or vLLM's `reasoning`, becomes a thinking block, whose signature is empty.
"""

from typing import Any

from factory.contracts.record import Json
from factory.serve.convert import sse
from factory.serve.convert.arguments import read
from factory.serve.convert.endings import messages_error, messages_usage, stop_of
from factory.serve.convert.fields import HEARD
from factory.serve.convert.lanes import Lanes
from factory.serve.convert.problems import BadEvent, CutOffStream

NO_ID = "msg_0"


def whole(completion: Json, model: str) -> Json:
    """A message, its model called `model`. Raises BadEvent."""
    choices = HEARD.mappings(HEARD.mapping(completion, "the reply").get("choices"), "choices")
    if len(choices) != 1:
        raise BadEvent(f"choices holds {len(choices)} choices, not one.")
    answer = HEARD.mapping(choices[0].get("message"), "choices[0].message")
    name = HEARD.words(completion.get("id"), "id") or NO_ID
    _no_function(answer)
    blocks: list[Json] = []
    if thought := _reasoning(answer):
        blocks.append({"type": "thinking", "thinking": thought, "signature": ""})
    refusal = HEARD.words(answer.get("refusal"), "message.refusal")
    if said := _content(answer.get("content")) + refusal:
        blocks.append({"type": "text", "text": said})
    calls = HEARD.mappings(answer.get("tool_calls"), "message.tool_calls")
    for call in calls:
        blocks.append(_use(call, f"{name}_{len(blocks)}"))
    stop, sequence = stop_of(choices[0], bool(calls), bool(refusal))
    return _message(name, model, messages_usage(completion.get("usage"))) | {
        "content": blocks, "stop_reason": stop, "stop_sequence": sequence,
    }  # fmt: skip


def _message(name: str, model: str, usage: Json) -> Json:
    head = {"id": name, "type": "message", "role": "assistant", "model": model, "content": []}
    return head | {"stop_reason": None, "stop_sequence": None, "usage": usage}


def _no_function(answer: Json) -> None:
    if answer.get("function_call") is not None:
        raise BadEvent("the reply holds a function_call, the old form of tool_calls, which was not asked for.")


def _reasoning(answer: Json) -> str:
    older, newer = answer.get("reasoning_content"), answer.get("reasoning")
    return HEARD.words(older, "reasoning_content") or HEARD.words(newer, "reasoning")


def _content(content: Any) -> str:
    """The text. Some servers send it in parts."""
    if not isinstance(content, list):
        return HEARD.words(content, "content")
    parts = HEARD.mappings(content, "content")
    return "".join(HEARD.text(part.get("text"), "content.text") for part in parts if part.get("type") == "text")


def _use(call: Json, spare: str) -> Json:
    function = HEARD.mapping(call.get("function"), "tool_calls.function")
    name = HEARD.text(function.get("name"), "tool_calls.function.name")
    words = function.get("arguments")
    given = words if isinstance(words, dict) else HEARD.words(words, "tool_calls.function.arguments")
    return {"type": "tool_use", "id": HEARD.words(call.get("id"), "tool_calls.id") or spare, "name": name,
            "input": read(given)}  # fmt: skip


class Stream:
    """Turns a chat stream's chunks into messages events.

    `failed`: an error has passed, and nothing follows it. `counts` is the last usage heard, in the chat wire's words.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._lanes: Lanes | None = None
        self._refused = False
        self._ending: Json = {}  # the choice that carried the finish_reason
        self.counts: Json = {}
        self.finished = self.failed = False

    def feed(self, data: Json) -> bytes:
        """The bytes for one chunk. Raises BadEvent."""
        chunk = HEARD.mapping(data, "the chunk")
        if chunk.get("error") is not None or chunk.get("object") == "error":
            self.failed = True
            return sse.event(messages_error(chunk))
        if chunk.get("usage") is not None:
            messages_usage(chunk["usage"])  # raises
            self.counts = chunk["usage"]
        made, lanes = self._begun(chunk)
        if "choices" not in chunk:
            raise BadEvent("a chunk of the stream has no choices.")
        for choice in HEARD.mappings(chunk["choices"], "choices"):
            if HEARD.count(choice.get("index"), "choices.index"):
                raise BadEvent("a chunk belongs to a second choice, which was not asked for.")
            made += self._choice(lanes, choice)
        return made

    def end(self) -> bytes:
        """The bytes that close the stream. Raises CutOffStream when no finish_reason had come."""
        if self.failed:
            return b""
        if not self.finished or self._lanes is None:
            raise CutOffStream("The model server's stream ended before its finish_reason.")
        stop, sequence = stop_of(self._ending, self._lanes.calls > 0, self._refused)
        delta = {"stop_reason": stop, "stop_sequence": sequence}
        last = {"type": "message_delta", "delta": delta, "usage": messages_usage(self.counts)}
        return sse.event(last) + sse.event({"type": "message_stop"})

    def _begun(self, chunk: Json) -> tuple[bytes, Lanes]:
        if self._lanes is not None:
            return b"", self._lanes
        name = HEARD.words(chunk.get("id"), "id") or NO_ID
        self._lanes = Lanes(name)
        usage = messages_usage(self.counts)  # zeros, unless the server counts as it goes
        return sse.event({"type": "message_start", "message": _message(name, self._model, usage)}), self._lanes

    def _choice(self, lanes: Lanes, choice: Json) -> bytes:
        delta = HEARD.mapping(choice.get("delta") or {}, "delta")
        _no_function(delta)
        made = lanes.say("thinking", _reasoning(delta))
        made += lanes.say("text", _content(delta.get("content")))
        if refusal := HEARD.words(delta.get("refusal"), "delta.refusal"):
            self._refused = True
            made += lanes.say("text", refusal)
        for part in HEARD.mappings(delta.get("tool_calls"), "delta.tool_calls"):
            made += lanes.use(part)
        if choice.get("finish_reason") is not None and not self.finished:
            stop_of(choice, lanes.calls > 0, self._refused)  # raises
            self._ending, self.finished = choice, True
            made += lanes.finish()
        elif made and self.finished:
            raise BadEvent("text came after the finish_reason.")
        return made
