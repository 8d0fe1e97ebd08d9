"""How many tokens a request can be at most, with pictures and what it only refers to: money is reserved for that."""

import json
from collections.abc import Iterator
from typing import Any

from factory.contracts.record import Json
from factory.llm.tokens import densest

PICTURE_TOKENS = 4_500  # three times what the vendors say of a large one
PICTURES = ("image", "image_url", "input_image")
ELSEWHERE = ("document", "file", "input_file", "input_audio", "input_video", "video", "video_url", "audio_url",
             "container_upload", "item_reference")  # fmt: skip
REFERENCES = ("previous_response_id", "conversation")  # fields of /v1/responses: what was said before


def beyond_tokens(body: Json) -> str:
    """The field that makes a paid request cost more than its tokens, or ''."""
    if body.get("service_tier") not in (None, "auto", "default", "standard_only", "flex"):
        return "`service_tier`"
    if body.get("speed") not in (None, "standard"):
        return "`speed`"
    for tool in body.get("tools") or ():
        if isinstance(tool, dict) and tool.get("type") not in (None, "function", "custom"):
            return f"the tool type {str(tool['type'])[:40]!r}"
    if '"1h"' in json.dumps([body.get(name) for name in ("cache_control", "system", "tools", "messages")]):
        return "a cache of one hour (`ttl`)"
    return ""


def most_tokens(raw: bytes, body: Json, context: int) -> int:
    """`raw` is the body as it came. What refers to a text of unknown length may fill the whole `context`."""
    counted = densest(raw)
    if any(body.get(name) is not None for name in REFERENCES) or isinstance(body.get("prompt"), dict):
        return max(counted, context)
    for block in _blocks([body.get(name) for name in ("system", "messages", "input")]):
        if block["type"] in ELSEWHERE and not _is_text(block):
            return max(counted, context)
        if block["type"] in PICTURES:
            counted += PICTURE_TOKENS - densest(_inline(block).encode("utf-8", "replace"))
    return max(counted, 1)


def _blocks(value: Any) -> Iterator[Json]:
    """Every part that says what it is. What a part holds in its own words is looked through, too."""
    if isinstance(value, list):
        for item in value:
            yield from _blocks(item)
    elif isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value
        for name in ("content", "output", "source"):
            if isinstance(value.get(name), list | dict):
                yield from _blocks(value[name])


def _is_text(block: Json) -> bool:
    source = block.get("source")
    return isinstance(source, dict) and source.get("type") in ("text", "content")


def _inline(block: Json) -> str:
    """The picture itself, where it stands in the request: that is no text."""
    place = block.get("source") or block.get("image_url")
    if isinstance(place, dict):
        place = place.get("data") if block["type"] == "image" else place.get("url")
    inside = isinstance(place, str) and (block["type"] == "image" or place.startswith("data:"))
    return str(place) if inside else ""
