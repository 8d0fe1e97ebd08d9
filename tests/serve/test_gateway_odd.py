"""Odd requests and answers: each gets an error in its wire's shape, or passes, and never a fault of ours."""

import json
import socket
from collections.abc import Iterator

import pytest

from factory.contracts.record import Json
from tests.serve.conftest import Start
from tests.serve.upstream_double import Step, answer, upstream, whole

ASKED = [{"role": "user", "content": "hi"}]
BODIES = ("chat/completions", "messages", "messages/count_tokens")
HALF = rb'{"model":"auto","max_tokens":99999999,"messages":[{"role":"user","content":"cut \ud83d"}]}'


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("depth", [300, 900, 950, 980, 5_000, 50_000])
def test_deep_json(path: str, depth: int, box: Start) -> None:
    """Between what can be read and what can be written again there are depths, too."""
    raw = b'{"model":"auto","max_tokens":99999999,"messages":[{"role":"user","content":"x"}],"x":'
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}})
        said = gate.client.post(f"{gate.url}/v1/{path}", content=raw + b"[" * depth + b"]" * depth + b"}")
        assert said.status_code in (200, 400)
        assert said.status_code == 200 or said.json()["error"]["type"] == "invalid_request_error"
        assert gate.gauge("in_flight", "fine") == 0


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("reason", ["0", "1"])
def test_half_an_emoji_passes(path: str, reason: str, box: Start) -> None:
    """Editors that cut a text between two halves of a character send such bodies."""
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}})
        said = gate.client.post(f"{gate.url}/v1/{path}", content=HALF, headers={"x-factory-reason": reason})
        assert said.status_code == 200, said.text
        assert all(rb"\ud83d" in raw for raw in fine.raw)


def test_half_an_emoji_in_an_answer_passes(box: Start) -> None:
    made = whole("cut XX").replace(b"XX", rb"\ud83d").replace(b"content-length: ", b"x-length: ")
    made = made.replace(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nconnection: close\r\n")
    with upstream(lambda body, number: iter([made])) as fine:
        said = box(endpoints={"fine": {"url": fine.url}}).messages()
        assert (said.status_code, rb"\ud83d" in said.content) == (200, True)


@pytest.mark.parametrize("own", [b"", rb'"\u006dodel":"auto",'])
def test_the_models_name_is_put_where_it_belongs(own: bytes, box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url, "model": "real"}})
        raw = b"{" + own + b'"max_tokens":5,"metadata":{"model":"auto"},"messages":[{"role":"user","content":"x"}]}'
        assert gate.client.post(f"{gate.url}/v1/chat/completions", content=raw).status_code == 200
        assert (fine.bodies[0]["model"], fine.bodies[0]["metadata"]) == ("real", {"model": "auto"})


def test_a_digit_that_is_none(box: Start) -> None:
    gate = box(endpoints={"one": {"url": "http://127.0.0.1:1/v1"}})
    host, port = gate.url.removeprefix("http://").split(":")
    raw = json.dumps({"messages": ASKED}).encode()
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx-factory-effort: \xb2\r\ncontent-length: %d\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as peer:
        peer.sendall(head % len(raw) + raw)
        assert b" 400 " in peer.recv(4096).partition(b"\r\n")[0]


def test_a_wait_that_is_no_number(box: Start) -> None:
    def limited(body: Json, number: int) -> Iterator[Step]:
        yield answer({}, "429 Too Many Requests", "retry-after: nan\r\n")

    with upstream(limited) as bad:
        said = box(endpoints={"bad": {"url": bad.url}}).chat()
        assert (said.status_code, said.headers["retry-after"]) == (429, "10")


def test_a_server_that_counts_with_a_web_page_is_passed_over(box: Start) -> None:
    with upstream(lambda body, number: iter([answer(b"<html>")])) as page:
        gate = box(endpoints={"page": {"url": page.url, "wire": "anthropic"}})
        body = {"model": "page", "messages": ASKED}
        said = gate.client.post(f"{gate.url}/v1/messages/count_tokens", json=body)
        assert (said.status_code, said.headers["x-factory-estimated"]) == (200, "true")


def test_tools_that_are_no_list(box: Start) -> None:
    gate = box(endpoints={"one": {"url": "http://127.0.0.1:1/v1"}})
    assert gate.chat({"x-factory-reason": "1"}, tools=7).status_code == 400


def test_a_fault_of_ours_is_told_in_the_wires_shape_and_in_the_log(box: Start) -> None:
    """The agent's model calls the tool in a way that nobody expected."""
    odd: Json = {"id": "c", "choices": [7]}
    with upstream(lambda body, number: iter([answer(odd)])) as near:
        gate = box(endpoints={"near": {"url": near.url}})
        said = gate.chat({"x-factory-reason": "1"})
        assert (said.status_code, said.json()["error"]["type"]) == (500, "server_error")
        ((_, told),) = [each for each in gate.said if each[0] == "fault"]
        assert told["why"].startswith("AttributeError in calls, line ")
        assert gate.gauge("in_flight", "near") == 0


def test_embeddings_cannot_be_streamed_and_do_not_make_a_server_look_broken(box: Start) -> None:
    with upstream(lambda body, number: iter([answer({"data": [], "usage": {"prompt_tokens": 1}})])) as fine:
        gate = box(endpoints={"fine": {"url": fine.url}})
        body = {"model": "fine", "input": "x", "stream": True}
        codes = [gate.client.post(f"{gate.url}/v1/embeddings", json=body).status_code for _ in range(4)]
        assert codes == [200] * 4
