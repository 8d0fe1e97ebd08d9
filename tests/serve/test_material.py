"""Tokens that a request can be at most."""

import json

import pytest

from factory.contracts.record import Json
from factory.serve.material import PICTURE_TOKENS, most_tokens

DATA = "A" * 100_000
TEXT: Json = {"type": "text", "text": "see"}
PICTURES: dict[str, Json] = {
    "chat": {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}"}},
    "messages": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DATA}},
    "responses": {"type": "input_image", "image_url": f"data:image/png;base64,{DATA}"},
}


def most(body: Json) -> int:
    return most_tokens(json.dumps(body).encode(), body, 65_536)


@pytest.mark.parametrize("wire", PICTURES)
def test_a_picture_is_not_counted_as_text(wire: str) -> None:
    body: Json = {"messages": [{"role": "user", "content": [TEXT, PICTURES[wire]]}]}
    assert PICTURE_TOKENS < most(body) < PICTURE_TOKENS + 200


def test_pictures_in_the_result_of_a_tool_count_too() -> None:
    result = {"type": "tool_result", "tool_use_id": "x", "content": [PICTURES["messages"]] * 2}
    assert 2 * PICTURE_TOKENS < most({"messages": [{"role": "user", "content": [result]}]}) < 2 * PICTURE_TOKENS + 400


@pytest.mark.parametrize(
    "body",
    [
        {"input": "x", "previous_response_id": "r"},
        {"input": "x", "prompt": {"id": "p"}},
        {"input": [{"type": "item_reference", "id": "i"}]},
        {"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "url", "url": "u"}}]}]},
    ],
)
def test_what_is_elsewhere_may_fill_the_context(body: Json) -> None:
    assert most(body) == 65_536


def test_a_document_of_text_is_text() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "x" * 1_000}
    assert most({"messages": [{"role": "user", "content": [{"type": "document", "source": source}]}]}) < 1_000
