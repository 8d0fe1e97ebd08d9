"""Model servers that fail: before the first token the next of the chain answers, after it the client is told."""

import json
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from factory.contracts.record import Json
from tests.serve.conftest import Start
from tests.serve.upstream_double import (
    HalfClose,
    Reset,
    Script,
    Sleep,
    Step,
    answer,
    chunk,
    good,
    stream_head,
    upstream,
    whole,
)


def resets(body: Json, number: int) -> Iterator[Step]:
    yield Reset()


def closes(body: Json, number: int) -> Iterator[Step]:
    yield b"connection: close"


def web_page(body: Json, number: int) -> Iterator[Step]:
    yield answer(b"<!DOCTYPE html><html><body>Welcome</body></html>")


def broken_json(body: Json, number: int) -> Iterator[Step]:
    yield answer(b'{"choices": [')


def error_in_200(body: Json, number: int) -> Iterator[Step]:
    yield answer({"error": {"message": "engine is dead", "type": "x"}})


def too_little(body: Json, number: int) -> Iterator[Step]:
    """Lies about its length, then closes."""
    yield whole().replace(b"content-length: ", b"content-length: 9")
    yield b"connection: close"
    yield Reset()


def half_closed(body: Json, number: int) -> Iterator[Step]:
    yield whole()[:120]
    yield HalfClose()


def slow(body: Json, number: int) -> Iterator[Step]:
    yield Sleep(3)
    yield whole()


def out_of_memory(body: Json, number: int) -> Iterator[Step]:
    yield answer({"error": {"message": "CUDA out of memory. Tried to allocate 2 GiB"}}, "500 Internal Server Error")


def limited(body: Json, number: int) -> Iterator[Step]:
    yield answer({"error": {"message": "slow down"}}, "429 Too Many Requests", "retry-after: 60\r\n")


def bad_key(body: Json, number: int) -> Iterator[Step]:
    yield answer({"error": {"message": "invalid api key"}}, "401 Unauthorized")


def moved(body: Json, number: int) -> Iterator[Step]:
    yield b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"


def no_choices(body: Json, number: int) -> Iterator[Step]:
    yield answer({"id": "c", "object": "chat.completion"})


