"""Server-sent events as bytes: whole events leave as soon as they are complete, and are looked into only where needed.

Framing: https://html.spec.whatwg.org/multipage/server-sent-events.html (lines end in LF, CRLF or CR; all servers we
know use LF or CRLF).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from factory.contracts.model import Form, Usage
from factory.contracts.record import Json
from factory.serve.usage import usage_of

MOST = 16 * 1024 * 1024  # bytes of one event
ENDS = (b"\n\n", b"\r\n\r\n")
FIELDS = (b"data", b"event", b"id", b"retry", b":", b"\n", b"\r", b"\xef\xbb\xbf")
FINISH = re.compile(rb'"finish_reason"\s*:\s*"')
OVER = re.compile(rb"^data:[ ]?\[DONE\]", re.MULTILINE)  # an answer may talk of it; there it begins no line
END = re.compile(rb"(?:\r?\n){2}")
DONE: dict[Form, tuple[bytes, ...]] = {  # what stands in the last event that counts
    "chat": (b"[DONE]",),
    "completions": (b"[DONE]",),
    "messages": (b'"message_stop"',),
    "responses": (b'"response.completed"', b'"response.incomplete"', b'"response.failed"'),
    "embeddings": (),
}


class BadEvents(Exception):
    """What came is not a stream of events with JSON in it; or it is an error the server tells in the stream."""


@dataclass(slots=True)
class Splitter:
    """Bytes in any pieces → bytes that end with a whole event."""

    rest: bytes = b""

    def feed(self, data: bytes) -> bytes:
        """What is complete now; b'' when nothing is. Raises BadEvents for an event without end."""
        data = self.rest + data if self.rest else data
        cut = max(data.rfind(end) + len(end) if end in data else 0 for end in ENDS)
        self.rest = data[cut:]
        if len(self.rest) > MOST:
            raise BadEvents("an event of the stream does not end")
        return data[:cut] if self.rest else data


@dataclass(slots=True)
class Watch:
    """Looks at what a stream carries without changing it: the usage, and whether it came to its end."""

    form: Form
    hide_usage: bool = False  # the client did not ask for the usage that we asked for
    usage: Usage | None = None
    done: bool = False
    finished: bool = False  # a choice said why it ended (chat, completions)
    failed: str = ""
    pieces: int = 0  # events that may be tokens, for servers that do not count
    _marks: tuple[bytes, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._marks = DONE[self.form]

    def see(self, block: bytes) -> bytes:
        """Whole events in, what the client gets of them out."""
        if not block.startswith(FIELDS):
            raise BadEvents("what the server sends is not a stream of events")
        self.pieces += block.count(b"data:")
        if b'"error"' in block and self._error(block):
            return block
        if not self.done and any(mark in block for mark in self._marks):
            self.done = self.form not in ("chat", "completions") or OVER.search(block) is not None
        if not self.finished and FINISH.search(block):
            self.finished = True
        if b'"usage"' not in block:
            return block
        return self._with_usage(block)

    def _with_usage(self, block: bytes) -> bytes:
        kept = []
        for event in events(block):
            data = json_of(event) if b'"usage"' in event else None
            found = usage_of(self.form, data) if data else None
            if found is not None:
                self.usage = merged(self.usage, found)
            only = data is not None and data.get("choices") == [] and data.get("usage") is not None
            if not (self.hide_usage and only):
                kept.append(event)
        return b"".join(kept) if self.hide_usage else block

    def _error(self, block: bytes) -> bool:
        for event in events(block):
            data = json_of(event) if b'"error"' in event else None
            error = data.get("error") if data else None
            if data and (data.get("type") == "error" or (isinstance(error, dict) and "choices" not in data)):
                error = error if isinstance(error, dict) else data
                self.failed = str(error.get("message") or error.get("type") or "an error")[:300]
                return True
        return False


def events(block: bytes) -> Iterator[bytes]:
    """The single events of a block, each with its end."""
    at = 0
    for end in END.finditer(block):
        yield block[at : end.end()]
        at = end.end()
    if at < len(block):
        yield block[at:]


def json_of(event: bytes) -> Json | None:
    """The JSON object of an event; None for a comment, a ping without data, or [DONE]. Raises BadEvents."""
    data = b"\n".join(line[5:].strip() for line in event.splitlines() if line.startswith(b"data:"))
    if not data or data == b"[DONE]":
        return None
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise BadEvents("an event of the stream is not JSON") from None
    if not isinstance(value, dict):
        raise BadEvents("an event of the stream is not a JSON object")
    return value


def merged(old: Usage | None, new: Usage) -> Usage:
    """Counts that come in parts (Anthropic's start has the input, its last delta the output): the larger of each."""
    if old is None:
        return new
    return Usage(**{name: max(getattr(old, name), getattr(new, name)) for name in Usage.model_fields})
