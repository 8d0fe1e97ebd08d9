"""What cannot be carried over is refused by its name; what cannot matter is left out and named."""

from typing import Any

import pytest

from factory.contracts.record import Json
from factory.serve.convert import effort, to_chat, to_messages
from factory.serve.convert.fields import Dropped
from factory.serve.convert.problems import Unconvertible

USER: Json = {"role": "user", "content": "x"}
CHAT: Json = {"model": "m", "messages": [USER]}
MESSAGES: Json = {"model": "m", "max_tokens": 9, "messages": [USER]}


def part(**fields: Any) -> Json:
    return {"messages": [{"role": "user", "content": [fields]}]}


def image(url: str) -> Json:
    return part(type="image_url", image_url={"url": url})


def calls(call: Json) -> Json:
    return {"messages": [USER, {"role": "assistant", "content": None, "tool_calls": [call]}, USER]}


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"n": 2}, "'n'"),
        ({"logprobs": True}, "'logprobs'"),
        ({"top_logprobs": 5}, "'top_logprobs'"),
        ({"logit_bias": {"50256": -100}}, "'logit_bias'"),
        ({"frequency_penalty": 0.5}, "'frequency_penalty'"),
        ({"presence_penalty": -1}, "'presence_penalty'"),
        ({"modalities": ["text", "audio"]}, "'modalities'"),
        ({"audio": {"voice": "alloy", "format": "wav"}}, "'audio'"),
        ({"web_search_options": {}}, "'web_search_options'"),
        ({"verbosity": "low"}, "'verbosity'"),
        ({"functions": [{"name": "f"}]}, "'functions'"),
        ({"response_format": {"type": "json_object"}}, "response_format 'json_object'"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "n"}}}, "response_format's schema"),
        ({"reasoning_effort": "extreme"}, "reasoning_effort 'extreme'"),
        ({"reasoning_effort": {}}, "reasoning_effort"),
        ({"temperature": "hot"}, "temperature"),
        ({"stop": [" \n"]}, "stop"),
        ({"max_tokens": "9"}, "max_tokens"),
        ({"user": 7}, "user"),
        ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools[0].type 'custom'"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tool_choice": {"type": "allowed_tools", "allowed_tools": {}}}, "tool_choice"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages"),
        ({"messages": [USER, {"role": "assistant", "content": "I"}]}, "ends with the assistant"),
        ({"messages": [{"role": "function", "name": "f", "content": "1"}]}, "messages[0].role 'function'"),
        ({"messages": [{"role": "tool", "content": "1"}]}, "messages[0].tool_call_id"),
        ({"messages": [{"role": "system", "content": [{"type": "image_url"}]}]}, "messages[0].content[0].type"),
        (part(type="input_audio", input_audio={}), "messages[0].content[0].type 'input_audio'"),
        (part(type="file", file={}), "messages[0].content[0].type 'file'"),
        (part(), "messages[0].content[0].type"),
        (image("data:image/bmp;base64,AA"), "'image/bmp'"),
        (image("data:image/png,AA"), "messages[0].content[0].image_url.url"),
        (image("file:///etc/passwd"), "messages[0].content[0].image_url.url"),
        (calls({"id": "1", "type": "custom", "custom": {}}), "messages[1].tool_calls[0].type 'custom'"),
        (calls({"type": "function", "function": {"name": "f"}}), "messages[1].tool_calls[0].id"),
    ],
)
def test_chat_requests(fields: Json, name: str) -> None:
    with pytest.raises(Unconvertible) as caught:
        to_messages.request(CHAT | fields)
    assert name in str(caught.value)
    assert len(str(caught.value)) < 200
    assert str(caught.value).endswith(".")