WHOLE: dict[str, tuple[Script, str]] = {
    "LLM-01 reset": (resets, "unreachable"),
    "closed": (closes, "unreachable"),
    "web page": (web_page, "bad_answer"),
    "broken JSON": (broken_json, "bad_answer"),
    "LLM-07 error in a 200": (error_in_200, "server"),
    "lies about its length": (too_little, "unreachable"),
    "half-closed": (half_closed, "unreachable"),
    "slow": (slow, "timeout"),
    "LLM-02 out of memory": (out_of_memory, "oom"),
    "LLM-06 limited": (limited, "limited"),
    "wrong key": (bad_key, "wrong_key"),
    "redirect": (moved, "server"),
    "no choices": (no_choices, "bad_answer"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_failed_endpoint_is_followed_by_the_next(name: str, box: Start) -> None:
    """LLM-01, LLM-02, LLM-06, LLM-07: free before the first token; nobody is asked twice."""
    script, kind = WHOLE[name]
    with upstream(script) as bad, upstream() as fine:
        gate = box(endpoints={"bad": {"url": bad.url, "first_token_s": 0.5}, "fine": {"url": fine.url}})
        said = gate.chat()
        assert said.status_code == 200, said.text
        assert said.json()["choices"][0]["message"]["content"] == "hello"
        assert said.headers["x-factory-endpoint"] == "fine"
        assert said.headers["x-factory-fallback"] == f"bad ({kind})"
        assert len(bad.bodies) == len(fine.bodies) == 1  # nobody was asked twice


@pytest.mark.parametrize("name", WHOLE)
def test_without_a_next_the_client_gets_its_wires_error(name: str, box: Start) -> None:
    script, kind = WHOLE[name]
    with upstream(script) as bad:
        gate = box(endpoints={"bad": {"url": bad.url, "first_token_s": 0.5}})
        chat = gate.chat()
        expected = {"limited": 429, "timeout": 504}.get(kind, 502)
        assert chat.status_code == expected, chat.text
        assert set(chat.json()["error"]) == {"message", "type", "param", "code"}
        if kind == "limited":
            assert 1 <= int(chat.headers["retry-after"]) <= 60
    with upstream(script) as bad:
        gate = box(endpoints={"bad": {"url": bad.url, "first_token_s": 0.5}})
        messages = gate.messages()
        assert messages.status_code == expected
        assert messages.json()["type"] == "error"
        assert set(messages.json()["error"]) == {"type", "message"}


def dies_before_a_token(body: Json, number: int) -> Iterator[Step]:
    yield stream_head()
    yield chunk({"role": "assistant", "content": ""})
    yield Reset()


def bad_sse(body: Json, number: int) -> Iterator[Step]:
    yield stream_head()
    yield b"garbage without any field\n\n"


def bad_event(body: Json, number: int) -> Iterator[Step]:
    yield stream_head()
    yield b'data: {"choices": [{"delta": {"content": "x"\n\n'


def error_event(body: Json, number: int) -> Iterator[Step]:
    yield stream_head()
    yield b'data: {"error": {"message": "engine died", "code": 500}}\n\n'


def only_done(body: Json, number: int) -> Iterator[Step]:
    yield stream_head()


def silent(body: Json, number: int) -> Iterator[Step]:
    yield stream_head()
    yield Sleep(3)


@pytest.mark.parametrize("script", [dies_before_a_token, bad_sse, bad_event, error_event, only_done, silent, web_page])
def test_a_stream_that_fails_before_its_first_token_is_asked_elsewhere(script: Script, box: Start) -> None:
    with upstream(script) as bad, upstream() as fine:
        gate = box(endpoints={"bad": {"url": bad.url, "first_token_s": 0.5}, "fine": {"url": fine.url}})
        said = gate.chat(stream=True)
        assert said.status_code == 200
        assert said.headers["x-factory-endpoint"] == "fine"
        assert "".join(_words(said.text)) == "hello"
        assert said.text.endswith("data: [DONE]\n\n")


def dies_after_a_token(body: Json, number: int) -> Iterator[Step]:
    yield stream_head()
    yield chunk({"content": "half"})
    yield Sleep(0.05)
    yield Reset()


def ends_early(body: Json, number: int) -> Iterator[Step]:
    """Closes cleanly, with neither a finish_reason nor [DONE]; half a tool call is out (LLM-04)."""
    yield stream_head()
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "rm", "arguments": '{"path": "/'}}
    yield chunk({"tool_calls": [call]})


def falls_silent(body: Json, number: int) -> Iterator[Step]:
    yield stream_head()
    yield chunk({"content": "half"})
    yield Sleep(3)


def error_later(body: Json, number: int) -> Iterator[Step]:
    yield stream_head()
    yield chunk({"content": "half"})
    yield Sleep(0.05)
    yield b'data: {"error": {"message": "engine died"}}\n\n'


@pytest.mark.parametrize("script", [dies_after_a_token, ends_early, falls_silent, error_later])
def test_a_stream_that_fails_later_ends_with_an_error_and_is_not_begun_anew(script: Script, box: Start) -> None:
    """LLM-01, LLM-04: the client is told, and no SDK takes half an answer for a whole one."""
    with upstream(script) as bad, upstream() as fine:
        gate = box(endpoints={"bad": {"url": bad.url, "idle_s": 0.5}, "fine": {"url": fine.url}})
        said = gate.chat(stream=True)
        assert said.status_code == 200
        assert said.headers["x-factory-endpoint"] == "bad"
        last = json.loads(said.text.strip().rpartition("\n\n")[2].removeprefix("data: "))
        assert "broke off" in last["error"]["message"]
        assert "[DONE]" not in said.text
        assert not fine.bodies
        converted = gate.messages(stream=True)
        assert "event: error\n" in converted.text
        assert "message_stop" not in converted.text


