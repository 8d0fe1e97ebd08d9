"""What leaves through the port: every text without secrets, pictures as they are."""

import json

import pytest

from factory.contracts.model import Endpoint
from factory.llm.redact import Redaction
from factory.serve.outgoing import SKIPPED, Outgoing
from factory.serve.prepare import Prepared

CLOUD = Endpoint(name="cloud", wire="openai", tier="frontier")
SECRET = "my-own-value"
OUT = Outgoing(Redaction(b"k" * 32, (SECRET,)))


def sent(text: str) -> str:
    body = json.dumps({"messages": [{"content": text}]}).encode()
    made = OUT.redacted(Prepared("chat", "/v1/chat/completions", body, {}, 1, (), hide_usage=False), CLOUD)
    found: str = json.loads(made.body)["messages"][0]["content"]
    return found


@pytest.mark.parametrize("filler", ["var a=1;", "KEY=value\n", '{"a":"b"},'])
def test_a_long_text_without_a_blank_is_still_a_text(filler: str) -> None:
    made = sent(filler * (SKIPPED // len(filler) + 1) + SECRET)
    assert SECRET not in made
    assert made.startswith(filler)


@pytest.mark.parametrize("head", ["", "data:image/png;base64,"])
def test_a_picture_is_left_as_it_is(head: str) -> None:
    picture = head + "iVBORw0KGgo/" * (SKIPPED // 12 + 1) + "AA=="
    assert sent(picture) == picture