def server_block(kind: str, role: str = "user") -> Json:
    return {"messages": [USER, {"role": role, "content": [{"type": kind}]}, USER]}


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"mcp_servers": [{"url": "https://example.org"}]}, "'mcp_servers'"),
        ({"container": "c"}, "'container'"),
        ({"inference_geo": "us"}, "'inference_geo'"),
        ({"tools": [{"type": "web_search_20260318", "name": "web_search"}]}, "tools[0].type 'web_search_20260318'"),
        ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, "tools[0].type 'bash_20250124'"),
        ({"tools": [{"name": "f", "input_schema": {}, "allowed_callers": ["code_execution_20260521"]}]}, "callers"),
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
        ({"tool_choice": {"type": "best"}}, "tool_choice.type 'best'"),
        ({"thinking": {"type": "deep"}}, "thinking.type 'deep'"),
        ({"thinking": {"type": "enabled", "budget_tokens": "many"}}, "thinking.budget_tokens"),
        ({"output_config": {"effort": "extreme"}}, "output_config.effort 'extreme'"),
        ({"output_config": {"effort": []}}, "output_config.effort"),
        ({"output_config": {"format": {"type": "grammar"}}}, "output_config.format.type 'grammar'"),
        ({"output_config": {"tone": "dry"}}, "output_config.tone"),
        ({"stop_sequences": "END"}, "stop_sequences"),
        ({"system": [{"type": "image"}]}, "system[0].type 'image'"),
        ({"messages": []}, "messages"),
        ({"messages": [USER, {"role": "assistant", "content": "{"}]}, "ends with the assistant"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role 'tool'"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        (server_block("document"), "messages[1].content[0].type 'document'"),
        (server_block("search_result"), "messages[1].content[0].type 'search_result'"),
        (server_block("server_tool_use", "assistant"), "messages[1].content[0].type 'server_tool_use'"),
        (part(type="image", source={"type": "file", "file_id": "f"}), "messages[0].content[0].source.type 'file'"),
        (part(type="tool_result", tool_use_id="t", content=[{"type": "document"}]), "content[0].type 'document'"),
        (part(type="tool_result", content="1"), "messages[0].content[0].tool_use_id"),
    ],
)
def test_messages_requests(fields: Json, name: str) -> None:
    with pytest.raises(Unconvertible) as caught:
        to_chat.request(MESSAGES | fields)
    assert name in str(caught.value)
    assert len(str(caught.value)) < 200


def test_hints_are_left_out_and_named() -> None:
    hints = {"seed": 1, "store": True, "metadata": {"a": "b"}, "prompt_cache_key": "k", "service_tier": "flex"}
    assert set(to_messages.dropped(CHAT | hints)) == set(hints)
    assert to_messages.request(CHAT | hints) == to_messages.request(CHAT)
    hints = {"service_tier": "auto", "speed": "fast", "context_management": {"edits": []}, "diagnostics": {}}
    assert set(to_chat.dropped(MESSAGES | hints)) == set(hints)
    assert to_chat.request(MESSAGES | hints) == to_chat.request(MESSAGES)


def test_nothing_asked_for_is_nothing_dropped() -> None:
    idle = {"n": 1, "logprobs": False, "logit_bias": {}, "audio": None, "tool_choice": None, "stop": None}
    assert to_messages.dropped(CHAT | idle) == ()
    assert to_chat.dropped(MESSAGES | {"mcp_servers": [], "container": None}) == ()


def test_the_limit_is_the_newer_names() -> None:
    assert to_messages.request(CHAT)["max_tokens"] == to_messages.DEFAULT_MAX_TOKENS
    assert to_messages.request(CHAT | {"max_tokens": 5})["max_tokens"] == 5
    assert to_messages.request(CHAT | {"max_tokens": 5, "max_completion_tokens": 6})["max_tokens"] == 6


@pytest.mark.parametrize(
    ("budget", "word"),
    [(1024, "low"), (4095, "low"), (4096, "medium"), (16_383, "medium"), (16_384, "high"), (32_767, "high"),
     (32_768, "xhigh")],
)  # fmt: skip
def test_a_budget_becomes_an_effort(budget: int, word: str) -> None:
    asked = MESSAGES | {"thinking": {"type": "enabled", "budget_tokens": budget}}
    assert to_chat.request(asked)["reasoning_effort"] == word
    assert to_chat.request(asked | {"output_config": {"effort": "max"}})["reasoning_effort"] == "max"


def test_the_effort_table_is_what_is_done() -> None:
    """The table in the module's docstring, row by row, and back."""
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in str(effort.__doc__).splitlines()
            if line.startswith("| `")]  # fmt: skip
    assert len(rows) == 6
    for words, thinking, told in rows:
        for word in words.replace("`", "").split(", "):
            config, sent = effort.thinking_of(word)
            assert (config["type"], sent or "not sent") == (thinking, told)
            left: Dropped = {}
            assert effort.effort_of(config, sent or None, left) == {"minimal": "low"}.get(word, word)
            assert not left


def test_a_field_that_nobody_here_knows_goes_on_as_it_is() -> None:
    new: Json = {"something_new": {"a": [1.5]}, "repetition_penalty": 1.1}
    for way, body in ((to_chat, MESSAGES), (to_messages, CHAT)):
        made, left = way.converted(body | new)
        assert made.items() >= new.items()
        assert not left
