"""The tool `reason`: offered, carried out here, within the ceilings, and invisible to the agent."""

import json
from collections.abc import Iterator

import anthropic
import openai

from factory.contracts.record import Json, digest
from tests.serve.conftest import Start
from tests.serve.upstream_double import Script, Step, answer, upstream, whole

ASKED = {"x-factory-reason": "1"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "reason", "arguments": '{"problem": "why is 2+2 4?"}'}}
OTHER = {"id": "call_2", "type": "function", "function": {"name": "ls", "arguments": "{}"}}


def agent(turns: int = 1) -> Script:
    """Calls reason so many times, and repeats the last answer it got."""

    def script(body: Json, number: int) -> Iterator[Step]:
        told = [item["content"] for item in body["messages"] if item["role"] == "tool"]
        if len(told) < turns:
            message = {"role": "assistant", "content": None, "tool_calls": [CALL, OTHER]}
            choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
            yield answer({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]})
        else:
            yield whole(f"so: {told[-1]}")

    return script


def pair(near: str, deep: str) -> Json:
    return {"near": {"url": near, "grades": ["balanced"]}, "deep": {"url": deep, "grades": ["deep-logic"]}}


def thinker(body: Json, number: int) -> Iterator[Step]:
    yield whole("by counting")


def test_a_hard_problem_goes_to_the_reasoning_tier_and_comes_back(box: Start) -> None:
    with upstream(agent()) as near, upstream(thinker) as deep:
        endpoints = {"near": {"url": near.url, "grades": ["balanced"], "parallel": 1},
                     "deep": {"url": deep.url, "grades": ["deep-logic"], "model": "d"}}  # fmt: skip
        gate = box(endpoints=endpoints)
        said = gate.chat(ASKED, tools=[])
        assert said.json()["choices"][0]["message"]["content"] == "so: by counting"
        assert said.headers["x-factory-reasoned"] == "1"
        assert [tool["function"]["name"] for tool in near.bodies[0]["tools"]] == ["reason"]
        turn = near.bodies[1]["messages"]
        assert turn[-1] == {"role": "tool", "tool_call_id": "call_1", "content": "by counting"}
        assert [call["id"] for call in turn[-2]["tool_calls"]] == ["call_1"]
        assert "why is 2+2 4?" in deep.bodies[0]["messages"][1]["content"]
        assert "tools" not in gate.chat().request.content.decode()
        assert "tools" not in near.bodies[-1]  # offered only to whom asks for it


def test_both_wires_and_streams(box: Start) -> None:
    with upstream(agent()) as near, upstream(thinker) as deep:
        endpoints = {
            "near": {"url": near.url, "grades": ["balanced"]},
            "deep": {"url": deep.url, "grades": ["deep-logic"]},
        }
        gate = box(endpoints=endpoints)
        client = openai.OpenAI(base_url=f"{gate.url}/v1", api_key="x", max_retries=0, default_headers=ASKED)
        chunks = client.chat.completions.create(model="auto", messages=[{"role": "user", "content": "q"}], stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "so: by counting"
        with anthropic.Anthropic(base_url=gate.url, api_key="x", max_retries=0, default_headers=ASKED).messages.stream(
            model="auto", max_tokens=100, messages=[{"role": "user", "content": "q"}]
        ) as stream:
            assert stream.get_final_text() == "so: by counting"


def test_it_ends_though_the_model_never_stops_asking(box: Start) -> None:
    with upstream(agent(99)) as near, upstream(thinker) as deep:
        endpoints = {
            "near": {"url": near.url, "grades": ["balanced"]},
            "deep": {"url": deep.url, "grades": ["deep-logic"]},
        }
        said = box(endpoints=endpoints).chat(ASKED)
        assert said.status_code == 200
        assert (len(near.bodies), len(deep.bodies)) == (5, 4)
        calls = said.json()["choices"][0]["message"]["tool_calls"]
        assert [call["function"]["name"] for call in calls] == ["ls"]  # never one that the agent was not offered


def test_no_ceiling_is_passed(box: Start) -> None:
    with upstream(agent()) as near, upstream(thinker) as deep:
        cloud = {"url": deep.url, "grades": ["deep-logic"], "tier": "frontier", "price_in": 1, "price_out": 1}
        serve = {"keys": {"k": {"sha256": digest("k"), "ceiling": "frontier", "reason": True, "day_usd": 1}}}
        key = ASKED | {"authorization": "Bearer k"}
        gate = box(endpoints={"near": {"url": near.url, "grades": ["balanced"]}, "deep": cloud}, serve=serve)
        assert "could not be asked" in gate.chat(key | {"x-factory-ceiling": "frontier"}).text  # serve.reason_ceiling
        gate = box(endpoints={"near": {"url": near.url, "grades": ["balanced"]}, "deep": cloud},
                   serve=serve | {"reason_ceiling": "frontier"})  # fmt: skip
        assert "could not be asked" in gate.chat(key).text  # the request's own
        assert not deep.bodies
        assert "by counting" in gate.chat(key | {"x-factory-ceiling": "frontier"}).text
        assert len(deep.bodies) == 1


def test_who_may_not_and_what_cannot(box: Start) -> None:
    with upstream(agent()) as near:
        serve = {"keys": {"k": {"sha256": digest("k")}}}
        gate = box(endpoints={"near": {"url": near.url}}, serve=serve)
        assert gate.chat(ASKED | {"authorization": "Bearer k"}).status_code == 403
        gate = box(endpoints={"near": {"url": near.url}})
        own = [{"type": "function", "function": {"name": "reason", "parameters": {}}}]
        assert gate.chat(ASKED, tools=own).status_code == 400
        asked = json.dumps({"model": "auto", "prompt": "x"})
        assert gate.client.post(f"{gate.url}/v1/completions", content=asked, headers=ASKED).status_code == 400
        assert not near.bodies
