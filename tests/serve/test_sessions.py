"""Which requests belong to one conversation."""

import copy
import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.serve.sessions import session_of

Body = dict[str, Any]
CHAT: Body = {
    "model": "m",
    "messages": [{"role": "system", "content": "You write code."}, {"role": "user", "content": "Fix the cart."}],
}
MESSAGES: Body = {
    "model": "m",
    "system": [{"type": "text", "text": "You write code.", "cache_control": {"type": "ephemeral"}}],
    "messages": [{"role": "user", "content": [{"type": "text", "text": "Fix the cart."}]}],
}
RESPONSES: Body = {
    "instructions": "You write code.",
    "input": [{"role": "user", "content": [{"type": "input_text", "text": "Fix the cart."}]}],
}
BILLING = "x-anthropic-billing-header: cc_version=2.1.100.7b4; cc_entrypoint=cli; cch={};"


def later(body: Body) -> Body:
    """The same conversation, two turns on, asked with other parameters."""
    grown = copy.deepcopy(body)
    turns = grown.get("messages", grown.get("input"))
    turns += [{"role": "assistant", "content": "Which cart?"}, {"role": "user", "content": "The blue one."}]
    return grown | {"temperature": 0.3, "stream": True}


@pytest.mark.parametrize("body", [CHAT, MESSAGES, RESPONSES], ids=["chat", "messages", "responses"])
def test_later_turns_stay_in_the_session(body: Body) -> None:
    name = session_of(None, body, "ann")
    assert len(name) == 16
    assert set(name) <= set(string.hexdigits)
    assert session_of(None, later(body), "ann") == name
    assert session_of("", body, "ann") == name


@pytest.mark.parametrize("body", [CHAT, MESSAGES, RESPONSES], ids=["chat", "messages", "responses"])
def test_another_beginning_is_another_session(body: Body) -> None:
    text = json.dumps(body)
    others = [text.replace("cart", "card"), text.replace("write", "read"), text.replace("Fix the cart.", "")]
    found = {session_of(None, json.loads(other), "ann") for other in (text, *others)}
    assert len(found) == 4


def test_keys_never_share_a_session() -> None:
    for named, body in ((None, CHAT), ("work", CHAT), (None, CHAT | {"prompt_cache_key": "work"})):
        assert session_of(named, body, "ann") != session_of(named, body, "bob")
    assert session_of("k", {}, "ann:4:") != session_of("k:4:", {}, "ann")


def test_the_client_s_own_name_for_it_counts_first() -> None:
    named = session_of("work", CHAT, "ann")
    assert named == session_of("work", MESSAGES, "ann") != session_of("play", CHAT, "ann")
    cached = session_of(None, CHAT | {"prompt_cache_key": "work"}, "ann")
    assert cached == session_of(None, later(CHAT) | {"prompt_cache_key": "work"}, "ann")
    assert cached != session_of(None, CHAT, "ann")


def test_marks_for_caching_do_not_count() -> None:
    marked = copy.deepcopy(MESSAGES)
    marked["messages"][0]["content"][0]["cache_control"] = {"type": "ephemeral"}
    del marked["system"][0]["cache_control"]
    assert session_of(None, marked, "ann") == session_of(None, MESSAGES, "ann")


def test_a_billing_line_that_differs_in_every_request_does_not_count() -> None:
    def blocks(cch: str) -> Body:
        return MESSAGES | {"system": [{"type": "text", "text": BILLING.format(cch)}, *MESSAGES["system"]]}

    def text(cch: str) -> Body:
        return MESSAGES | {"system": f"{BILLING.format(cch)}\nYou write code."}

    for form in (blocks, text):
        assert session_of(None, form("fa690"), "ann") == session_of(None, form("eb6c6"), "ann")
    assert session_of(None, blocks("fa690"), "ann") == session_of(None, MESSAGES, "ann")


def test_pictures_count() -> None:
    def shown(data: str) -> Body:
        source = {"type": "base64", "media_type": "image/png", "data": data}
        return {"messages": [{"role": "user", "content": [{"type": "image", "source": source}]}]}

    assert session_of(None, shown("AAAA"), "ann") != session_of(None, shown("AAAB"), "ann")


@pytest.mark.parametrize(
    "body",
    [{}, {"messages": []}, {"messages": "hello"} | {"input": None}, {"input": ["a", "b"]}, {"prompt": "def f("},
     {"messages": [None, 3, {"role": "assistant", "content": "x"}]}, {"system": "only this"}, {"messages": None}],
)  # fmt: skip
def test_a_body_without_a_first_turn_has_no_session(body: Body) -> None:
    expected = 16 if body.get("messages") == "hello" else 0
    assert len(session_of(None, body, "ann")) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda sub: st.lists(sub) | st.dictionaries(st.text(), sub)
)


@given(JSON, JSON, JSON)
def test_whatever_stands_in_a_body_is_read_without_failing(system: object, content: object, turns: object) -> None:
    for body in (
        {"system": system, "messages": [{"role": "user", "content": content}]},
        {"messages": [{"role": "developer", "content": content}, {"role": "user", "content": system}]},
        {"input": turns, "instructions": system, "prompt_cache_key": content},
    ):
        name = session_of(None, body, "ann")
        assert name == session_of(None, body, "ann")
        assert len(name) in (0, 16)


def test_deep_nesting_and_broken_text_are_read_without_failing() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    assert session_of(None, {"messages": [{"role": "user", "content": deep}]}, "ann")
    assert session_of(None, {"messages": [{"role": "user", "content": "\ud800"}]}, "ann")
    assert session_of("\udcff", {}, "ann")


def test_only_the_beginning_of_a_long_body_is_read() -> None:
    """What comes after the first turn may be anything: it is not even looked at."""

    class Bomb(dict[str, Any]):
        def get(self, *_: object) -> Any:
            raise AssertionError("read")

    long = copy.deepcopy(CHAT)
    long["messages"].append(Bomb())
    assert session_of(None, long, "ann") == session_of(None, CHAT, "ann")
