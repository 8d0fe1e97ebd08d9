"""`factory serve --scripted`: what others see who do not use our client."""

import json
import os
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from factory.contracts.record import Json
from factory.llm.providers.script import Script
from factory.serve.scripted import serving

SCRIPT = Script.model_validate(
    {
        "label": "recorded",
        "replies": [
            {"text": "one", "usage": {"input": 9, "output": 3, "cached": 4}},
            {"text": "two", "calls": [{"name": "read", "arguments": {"path": "a"}}]},
            {"role": "genesis", "text": "three"},
        ],
    }
)
CHAT: Json = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}


def post(url: str, path: str, body: Json, **headers: str) -> tuple[int, Json]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("POST", path, json.dumps(body), {"content-type": "application/json", **headers})
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def ask(text: str) -> Json:
    return {**CHAT, "messages": [{"role": "user", "content": text}]}


def test_plain_requests_are_answered_by_order_on_both_wires() -> None:
    with serving(SCRIPT) as url:
        status, first = post(url, "/v1/chat/completions", ask("a"))
        assert (status, first["choices"][0]["message"]["content"], first["model"]) == (200, "one", "m")
        assert first["usage"]["prompt_tokens_details"]["cached_tokens"] == 4
        _, second = post(url, "/v1/messages", ask("b"))
        assert [block["type"] for block in second["content"]] == ["text", "tool_use"]
        assert second["stop_reason"] == "tool_use"
        status, refused = post(url, "/v1/chat/completions", ask("c"))
        assert status == 404
        assert "no reply left" in refused["error"]["message"]
        role = {"X-Factory-Role": "genesis"}
        assert post(url, "/v1/chat/completions", ask("c"), **role)[1]["choices"][0]["message"]["content"] == "three"


def test_each_run_is_counted_by_itself() -> None:
    with serving(SCRIPT) as url:
        for run in ("run-1", "run-2"):
            _, reply = post(url, "/v1/chat/completions", CHAT, **{"X-Factory-Run": run})
            assert reply["choices"][0]["message"]["content"] == "one"


def test_anthropic_counts_cached_tokens_beside_the_others() -> None:
    with serving(SCRIPT) as url:
        usage = post(url, "/v1/messages", CHAT)[1]["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"], usage["output_tokens"]) == (5, 4, 3)


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff"])
def test_a_request_that_is_none_is_refused(body: bytes) -> None:
    with serving(SCRIPT) as url:
        connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
        connection.request("POST", "/v1/chat/completions", body)
        response = connection.getresponse()
        assert response.status == 400
        assert "JSON object" in json.loads(response.read())["error"]["message"]


def test_the_command_prints_its_url_and_ends_on_a_signal(tmp_path: Path) -> None:
    path = tmp_path / "replies.json"
    path.write_text(SCRIPT.to_json())
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "factory.cli", "serve", "--scripted", str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        assert line.startswith("recorded: http://127.0.0.1:")
        url = line.split()[1].removesuffix("/v1")
        assert post(url, "/v1/messages", CHAT)[0] == 200
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        process.stdout.close()
