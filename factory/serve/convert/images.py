"""Pictures: a URL on the chat wire, a source on the messages wire. The bytes are never looked at."""

import re

from factory.contracts.record import Json
from factory.serve.convert.fields import ASKED, Dropped, shown
from factory.serve.convert.problems import Unconvertible

TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")  # all that the messages wire takes
DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[\w-]+=[\w.-]+)*;base64,", re.IGNORECASE)
ALIASES = {"image/jpg": "image/jpeg"}


def block_of(part: Json, where: str, dropped: Dropped) -> Json:
    """A messages `image` block for a chat `image_url` part."""
    image = ASKED.mapping(part.get("image_url"), f"{where}.image_url")
    if image.get("detail") not in (None, "auto"):
        dropped["messages.content.image_url.detail"] = None
    url = ASKED.text(image.get("url"), f"{where}.image_url.url")
    if url[:8].lower().startswith(("https://", "http://")):
        return {"type": "image", "source": {"type": "url", "url": url}}
    if not (head := DATA.match(url)):
        raise Unconvertible(f"{where}.image_url.url is neither an http(s) URL nor base64 data with its media type.")
    media = head[1].lower()
    media = ALIASES.get(media, media)
    if media not in TYPES:
        raise Unconvertible(f"{where}.image_url.url holds {shown(media)}; the messages wire takes {', '.join(TYPES)}.")
    return {"type": "image", "source": {"type": "base64", "media_type": media, "data": url[head.end() :]}}


def part_of(block: Json, where: str) -> Json:
    """A chat `image_url` part for a messages `image` block."""
    source = ASKED.mapping(block.get("source"), f"{where}.source")
    kind = ASKED.kind(source, f"{where}.source")
    if kind == "url":
        url = ASKED.text(source.get("url"), f"{where}.source.url")
    elif kind == "base64":
        media = ASKED.text(source.get("media_type"), f"{where}.source.media_type")
        url = f"data:{media};base64,{ASKED.text(source.get('data'), f'{where}.source.data')}"
    else:
        raise Unconvertible(f"{where}.source.type {shown(kind)} has no counterpart on the chat wire: send the picture.")
    return {"type": "image_url", "image_url": {"url": url}}
