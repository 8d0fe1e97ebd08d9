"""An answer put together from its parts, without a network."""

from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any

import pytest

from factory.contracts.errors import Refused
from factory.contracts.model import Reply, ToolCall, Usage
from factory.llm.problems import CutOff
from factory.llm.providers.stream import Part, answer
from factory.llm.quirks import Quirks
from tests.llm.bench import endpoint, request

FINISHES = {"stop": "stop", "length": "length"}


def put(*parts: Part | Exception | float, max_tokens: int = 100, think: bool = False, **limits: float) -> Reply:
    """A number among the parts is a pause in seconds."""

    def arrive(_: list[Any]) -> Iterator[Part]:
        for part in parts:
            if isinstance(part, Exception):
                raise part
            if isinstance(part, Part):
                yield part
            else:
                sleep(part)

    return answer(arrive, [], endpoint(**limits), request(max_tokens=max_tokens), Quirks(think_tags=think), FINISHES)


def test_parts_become_a_reply() -> None:
    call = ((0, "a", "read", '{"pa'), (1, "b", "list", ""), (0, "", "", 'th": 1}'), (1, "", "", "{}"))
    reply = put(
        Part(model="m-1"), Part(text="Let "), Part(reasoning="hm"), Part(text="me."), *(Part(call=one) for one in call),
        Part(finish="stop"), Part(usage=Usage(input=3, output=4)),
    )  # fmt: skip
    assert reply == Reply(
        text="Let me.",
        calls=(ToolCall(id="a", name="read", arguments='{"path": 1}'), ToolCall(id="b", name="list", arguments="{}")),
        finish="tool_calls",
        usage=Usage(input=3, output=4),
        model="m-1",
    )


@pytest.mark.parametrize("part", [Part(text="half"), Part(call=(0, "a", "read", '{"pa'))])
def test_an_end_without_a_finish_is_no_answer(part: Part) -> None:
    with pytest.raises(CutOff, match="broke off"):
        put(part)


def test_what_the_reader_raises_reaches_the_asker() -> None:
    with pytest.raises(Refused, match="no such model"):
        put(Part(text="x"), Refused("no such model"))


def test_an_answer_that_only_crawls_is_given_up() -> None:
    """Each part comes in time, the whole would take for ever."""
    begun = monotonic()
    with pytest.raises(CutOff, match="too slow"):
        put(*[Part(text="x"), 0.05] * 200, max_tokens=1, first_token_s=1, idle_s=0.5)
    assert monotonic() - begun < 8


def test_signs_of_life_are_no_tokens() -> None:
    """A server that says who it is, and keeps the line warm, has not begun to answer."""
    with pytest.raises(CutOff, match=r"no first token within 0\.3 s"):
        put(*[Part(model="m"), 0.1] * 20, first_token_s=0.3)


def test_reasoning_counts_as_life_but_is_not_the_answer() -> None:
    reply = put(Part(text="<think>"), 0.1, Part(text="hm</think>\nyes"), Part(finish="stop"), think=True)
    assert reply.text == "yes"
    assert put(Part(text="<think>hm"), Part(finish="length"), think=True).text == ""
