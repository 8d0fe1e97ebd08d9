"""How streams end, well or badly, and a client that does not read."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from factory.contracts.record import Json
from factory.serve.exchange import ClientGone, Out
from factory.serve.sse import Watch, events
from tests.serve.conftest import Start
from tests.serve.upstream_double import USAGE, Reset, Script, Sleep, Step, chunk, stream_head, upstream

WORDS = chunk({"content": "x"}) + chunk({}, "stop")
OVER = b"data: [DONE]\n\n"


def without_length(data: bytes) -> bytes:
    """A chunked answer of which the end is still to come."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%s\r\n" % (len(data), data)


def resets(body: Json, number: int) -> Iterator[Step]:
    yield without_length(WORDS + OVER)
    yield Sleep(0.1)
    yield Reset()


def stays_open(body: Json, number: int) -> Iterator[Step]:
    yield without_length(WORDS + OVER)
    yield Sleep(5)


def no_empty_line(body: Json, number: int) -> Iterator[Step]:
    yield stream_head()
    yield WORDS + OVER.strip()


def both_line_ends(body: Json, number: int) -> Iterator[Step]:
    yield stream_head()
    yield WORDS + chunk(None, usage=USAGE).replace(b"\n", b"\r\n") + OVER


@pytest.mark.parametrize("script", [resets, stays_open, no_empty_line, both_line_ends])
def test_an_answer_that_came_to_its_end_is_whole_however_the_connection_ends(script: Script, box: Start) -> None:
    with upstream(script) as fine:
        gate = box(endpoints={"fine": {"url": fine.url, "idle_s": 3}})
        said = gate.chat(stream=True)
        assert said.status_code == 200
        assert said.text.endswith("data: [DONE]\n\n")
        assert "broke off" not in said.text
        assert "message_stop" in gate.messages(stream=True).text
        assert not gate.said


@pytest.mark.parametrize("text", ["[DONE]", "data: [DONE]", "\ndata: [DONE]\n"])
def test_an_answer_that_talks_of_the_end_has_not_come_to_it(text: str, box: Start) -> None:
    def breaks(body: Json, number: int) -> Iterator[Step]:
        yield stream_head()
        yield chunk({"content": f"a stream ends with {text}"})

    with upstream(breaks) as bad:
        assert "broke off" in box(endpoints={"bad": {"url": bad.url}}).chat(stream=True).text


def test_words_of_a_server_go_to_the_client_and_not_into_the_log(box: Start) -> None:
    def fails(body: Json, number: int) -> Iterator[Step]:
        yield stream_head()
        yield chunk({"content": "half"})
        yield Sleep(0.05)
        yield b'data: {"error": {"message": "cannot read: a prompt of somebody"}}\n\n'

    with upstream(fails) as bad:
        gate = box(endpoints={"bad": {"url": bad.url}})
        assert "a prompt of somebody" in gate.chat(stream=True).text
        gate.stop()
        assert gate.said
        assert "a prompt of somebody" not in json.dumps(gate.said)


def test_memory_that_runs_out_in_a_stream_is_told_as_that(box: Start) -> None:
    def fails(body: Json, number: int) -> Iterator[Step]:
        yield stream_head()
        yield b'data: {"error": {"message": "CUDA out of memory"}}\n\n'

    with upstream(fails) as bad, upstream() as fine:
        gate = box(endpoints={"bad": {"url": bad.url}, "fine": {"url": fine.url, "model": "other"}})
        assert gate.chat(stream=True).headers["x-factory-fallback"] == "bad (oom)"


@pytest.mark.parametrize("line", [b"\n", b"\r\n"])
def test_events_of_both_line_ends_are_told_apart(line: bytes) -> None:
    first, second = b'data: {"a": 1}\n\n', b"event: x" + line + b"data: {}" + line * 2
    assert list(events(first + second)) == [first, second]
    assert list(events(second + first + b"data: rest")) == [second, first, b"data: rest"]


def test_the_end_may_have_no_blank_and_any_line_end() -> None:
    for block in (b"data:[DONE]\n\n", b"data: [DONE]\r\n\r\n", b"data: {}\n\ndata: [DONE]\n\n"):
        watch = Watch("chat")
        watch.see(block)
        assert watch.done


def test_a_client_that_does_not_read_is_gone() -> None:
    """A full send buffer makes the server's `send` wait."""

    async def full(message: dict[str, object]) -> None:
        await asyncio.Event().wait()

    async def written() -> None:
        await Out(full, reading_s=0.01).write(b"data: {}\n\n")

    with pytest.raises(ClientGone):
        asyncio.run(written())
