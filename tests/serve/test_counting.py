"""/tokenize through the port: as exact as the server behind it, or not at all."""

import pytest

from factory.contracts.model import Endpoint
from factory.llm.tokenizer import tokenizer_of
from tests.llm.test_tokenizer import server
from tests.serve.conftest import Start


def _words(body: dict[str, str]) -> dict[str, int]:
    return {"count": len(body["prompt"].split())}


WORDS: dict[str, object] = {"/tokenize": _words}


def counter(url: str) -> object:
    made = Endpoint.model_validate({"name": "port", "wire": "openai", "model": "auto", "url": f"{url}/v1"})
    count = tokenizer_of(made, {})
    return count and count("one two three four")


def test_the_lines_tokenizer_counts_through_the_port(box: Start) -> None:
    with server(WORDS) as (url, asked):
        gate = box(endpoints={"near": {"url": url, "model": "its-own-name"}})
        assert counter(gate.url) == 4
        assert asked[-1]["model"] == "its-own-name"


def test_a_server_that_does_not_count_is_passed_over_and_nothing_is_estimated(box: Start) -> None:
    with server({}) as (mute, _), server(WORDS) as (url, _):
        both = {"mute": {"url": mute}, "near": {"url": url}}
        assert counter(box(endpoints=both).url) == 4
        assert counter(box(endpoints={"mute": {"url": mute}}).url) is None


def test_nothing_leaves_the_box_for_a_count(box: Start) -> None:
    with server(WORDS) as (url, asked):
        gate = box(endpoints={"far": {"url": url, "tier": "frontier"}})
        assert gate.client.post(f"{gate.url}/tokenize", json={"model": "far", "prompt": "a b"}).status_code in (
            403,
            404,
        )
        assert asked == []


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"prompt": 7}', b"{}", b'{"model": "none such", "prompt": "a"}'])
def test_a_bad_request_is_one_sentence(raw: bytes, box: Start) -> None:
    with server(WORDS) as (url, _):
        gate = box(endpoints={"near": {"url": url}})
        said = gate.client.post(f"{gate.url}/tokenize", content=raw)
        assert said.status_code in (400, 404)
        assert said.json()["error"]["message"].endswith((".", "auto, near."))


def test_a_stranger_may_not_count(box: Start) -> None:
    with server(WORDS) as (url, asked):
        gate = box(endpoints={"near": {"url": url}}, serve={"keys": {"me": {"sha256": "0" * 64}}})
        assert gate.client.post(f"{gate.url}/tokenize", json={"prompt": "a"}).status_code == 401
        assert asked == []
