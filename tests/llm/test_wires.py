"""Both wires through the real SDKs, against recorded answers over real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest

from factory.contracts.errors import BadReply, ModelProblem, RateLimited, Refused, ServerFault, Unreachable, WrongKey
from factory.contracts.model import Message, Model, Reply, ToolCall, ToolSpec, Usage
from factory.contracts.record import Json
from factory.contracts.verdict import Judgement
from factory.llm.models import models
from factory.llm.problems import CutOff, Repeating
from factory.llm.structured import parse_json, schema_of
from factory.serve.scripted import serving
from tests.llm.bench import FastClock, answering, endpoint, request, script

WIRES = ("openai", "anthropic")
both = pytest.mark.parametrize("wire", WIRES)
READ = ToolSpec(name="read", description="Reads a file.", parameters={"type": "object", "properties": {}})


@contextmanager
def model(wire: str, *replies: Json | str, **changes: object) -> Iterator[Model]:
    """A real SDK connected to a server with these replies."""
    with serving(script(*replies)) as url:
        changes = {"url": f"{url}/v1", "first_token_s": 5, "idle_s": 5, "model": "scripted-1", **changes}
        yield models({}, FastClock())(endpoint(wire=wire, **changes))


@both
def test_text_usage_and_model(wire: str) -> None:
    usage = {"input": 100, "output": 20, "cached": 60}
    with model(wire, {"text": "Grüße, 世界 🌍\n\tend", "usage": usage}) as one:
        reply = one.complete(request())
    assert reply == Reply(
        text="Grüße, 世界 🌍\n\tend", usage=Usage(input=100, output=20, cached=60), model="scripted-1"
    )


def test_cache_writes_and_reasoning_are_counted() -> None:
    with model(
        "anthropic", {"text": "x", "usage": {"input": 100, "output": 20, "cached": 60, "cache_written": 30}}
    ) as one:
        assert one.complete(request()).usage == Usage(input=100, output=20, cached=60, cache_written=30)
    with model("openai", {"text": "x", "usage": {"input": 100, "output": 20, "reasoning": 15}}) as one:
        assert one.complete(request()).usage == Usage(input=100, output=20, reasoning=15)


@both
def test_tool_calls_and_their_results(wire: str) -> None:
    calls = [
        {"name": "read", "arguments": {"path": "a b.py"}},
        {"name": "read", "arguments": {"path": "c.py"}, "id": "x1"},
    ]
    with model(wire, {"text": "Let me look.", "calls": calls}, {"text": "Done.", "nth": 1}) as one:
        reply = one.complete(request(tools=(READ,)))
        assert (reply.text, reply.finish) == ("Let me look.", "tool_calls")
        assert [call.name for call in reply.calls] == ["read", "read"]
        assert reply.calls[0].arguments == '{"path": "a b.py"}'
        assert reply.calls[1].id == "x1"
        turns = (
            *request().messages,
            Message(role="assistant", text=reply.text, calls=reply.calls),
            *(Message(role="tool", text="content", call_id=call.id) for call in reply.calls),
        )
        assert one.complete(request(tools=(READ,), messages=turns)).text == "Done."


@both
def test_arguments_that_are_no_json_can_be_sent_back(wire: str) -> None:
    broken = Message(role="assistant", text="", calls=(ToolCall(id="x", name="read", arguments="{oops"),))
    turns = (*request().messages, broken, Message(role="tool", text="unreadable", call_id="x"))
    with model(wire, "ok") as one:
        assert one.complete(request(tools=(READ,), messages=turns)).text == "ok"


@both
def test_structured_output(wire: str) -> None:
    text = '{"decision": "ACCEPT", "reasons": ["all shown"], "must_fix": [], "evidence": []}'
    with model(wire, {"text": text}) as one:
        reply = one.complete(request(output=schema_of(Judgement)))
    assert parse_json(reply.text, Judgement).decision == "ACCEPT"


def test_margin_of_the_decision() -> None:
    text = '{"decision": "REVISE", "reasons": ["a test fails"], "must_fix": [], "evidence": []}'
    with model("openai", {"text": text, "margin": 2.5}, logprobs=True) as one:
        assert one.complete(request(output=schema_of(Judgement))).margin == pytest.approx(2.5)


@both
@pytest.mark.parametrize("finish", ["length", "filtered"])
def test_how_it_ended(wire: str, finish: str) -> None:
    with model(wire, {"text": "half", "finish": finish}) as one:
        assert one.complete(request()).finish == finish


@both
def test_half_a_call_of_an_answer_cut_at_its_limit_is_dropped(wire: str) -> None:
    """LLM-04"""
    with model(wire, {"calls": [{"name": "read", "arguments": '{"pa'}], "finish": "length"}) as one:
        assert one.complete(request(tools=(READ,))).calls == ()


@both
@pytest.mark.parametrize(
    ("fault", "problem", "words"),
    [
        ({"status": 500}, ServerFault, "500"),
        ({"status": 529, "retry_after": 2}, ServerFault, "529"),
        ({"status": 429, "retry_after": 9}, RateLimited, "429"),
        ({"status": 401}, WrongKey, "401"),
        ({"status": 403}, WrongKey, "403"),
        ({"status": 400}, Refused, "400"),
        ({"html": True}, BadReply, r"web page \(HTML\).*check its url"),
        ({"reset": True, "text": "some words"}, CutOff, "connection broke"),
        ({"reset": True, "calls": [{"name": "read", "arguments": {"path": "a.py"}}]}, CutOff, "connection broke"),
    ],
)
def test_faults(wire: str, fault: Json, problem: type[ModelProblem], words: str) -> None:
    with model(wire, fault) as one, pytest.raises(problem, match=words) as caught:
        one.complete(request(tools=(READ,)))
    assert type(caught.value) is problem
    assert getattr(caught.value, "retry_after", None) == fault.get("retry_after")


@both
def test_nobody_listens(wire: str) -> None:
    with serving(script()) as url:
        pass  # the port is free again
    one = models({}, FastClock())(endpoint(wire=wire, url=url, model="x"))
    with pytest.raises(Unreachable, match="is it running") as caught:
        one.complete(request())
    assert not isinstance(caught.value, CutOff)


@both
@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"text": "late", "delay_s": 3}, "no first token within 0.3 s"),
        ({"text": "a b c d e f", "drip_s": 3}, "fell silent for 0.3 s|no first token within 0.3 s"),
    ],
)
def test_a_stalled_stream_is_given_up(wire: str, reply: Json, words: str) -> None:
    begun = monotonic()
    with model(wire, reply, first_token_s=0.3, idle_s=0.3) as one, pytest.raises(CutOff, match=words):
        one.complete(request())
    assert monotonic() - begun < 2.9


@both
def test_an_answer_that_goes_round_in_circles_is_stopped(wire: str) -> None:
    text = "The test fails. " * 10_000
    with (
        model(wire, {"text": text, "drip_s": 0.02}) as one,
        pytest.raises(Repeating, match=r"stopped after \d{4} char"),
    ):
        one.complete(request())


@both
def test_the_key_comes_from_its_variable(wire: str) -> None:
    one = models({}, FastClock())(endpoint(wire=wire, key_env="NOT_SET", url="http://127.0.0.1:9"))
    with pytest.raises(WrongKey, match="NOT_SET is not set"):
        one.complete(request())


@both
def test_role_and_template_travel_to_our_own_endpoints_only(wire: str) -> None:
    mine = {"role": "genesis", "template": "genesis/judge", "text": "known"}
    with model(wire, {"role": "nobody", "text": "wrong"}, mine) as one:
        assert one.complete(request()).text == "known"
    with model(wire, mine, "stranger", tier="frontier") as one:
        assert one.complete(request()).text == "stranger"


@both
def test_a_request_with_a_temperature(wire: str) -> None:
    """The anthropic SDK has no argument for it any more, but local servers on that wire take it."""
    with model(wire, "yes") as one:
        assert one.complete(request(temperature=0.2)).text == "yes"
    for name, sent in (("qwen3", True), ("claude-opus-4-7" if wire == "anthropic" else "o3", False)):
        with answering(400, "{}", {"content-type": "application/json"}) as (url, heard), pytest.raises(Refused):
            models({}, FastClock())(endpoint(wire=wire, url=url, model=name)).complete(request(temperature=0.2))
        (asked,) = heard
        assert ('"temperature":0.2' in asked.replace(" ", "")) is sent


@both
def test_the_models_of_a_server(wire: str) -> None:
    with model(wire) as one:
        assert one.models() == ("scripted",)  # type: ignore[attr-defined]  # both HTTP wires have it


@both
def test_the_script_is_used_up(wire: str) -> None:
    with model(wire, "once") as one:
        assert one.complete(request("a")).text == "once"
        assert one.complete(request("a")).text == "once"  # the same question again
        with pytest.raises(Refused, match="no reply left for the role 'genesis'"):
            one.complete(request("b"))