def test_a_storm_of_429_is_not_answered_with_a_storm(box: Start) -> None:
    """LLM-06: while an endpoint says 429 with retry-after, it is left alone."""
    with upstream(limited) as bad:
        gate = box(endpoints={"bad": {"url": bad.url}})
        answers = [gate.chat() for _ in range(20)]
        assert {one.status_code for one in answers[:1]} == {429}
        assert {one.status_code for one in answers} <= {429, 503}
        assert all(int(one.headers["retry-after"]) >= 1 for one in answers)
        assert len(bad.bodies) == 1


def test_an_endpoint_that_came_back_is_asked_again(box: Start) -> None:
    def script(body: Json, number: int) -> Iterator[Step]:
        yield Reset() if number <= 3 else whole()

    with upstream(script) as flaky, upstream() as fine:
        gate = box(endpoints={"flaky": {"url": flaky.url}, "fine": {"url": fine.url, "model": "other"}})
        served = []
        end = time.monotonic() + 40
        while time.monotonic() < end and served[-1:] != ["flaky"]:
            served.append(gate.chat().headers["x-factory-endpoint"])
            time.sleep(0.1)
        assert served[-1] == "flaky"
        assert set(served[:-1]) == {"fine"}


def test_the_clients_own_mistake_comes_back_in_the_servers_words(box: Start) -> None:
    def script(body: Json, number: int) -> Iterator[Step]:
        yield answer({"error": {"message": "temperature must be below 2", "type": "x"}}, "400 Bad Request")

    with upstream(script) as strict:
        gate = box(endpoints={"strict": {"url": strict.url}})
        said = [gate.chat(temperature=9) for _ in range(8)]
        assert {one.status_code for one in said} == {400}
        assert said[-1].json()["error"]["message"] == "temperature must be below 2"
        assert len(strict.bodies) == 8  # such answers do not make an endpoint look broken


def test_a_prompt_that_does_not_fit_goes_to_an_endpoint_with_more_room(box: Start) -> None:
    def script(body: Json, number: int) -> Iterator[Step]:
        text = "This model's maximum context length is 4096 tokens"
        yield answer({"error": {"message": text}}, "400 Bad Request")

    with upstream(script) as small, upstream() as large:
        gate = box(endpoints={"small": {"url": small.url}, "large": {"url": large.url}})
        assert gate.chat().headers["x-factory-fallback"] == "small (too_long)"


def test_a_client_that_leaves_frees_its_place_at_once(box: Start) -> None:
    def script(body: Json, number: int) -> Iterator[Step]:
        if number > 1:
            yield from good(body, number)
            return
        yield stream_head()
        yield chunk({"content": "first"})
        for _ in range(100):
            yield Sleep(0.2)
            yield chunk({"content": "more"})

    with upstream(script) as long:
        gate = box(endpoints={"one": {"url": long.url, "parallel": 1}})
        asked = {"model": "auto", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
        with gate.client.stream("POST", f"{gate.url}/v1/chat/completions", json=asked) as running:
            parts = running.iter_raw()  # kept, because httpx hangs up when it is thrown away
            assert next(parts)
            waiting: list[httpx.Response] = []
            other = threading.Thread(target=lambda: waiting.append(gate.chat()))
            other.start()
            end = time.monotonic() + 15
            while time.monotonic() < end and not gate.gauge("queued", "one"):
                time.sleep(0.02)
            assert not waiting  # one place, and it is taken
        other.join(timeout=15)
        assert waiting[0].status_code == 200
        assert int(waiting[0].headers["x-factory-queue"]) == 1
        assert long.gone.wait(5)  # the server was told, too


def _words(text: str) -> list[str]:
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    return [choice["delta"].get("content") or "" for event in events for choice in event["choices"]]
