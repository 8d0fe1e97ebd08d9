"""Pictures in requests: who is shown them, how many tokens they are, and their bytes as a wire takes them.

Nothing can look for secrets in pixels, so a picture goes to endpoints of the tier local and no further: guard.py
refuses it once more where something else would send one.
"""

import base64
import math
import struct
import zlib
from collections.abc import Callable

from factory.contracts.model import Endpoint, Message, Picture, Request
from factory.contracts.record import digest

PATCH = 16  # pixels: the smallest square that a current model makes a token of; most take 28 or 32
FAR = "pictures cannot be searched for secrets, so they go to local models only"
BLIND = "the model that answers does not see pictures (its endpoint does not say vision = true)"

Bytes = Callable[[str], bytes | None]
"""A picture's bytes by its digest; None when they are no longer kept."""


def unseen(endpoint: Endpoint) -> str:
    """Why this endpoint is not shown pictures, as the end of a sentence; '' when it is."""
    if endpoint.tier != "local":
        return FAR
    return "" if endpoint.vision and endpoint.wire != "command" else BLIND


def shown(request: Request, endpoint: Endpoint) -> Request:
    """The request as this endpoint may see it: without pictures, and saying so, where it sees none."""
    why = unseen(endpoint)
    if not why or not any(message.pictures for message in request.messages):
        return request
    return request.but(messages=tuple(_blank(each, why) if each.pictures else each for each in request.messages))


def tokens_of(picture: Picture) -> int:
    """The most that a model makes of it."""
    return math.ceil(picture.width / PATCH) * (math.ceil(picture.height / PATCH) + 1)


def captioned(picture: Picture, bytes_of: Bytes) -> tuple[str, str]:
    """(what stands before it, its base64); '' when its bytes are no longer kept, which is then said."""
    data, said = bytes_of(picture.sha256), f"Picture of {picture.of}, {picture.width} x {picture.height} pixels"
    return (f"{said}: no longer kept", "") if data is None else (f"{said}:", base64.b64encode(data).decode())


def green() -> tuple[Picture, bytes]:
    """A square to ask a model about: does it see?"""
    side = 64
    parts = ((b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
             (b"IDAT", zlib.compress((b"\0" + b"\0\xc0\0" * side) * side)), (b"IEND", b""))  # fmt: skip
    chunks = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
              for kind, data in parts)  # fmt: skip
    data = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    return Picture(of="a square", sha256=digest(data), bytes=len(data), width=side, height=side), data


def green_alone(sha256: str) -> bytes | None:
    """For those who have no pictures of their own."""
    picture, data = green()
    return data if picture.sha256 == sha256 else None


def _blank(message: Message, why: str) -> Message:
    return message.but(text=f"{message.text}\n(no picture: {why})", pictures=())
