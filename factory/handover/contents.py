"""Bytes inside a bundle's JSON: as text where they are text, so that people and scanners can read them."""

import base64
import binascii

from factory.contracts.errors import Refusal
from factory.contracts.record import Field, Record
from factory.handover.folder import damaged

MAX_CONTENT = 16 * 1024 * 1024  # bytes of one


class Content(Record):
    text: str | None = None
    base64: str = Field(default="", max_length=MAX_CONTENT * 4 // 3 + 4)


def content_of(data: bytes) -> Content:
    """Raises Refusal('too_big')."""
    if len(data) > MAX_CONTENT:
        raise Refusal("too_big", f"A file of {len(data):,} bytes is too big to be handed over: leave it out.")
    try:
        return Content(text=data.decode())
    except UnicodeDecodeError:
        return Content(base64=base64.b64encode(data).decode())


def bytes_of(content: Content) -> bytes:
    if content.text is not None:
        return content.text.encode()
    try:
        return base64.b64decode(content.base64, validate=True)
    except binascii.Error:
        return damaged("a file's base64 is none")
