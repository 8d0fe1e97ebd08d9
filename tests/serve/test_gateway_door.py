"""Who may come in, what is refused in which shape, and which endpoints a request may reach."""

import json

import httpx
import pytest

from factory.contracts.record import digest
from tests.serve.conftest import Start
from tests.serve.upstream_double import good_stream, upstream, whole

KEY = "df-alice"
ALICE = {"authorization": f"Bearer {KEY}"}


def keys(**more: object) -> dict[str, object]:
    return {"keys": {"alice": {"sha256": digest(KEY)} | more}}


def test_a_key_is_needed_where_there_are_keys(box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}}, serve=keys())
        assert gate.chat().status_code == 401
        assert gate.chat().json()["error"]["code"] == "invalid_api_key"
        assert gate.messages({"x-api-key": "wrong"}).status_code == 401
        assert gate.messages().json()["error"]["type"] == "authentication_error"
        assert gate.chat(ALICE).status_code == gate.messages({"x-api-key": KEY}).status_code == 200
        assert gate.chat({"authorization": f"bearer {KEY}"}).status_code == 200  # schemes have no case
        for path in ("/v1/models", "/metrics"):
            assert gate.client.get(gate.url + path).status_code == 401
            assert gate.client.get(gate.url + path, headers=ALICE).status_code == 200
        assert gate.client.get(f"{gate.url}/health").status_code == 200
        assert KEY not in json.dumps(fine.heads)  # the client's key stays here


def test_pages_of_other_sites_are_refused(box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}}, serve={"names": ["box.lan"]})
        assert gate.chat({"origin": "https://evil.example"}).status_code == 403
        assert gate.chat({"host": "evil.example"}).status_code == 403
        assert gate.chat({"origin": "http://localhost:3000"}).status_code == 403  # another program's page
        assert gate.chat({"origin": gate.url}).status_code == 200
        assert gate.chat({"host": "localhost:1"}).status_code == 200
        assert gate.chat({"origin": "https://box.lan"}).status_code == 200  # behind a proxy with TLS
        assert len(fine.bodies) == 3


BAD = {
    "not JSON": (b"{", 400),
    "a list": (b"[]", 400),
    "deep": (b"[" * 100_000, 400),
    "no messages": (b'{"model": "auto"}', 400),
    "messages of text": (b'{"model": "auto", "messages": ["hi"]}', 400),
    "a model that is a number": (b'{"model": 7, "messages": [{}]}', 400),
    "stream of text": (b'{"model": "auto", "stream": "yes", "messages": [{}]}', 400),
    "an unknown model": (b'{"model": "gpt-9", "messages": [{"role": "user", "content": "x"}]}', 404),
    "too large": (b" " * 2_200_000, 413),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_an_error_in_the_wires_own_shape(name: str, box: Start) -> None:
    raw, status = BAD[name]
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}}, serve={"max_body_mib": 2})
        chat = gate.client.post(f"{gate.url}/v1/chat/completions", content=raw)
        assert (chat.status_code, set(chat.json())) == (status, {"error"})
        assert chat.json()["error"]["message"].endswith(".")
        messages = gate.client.post(f"{gate.url}/v1/messages", content=raw)
        assert (messages.status_code, messages.json()["type"]) == (status, "error")
        assert not fine.bodies


@pytest.mark.parametrize(
    "headers",
    [
        {"x-factory-effort": "11"},
        {"x-factory-effort": "high"},
        {"x-factory-ceiling": "moon"},
        {"x-factory-role": "x" * 65},
        {"x-factory-run": "a\tb"},
    ],
)
def test_headers_that_mean_nothing_are_refused(headers: dict[str, str], box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}})
        assert gate.chat(headers).status_code == 400
        assert not fine.bodies


