"""A server's own refusal on the way to a client of another wire."""

import json
from collections.abc import Iterator

import pytest

from factory.contracts.model import Form
from factory.contracts.record import Json
from factory.serve.errors import passed
from tests.serve.conftest import Start
from tests.serve.upstream_double import Step, answer, upstream

CHAT = b'{"error": {"message": "temperature must be below 2", "type": "BadRequestError", "param": "temperature"}}'
MESSAGES = b'{"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens: too large"}}'


@pytest.mark.parametrize(("form", "body"), [("chat", CHAT), ("responses", CHAT), ("messages", MESSAGES)])
def test_what_has_the_wires_shape_passes_byte_for_byte(form: Form, body: bytes) -> None:
    assert passed(form, 400, body) is body


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (CHAT, "temperature must be below 2"),
        (b'{"object": "error", "message": "no such tool", "code": 400}', "no such tool"),  # an older vLLM
        (b'{"detail": "Method Not Allowed"}', "Method Not Allowed"),  # FastAPI's own
        (b"[]", "The server refused the request."),
        (b"<html>", "The server refused the request."),
        (b'{"error": "bad"}', "The server refused the request."),
    ],
)
def test_other_shapes_become_anthropics(body: bytes, words: str) -> None:
    said = json.loads(passed("messages", 400, body))
    assert said == {"type": "error", "error": {"type": "invalid_request_error", "message": words}}


def test_anthropics_becomes_openais_with_its_kind() -> None:
    error = json.loads(passed("chat", 413, MESSAGES))["error"]
    assert (error["message"], error["code"]) == ("max_tokens: too large", "request_too_large")


def refuses(body: Json, number: int) -> Iterator[Step]:
    yield answer(json.loads(CHAT), "400 Bad Request")


@pytest.mark.parametrize("stream", [False, True])
def test_a_converted_request_that_is_refused_gets_its_own_wires_error(stream: bool, box: Start) -> None:
    with upstream(refuses) as strict:
        gate = box(endpoints={"strict": {"url": strict.url}})
        said = gate.messages(stream=stream)
        assert (said.status_code, said.json()["type"]) == (400, "error")
        assert said.json()["error"]["message"] == "temperature must be below 2"
        assert gate.chat(stream=stream).json() == json.loads(CHAT)
