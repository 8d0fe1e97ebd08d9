"""A chat stream's parts put one after the other, as the blocks of a messages stream have to be.

On the chat wire text, reasoning and several tool calls may alternate as they like. Each gets a lane, in the order of
their beginnings. The foremost lane is told as it comes; the ones behind wait until it is complete: text when
something else begins, a tool call when its arguments are a whole JSON value or the message ends.
"""

import json
from collections import deque
from dataclasses import dataclass, field

from factory.contracts.record import Json
from factory.serve.convert import sse
from factory.serve.convert.fields import HEARD
from factory.serve.convert.problems import BadEvent

DELTAS = {"text": ("text_delta", "text"), "thinking": ("thinking_delta", "thinking"),
          "tool_use": ("input_json_delta", "partial_json")}  # fmt: skip
STARTS: dict[str, Json] = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},  # nobody signs what a chat server thinks
}


@dataclass
class Lane:
    """One block of the message."""

    kind: str
    call: str = ""
    name: str = ""
    heard: list[str] = field(default_factory=list)
    told: int = 0  # how many of `heard`
    tried: int = -1  # how many of `heard` were there when it was last found not to be whole
    index: int = -1  # of its block; -1 = not begun
    closed: bool = False

    def whole(self) -> bool:
        """Whether nothing can be missing, should something else begin."""
        if self.kind != "tool_use":
            return True
        if self.tried == len(self.heard):
            return False
        self.tried = len(self.heard)
        try:
            json.loads("".join(self.heard))
        except (ValueError, RecursionError):
            return False
        return True


class Lanes:
    """Makes the block events. `prefix` is for the ids of calls that came without one."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._waiting: deque[Lane] = deque()
        self._calls: dict[int, Lane] = {}  # the last of each index
        self._blocks = 0
        self.calls = 0

    def say(self, kind: str, words: str) -> bytes:
        """Text or thinking goes on, or begins."""
        if not words:
            return b""
        if not (self._waiting and self._waiting[-1].kind == kind):
            self._waiting.append(Lane(kind))
        self._waiting[-1].heard.append(words)
        return self._move()

    def use(self, part: Json) -> bytes:
        """A part of a tool call: of its name, its id, its arguments."""
        function = HEARD.mapping(part.get("function") or {}, "tool_calls.function")
        name = HEARD.words(function.get("name"), "tool_calls.function.name")
        call = HEARD.words(part.get("id"), "tool_calls.id")
        words = function.get("arguments")
        piece = json.dumps(words) if isinstance(words, dict) else HEARD.words(words, "tool_calls.function.arguments")
        lane = self._lane(HEARD.count(part.get("index"), "tool_calls.index"), call, name)
        if lane.closed and piece.strip():
            raise BadEvent("arguments came for a tool call that was complete.")
        if piece and not lane.closed:
            lane.heard.append(piece)
        return self._move()

    def finish(self) -> bytes:
        """The rest of all lanes. Raises BadEvent for a call without a name."""
        made = b""
        while self._waiting:
            made += self._tell(self._waiting[0]) + self._close(self._waiting.popleft())
        return made

    def _lane(self, index: int, call: str, name: str) -> Lane:
        """The call's lane. Servers that give every call the index 0 are told by a new id that comes with a name."""
        lane = self._calls.get(index)
        if lane is None or (call and name and lane.call and call != lane.call):
            lane = self._calls[index] = Lane("tool_use", call, name)
            self.calls += 1
            self._waiting.append(lane)
        elif lane.index < 0:
            lane.call, lane.name = lane.call or call, lane.name or name
        return lane

    def _move(self) -> bytes:
        made = b""
        while self._waiting:
            head = self._waiting[0]
            if head.kind == "tool_use" and not head.name:
                return made
            made += self._tell(head)
            if len(self._waiting) == 1 or not head.whole():
                return made
            made += self._close(self._waiting.popleft())
        return made

    def _tell(self, lane: Lane) -> bytes:
        made = b""
        if lane.index < 0:
            lane.index = self._blocks
            self._blocks += 1
            made = sse.event({"type": "content_block_start", "index": lane.index, "content_block": self._start(lane)})
        kind, key = DELTAS[lane.kind]
        for words in lane.heard[lane.told :]:
            made += sse.event({"type": "content_block_delta", "index": lane.index, "delta": {"type": kind, key: words}})
        lane.told = len(lane.heard)
        return made

    def _start(self, lane: Lane) -> Json:
        if lane.kind != "tool_use":
            return STARTS[lane.kind]
        if not lane.name:
            raise BadEvent("a tool call came without a name.")
        return {"type": "tool_use", "id": lane.call or f"{self._prefix}_{lane.index}", "name": lane.name, "input": {}}

    def _close(self, lane: Lane) -> bytes:
        lane.closed = True
        return sse.event({"type": "content_block_stop", "index": lane.index})
