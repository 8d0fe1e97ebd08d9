"""Server-sent events as bytes. All is ASCII, so half a surrogate pair, which a split argument can hold, passes too."""

import json

from factory.contracts.record import Json

DONE = b"data: [DONE]\n\n"
PING = b": ping\n\n"  # a comment: keeps a connection alive on a wire that has no event for it


def data(value: Json) -> bytes:
    """An event without a name, as the chat wire sends it."""
    return b"data: " + _json(value) + b"\n\n"


def event(value: Json) -> bytes:
    """An event named by its `type`, as the messages wire sends it."""
    return b"event: " + str(value["type"]).encode() + b"\ndata: " + _json(value) + b"\n\n"


def _json(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
