"""Counting with a local server's own tokenizer, over real HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from factory.contracts.errors import Unreachable
from factory.contracts.model import Endpoint
from factory.llm.tokenizer import tokenizer_of


@contextmanager
def server(answers: dict[str, object]) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """`answers` by path; what was asked."""
    asked: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append({**body, "key": self.headers["Authorization"]})
            answer = answers.get(self.path)
            if callable(answer):
                answer = answer(body)
            self.send_response(200 if answer is not None else 404)
            self.end_headers()
            self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}/v1", asked
    finally:
        listening.shutdown()
        listening.server_close()


def endpoint(url: str, **more: object) -> Endpoint:
    return Endpoint.model_validate({"name": "box", "wire": "openai", "model": "m", "url": url, **more})


def test_vllm_counts() -> None:
    with server({"/tokenize": lambda body: {"count": len(body["prompt"].split())}}) as (url, asked):
        count = tokenizer_of(endpoint(url, key_env="KEY"), {"KEY": "k"})
        assert count is not None
        assert count("one two three four") == 4
    assert asked[-1]["model"] == "m"
    assert asked[-1]["key"] == "Bearer k"


def test_llama_cpp_lists() -> None:
    with server({"/tokenize": lambda body: {"tokens": list(range(len(body["content"])))}}) as (url, _):
        count = tokenizer_of(endpoint(url), {})
        assert count is not None
        assert count("abc") == 3


@pytest.mark.parametrize("answer", [None, b"<html>", {"count": "3"}, {"count": True}, {"tokens": []}, [1]])
def test_who_does_not_count_is_not_asked(answer: object) -> None:
    with server({"/tokenize": answer}) as (url, _):
        assert tokenizer_of(endpoint(url), {}) is None


def test_only_local_servers_are_asked() -> None:
    with server({"/tokenize": {"count": 1}}) as (url, asked):
        assert tokenizer_of(endpoint(url, tier="rented"), {}) is None
        assert tokenizer_of(endpoint("", wire="scripted"), {}) is None
    assert asked == []


def test_a_server_that_goes_away() -> None:
    with server({"/tokenize": {"count": 1}}) as (url, _):
        count = tokenizer_of(endpoint(url), {})
    assert count is not None
    with pytest.raises(Unreachable):
        count("x")
