"""Pictures on both wires, through the real SDKs: where they stand, and what is sent when their bytes are gone."""

import base64
import json
from typing import Any

import pytest

from factory.contracts.errors import Refused
from factory.contracts.model import Message, Picture, ToolCall
from factory.contracts.record import digest
from factory.llm.models import models
from factory.llm.trial import try_endpoint
from factory.serve.scripted import serving
from tests.llm.bench import FastClock, answering, endpoint, request, script, settings

PNG = b"\x89PNG\r\n\x1a\n and so on"
DATA = base64.b64encode(PNG).decode()
PICTURE = Picture(of="web/a.html", sha256=digest(PNG), bytes=len(PNG), width=320, height=240)
CAPTION = {"type": "text", "text": "Picture of web/a.html, 320 x 240 pixels:"}
CALLS = (ToolCall(id="1", name="screenshot", arguments="{}"), ToolCall(id="2", name="search", arguments="{}"))


def sent(wire: str, *messages: Message, kept: bool = True) -> list[dict[str, Any]]:
    """The messages as a server got them."""
    held = {PICTURE.sha256: PNG} if kept else {}
    asked = request().but(messages=messages)
    with answering(400, "{}", {"content-type": "application/json"}) as (url, heard):
        one = models({}, FastClock(), pictures=held.get)(endpoint(wire=wire, url=f"{url}/v1", model="m", vision=True))
        with pytest.raises(Refused):
            one.complete(asked)
    found: list[dict[str, Any]] = json.loads(heard[0].split(" ", 2)[2])["messages"]
    return found


def test_openai_what_tools_show_comes_after_all_their_results() -> None:
    said = Message(role="assistant", text="", calls=CALLS)
    first = Message(role="tool", text="title: A", call_id="1", pictures=(PICTURE,))
    second = Message(role="tool", text="nothing", call_id="2")
    messages = sent(
        "openai", Message(role="user", text="look"), said, first, second, Message(role="assistant", text="ok")
    )
    assert [each["role"] for each in messages] == ["user", "assistant", "tool", "tool", "user", "assistant"]
    assert [each["content"] for each in messages[2:4]] == ["title: A", "nothing"], "text alone: all that servers take"
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}"}}
    assert messages[4]["content"] == [CAPTION, image]


def test_openai_in_a_message_of_the_users_it_stands_beside_the_text() -> None:
    (message,) = sent("openai", Message(role="user", text="result", pictures=(PICTURE,)))
    assert [part["type"] for part in message["content"]] == ["text", "text", "image_url"]
    assert message["content"][0]["text"] == "result"


def test_anthropic_it_is_part_of_the_tools_result() -> None:
    said = Message(role="assistant", text="", calls=CALLS[:1])
    shown = Message(role="tool", text="title: A", call_id="1", pictures=(PICTURE,))
    result = sent("anthropic", Message(role="user", text="look"), said, shown)[2]["content"][0]
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DATA}}
    assert result["type"] == "tool_result"
    assert result["content"] == [{"type": "text", "text": "title: A"}, CAPTION, image]
    (plain,) = sent("anthropic", Message(role="user", text="result", pictures=(PICTURE,)))
    assert [block["type"] for block in plain["content"]] == ["text", "text", "image"]


@pytest.mark.parametrize("wire", ["openai", "anthropic"])
def test_a_picture_that_is_no_longer_kept_is_said_and_stops_nothing(wire: str) -> None:
    (message,) = sent(wire, Message(role="user", text="result", pictures=(PICTURE,)), kept=False)
    assert [part["type"] for part in message["content"]] == ["text", "text"]
    assert message["content"][1]["text"].endswith("320 x 240 pixels: no longer kept")


def test_a_model_of_the_box_says_itself_whether_it_sees() -> None:
    model = {"engine": "vllm", "model": "m", "gib": 20, "vision": True}
    assert settings(models={"big": model}).endpoint("big").vision
    assert not settings(models={"big": {**model, "vision": False}}).endpoint("big").vision


@pytest.mark.parametrize(("said", "works"), [("<think>hm</think> Green.", True), ("It is blue.", False)])
def test_whether_a_model_really_sees_is_tried_before_it_matters(said: str, works: bool) -> None:
    colour = {"text": '{"colour": "red", "reason": "first"}', "template": "models/structured"}
    add = {"calls": [{"name": "add", "arguments": {"a": 2, "b": 3}}], "template": "models/tool"}
    replies = (
        {"text": "ready", "template": "models/answer"},
        colour,
        add,
        {"text": said, "template": "models/picture"},
    )
    with serving(script(*replies)) as url:
        one = endpoint(wire="openai", url=f"{url}/v1", vision=True)
        tried = try_endpoint(one, models({}, FastClock()))
        blind = try_endpoint(one.but(vision=False), models({}, FastClock()))
    assert [(check.name, check.ok) for check in tried.checks if check.name != "models"] == [
        ("answer", True), ("structured", True), ("tool call", True), ("picture", works),
    ]  # fmt: skip
    assert tried.works is works
    assert "picture" not in [check.name for check in blind.checks]
    assert ("vision" in tried.checks[-1].detail) is not works