def test_unknown_paths_and_methods(box: Start) -> None:
    gate = box(endpoints={"one": {"url": "http://127.0.0.1:1/v1"}})
    assert gate.client.get(f"{gate.url}/v1/nothing").json()["error"]["type"] == "invalid_request_error"
    told = gate.client.get(f"{gate.url}/v1/messages/nothing").json()
    assert (told["type"], told["error"]["type"]) == ("error", "not_found_error")
    assert gate.client.get(f"{gate.url}/v1/chat/completions").status_code in (404, 405)


def test_a_body_passes_byte_for_byte_but_for_the_models_name(box: Start) -> None:
    raw = b'{ "model":"auto" ,"messages":[{"role":"user","content":"caf\\u00e9 \xc3\xa9"}],'
    raw += b'"x":{"y":1.50,"z":[ ]},"max_tokens":5}'
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url, "model": "real-7b"}})
        assert gate.client.post(f"{gate.url}/v1/chat/completions", content=raw).status_code == 200
        assert fine.raw == [raw.replace(b'"model":"auto"', b'"model":"real-7b"')]
        same = raw.replace(b"auto", b"real-7b")
        gate.client.post(f"{gate.url}/v1/chat/completions", content=same)
        assert fine.raw[1] == same


def test_an_answer_passes_byte_for_byte(box: Start) -> None:
    sent = whole("h\u00e9llo", unknown={"a": 1.50}, choices=[{"index": 0, "new_field": 1, "message": {"content": "x"}}])
    with upstream(lambda body, number: iter([sent])) as fine:
        gate = box(endpoints={"fine": {"url": fine.url}})
        assert gate.chat().content == sent.partition(b"\r\n\r\n")[2]
    events = b"".join(
        step for step in good_stream({"stream_options": {"include_usage": True}}) if isinstance(step, bytes)
    )
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}})
        streamed = gate.chat(stream=True, stream_options={"include_usage": True})
        assert streamed.content == events.partition(b"\r\n\r\n")[2]
        without = gate.chat(stream=True)
        assert fine.bodies[1]["stream_options"] == {"include_usage": True}  # we count also when the client does not
        assert b'"usage"' not in without.content


def frontier(url: str) -> dict[str, object]:
    return {"url": url, "tier": "frontier", "price_in": 1, "price_out": 1, "model": "big"}


def test_a_local_request_never_falls_through_to_the_cloud(box: Start) -> None:
    with upstream() as cloud:
        endpoints = {"near": {"url": "http://127.0.0.1:1/v1"}, "cloud": frontier(cloud.url)}
        gate = box(endpoints=endpoints, serve=keys(ceiling="frontier", day_usd=1))
        assert gate.chat(ALICE).status_code == 502
        assert gate.chat(ALICE, model="fast").status_code == 502
        assert not cloud.bodies
        said = gate.chat(ALICE | {"x-factory-ceiling": "frontier"})
        assert (said.status_code, said.headers["x-factory-tier"]) == (200, "frontier")
        assert said.headers["x-factory-fallback"] == "near (unreachable)"
        assert gate.chat(ALICE, model="auto@frontier").headers["x-factory-endpoint"] == "cloud"
        assert gate.chat(ALICE, model="cloud").status_code == 200  # whoever names it has said its tier
        assert len(cloud.bodies) == 3


def test_a_keys_ceiling_binds_whatever_is_asked(box: Start) -> None:
    with upstream() as cloud:
        gate = box(endpoints={"cloud": frontier(cloud.url)}, serve=keys())
        answers = [
            gate.chat(ALICE | {"x-factory-ceiling": "frontier"}),
            gate.chat(ALICE, model="auto@frontier"),
            gate.chat(ALICE, model="cloud"),
            gate.chat(ALICE, model="big"),
            gate.messages(ALICE, model="cloud"),
        ]
        assert {one.status_code for one in answers} == {403}
        assert not cloud.bodies


