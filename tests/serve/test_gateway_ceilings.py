"""Ways past a budget, each held shut."""

from collections.abc import Iterator

import pytest

from factory.contracts.record import Json, digest
from tests.serve.conftest import Start
from tests.serve.upstream_double import Reset, Sleep, Step, answer, stream_head, upstream, whole

BOB = {"authorization": "Bearer df-bob", "x-factory-ceiling": "frontier"}
PAID: Json = {"tier": "frontier", "price_in": 10, "price_out": 100, "max_output": 50}
ASKED = [{"role": "user", "content": "hi"}]
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/large.png"}}
LONG = [{"role": "user", "content": "base64"}, {"role": "user", "content": "7" * 200_000}]


def key(day_usd: str = "1", **more: object) -> Json:
    bob = {"sha256": digest("df-bob"), "ceiling": "frontier", "day_usd": day_usd, **more}
    return {"keys": {"bob": bob}, "reason_ceiling": "frontier"}


DEAR: dict[str, tuple[str, Json]] = {
    "many answers": ("chat/completions", {"messages": ASKED, "n": 100}),
    "many prompts": ("completions", {"prompt": ["hi"] * 100, "max_tokens": 50}),
    "the best of many": ("completions", {"prompt": "hi", "best_of": 100, "max_tokens": 50}),
    "what was said before": ("responses", {"input": "hi", "previous_response_id": "r1"}),
    "a document elsewhere": ("responses", {"input": [{"type": "input_file", "file_id": "f"}]}),
    "text that looks like a picture": ("chat/completions", {"messages": LONG}),
    "pictures elsewhere": ("chat/completions", {"messages": [{"role": "user", "content": [PICTURE] * 10}]}),
}


@pytest.mark.parametrize("name", DEAR)
def test_what_may_be_dear_is_reserved_in_full(name: str, box: Start) -> None:
    path, body = DEAR[name]
    with upstream() as cloud:
        cheap = PAID | {"url": cloud.url, "speaks": ["chat", "completions", "responses"]}
        gate = box(endpoints={"cloud": cheap}, serve=key("0.2"))
        said = gate.client.post(f"{gate.url}/v1/{path}", json={"model": "cloud", **body}, headers=BOB)
        assert said.status_code == 429, said.text
        assert said.json()["error"]["code"] == "insufficient_quota"
        assert not cloud.bodies


def test_every_limit_of_an_answer_is_held(box: Start) -> None:
    with upstream() as cloud:
        gate = box(endpoints={"cloud": PAID | {"url": cloud.url}}, serve=key())
        said = gate.chat(BOB, max_tokens=1, max_completion_tokens=100_000)
        assert said.headers["x-factory-changed"] == "max_completion_tokens=50"
        gate.client.post(f"{gate.url}/v1/completions", json={"model": "cloud", "prompt": "hi"}, headers=BOB)
        assert [one.get("max_completion_tokens") for one in cloud.bodies] == [50, None]
        assert [one["max_tokens"] for one in cloud.bodies] == [1, 16]
        for odd in ({"max_tokens": "100000"}, {"max_tokens": 1e5}, {"n": "100"}, {"n": 0}, {"max_tokens": True}):
            assert gate.chat(BOB, **odd).status_code == 400


def test_work_in_the_background_is_refused(box: Start) -> None:
    with upstream() as cloud:
        gate = box(endpoints={"cloud": PAID | {"url": cloud.url, "speaks": ["responses"]}}, serve=key())
        body = {"model": "cloud", "input": "hi", "background": True}
        assert gate.client.post(f"{gate.url}/v1/responses", json=body, headers=BOB).status_code == 400
        assert not cloud.bodies


def test_a_server_that_counts_nothing_is_reckoned(box: Start) -> None:
    """BUD-07."""
    nothing = whole("hello" * 50, usage={"prompt_tokens": 0, "completion_tokens": 0})
    with upstream(lambda body, number: iter([nothing])) as cloud:
        gate = box(endpoints={"cloud": PAID | {"url": cloud.url}}, serve=key())
        assert gate.chat(BOB).status_code == 200
        gate.stop()
        assert gate.rows("SELECT tokens_in > 10, tokens_out, cost > 5000 FROM spend") == [(1, 50, 1)]


def test_counts_from_the_middle_of_a_broken_answer_are_not_the_bill(box: Start) -> None:
    def breaks(body: Json, number: int) -> Iterator[Step]:
        yield stream_head()
        yield b'data: {"type":"message_start","message":{"usage":{"input_tokens":7,"output_tokens":1}}}\n\n'
        yield b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"half"}}\n\n'
        yield Sleep(0.05)
        yield Reset()

    with upstream(breaks) as cloud:
        gate = box(endpoints={"cloud": PAID | {"url": cloud.url, "wire": "anthropic"}}, serve=key())
        assert "event: error" in gate.messages(BOB, stream=True).text
        gate.stop()
        assert gate.rows("SELECT tokens_out, cost >= 5000 FROM spend") == [(50, 1)]


def test_a_picture_does_not_pay_for_the_tool_reason(box: Start) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "reason", "arguments": '{"problem": "why"}'}}

    def agent(body: Json, number: int) -> Iterator[Step]:
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        choices = [{"index": 0, "message": message, "finish_reason": "tool_calls"}]
        yield answer({"id": "c", "choices": choices}) if number == 1 else whole("done")

    with upstream(agent) as near, upstream() as deep:
        cloud = PAID | {"url": deep.url, "grades": ["deep-logic"]}
        endpoints = {"near": {"url": near.url, "grades": ["balanced"]}, "cloud": cloud}
        gate = box(endpoints=endpoints, serve=key("0.000001", reason=True))
        picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 400_000}}
        said = gate.chat(BOB | {"x-factory-reason": "1"}, messages=[{"role": "user", "content": [picture]}])
        assert said.status_code == 200
        assert "could not be asked: The budget" in near.bodies[1]["messages"][-1]["content"]
        assert not deep.bodies


def test_a_ceiling_that_is_said_holds_for_a_name_too(box: Start) -> None:
    with upstream() as cloud:
        gate = box(endpoints={"cloud": PAID | {"url": cloud.url}}, serve=key())
        assert gate.chat(BOB | {"x-factory-ceiling": "local"}, model="cloud").status_code == 403
        plain = {"authorization": "Bearer df-bob"}
        assert gate.chat(plain, model="cloud@local").status_code == 403
        assert not cloud.bodies
        assert (
            gate.chat(plain, model="cloud").status_code == gate.chat(plain, model="cloud@frontier").status_code == 200
        )


def test_a_box_behind_a_box_is_told_the_ceiling_that_was_meant(box: Start) -> None:
    with upstream() as other:
        far = {"url": other.url, "tier": "frontier", "factory": True}
        gate = box(endpoints={"far": far}, serve=key())
        for headers in (BOB, {"authorization": "Bearer df-bob"}):
            assert gate.chat(headers, model="far").status_code == 200
        assert all("x-factory-ceiling: frontier" in head.lower() for head in other.heads)