def test_effort_role_and_names_choose_the_chain(box: Start) -> None:
    with upstream() as fine:
        names = ("small", "coder", "thinker")
        grades = (["fast", "balanced"], ["deep-coder"], ["deep-logic", "ultra"])
        endpoints = {
            name: {"url": fine.url, "grades": made, "model": f"{name}-m"}
            for name, made in zip(names, grades, strict=True)
        }
        gate = box(endpoints=endpoints)

        def asked(headers: dict[str, str] | None = None, **body: object) -> str:
            return gate.chat(headers, **body).headers["x-factory-endpoint"]

        assert asked() == "small"
        assert asked({"x-factory-effort": "6"}) == "coder"
        assert asked(reasoning_effort="high") == "thinker"
        assert asked(model="ultra") == asked(model="thinker-m") == asked(model="thinker") == "thinker"
        listed = gate.client.get(f"{gate.url}/v1/models").json()
        assert [item["id"] for item in listed["data"]][:3] == ["auto", "fast", "balanced"]
        assert gate.client.get(f"{gate.url}/v1/models/coder").json()["id"] == "coder"
        assert gate.client.get(f"{gate.url}/v1/models/nothing").status_code == 404
        assert float(gate.chat().headers["x-factory-predicted-first-token-ms"]) >= 0
        chain = [{"roles": ["genesis"], "endpoints": ["thinker"]}, {"name": "mine", "endpoints": ["coder"]}]
        gate = box(endpoints=endpoints, chain=chain)
        assert asked({"x-factory-role": "genesis"}) == "thinker"
        assert asked(model="mine") == "coder"


def test_limits_of_an_answer_are_always_sent(box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url, "max_output": 100}})
        body = {"model": "auto", "messages": [{"role": "user", "content": "x"}]}
        gate.client.post(f"{gate.url}/v1/chat/completions", json=body)
        said = gate.chat(max_completion_tokens=32_000, max_tokens=None)
        assert fine.bodies[0]["max_tokens"] == 100
        assert fine.bodies[1]["max_completion_tokens"] == 100
        assert said.headers["x-factory-changed"] == "max_completion_tokens=100"


def test_responses_are_passed_through_or_refused(box: Start) -> None:
    answer = {"id": "r", "object": "response", "output": [], "usage": {"input_tokens": 3, "output_tokens": 4}}
    from tests.serve.upstream_double import answer as http

    with upstream(lambda body, number: iter([http(answer)])) as fine:
        gate = box(endpoints={"fine": {"url": fine.url, "speaks": ["responses"]}, "old": {"url": fine.url}})
        said = gate.client.post(f"{gate.url}/v1/responses", json={"model": "fine", "input": "hi"})
        assert said.json() == answer
        assert "/v1/responses" in fine.heads[0]
        refused = gate.client.post(f"{gate.url}/v1/responses", json={"model": "old", "input": "hi"})
        assert (refused.status_code, "speaks" in refused.json()["error"]["message"]) == (400, True)


def test_prompts_are_never_logged(box: Start) -> None:
    secret = "the prompt nobody may see"
    gate = box(endpoints={"dead": {"url": "http://127.0.0.1:1/v1"}})
    gate.chat(messages=[{"role": "user", "content": secret}])
    assert gate.said
    assert secret not in json.dumps(gate.said)


def test_prompts_are_logged_when_the_owner_asks_for_it(box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}}, serve={"log_prompts": True})
        gate.chat(messages=[{"role": "user", "content": "a question"}])
        gate.chat(stream=True)
        gate.stop()
        told = [facts for event, facts in gate.said if event == "prompt"]
        assert "a question" in told[0]["asked"]
        assert "hello" in told[0]["answered"]
        assert told[1]["answered"].endswith("[DONE]\n\n")


def test_a_client_that_sends_half_a_body_and_leaves(box: Start) -> None:
    import socket

    gate = box(endpoints={"one": {"url": "http://127.0.0.1:1/v1"}})
    host, port = gate.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as peer:
        peer.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{")
    assert gate.chat().status_code == 502  # it goes on serving
    assert isinstance(gate.client, httpx.Client)
