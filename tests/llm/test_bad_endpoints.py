"""Every endpoint row of the issue's bad input, through the client and the real SDKs: one sentence and its exit code."""

import os
import re
from pathlib import Path

import pytest

from factory.contracts.errors import Stopped
from factory.contracts.model import Endpoint
from factory.contracts.record import Json
from factory.serve.scripted import serving
from tests.llm.bench import Bench, answering, endpoint, only, request, script, settings

ROWS: dict[str, tuple[Json, str, int, str]] = {
    "wrong key": ({"status": 401}, "wrong_key", 2, "refuses the key: set the environment variable BOX_KEY"),
    "429 for ever": ({"status": 429, "retry_after": 1}, "rate_limited", 4, "429, too many requests"),
    "500": ({"status": 500}, "no_model", 1, "says 500"),
    "connection reset": ({"text": "some words", "reset": True}, "no_model", 1, "the connection broke"),
    "slow drip": ({"text": "a b c", "drip_s": 2}, "no_model", 1, "0.3 s"),
    "HTML": ({"html": True}, "model_unusable", 1, r"a web page \(HTML\), not with JSON: check its url"),
    "garbage": ({"text": "¿?"}, "model_unusable", 1, "Answer with yes"),
}


@pytest.mark.parametrize("wire", ["openai", "anthropic"])
@pytest.mark.parametrize("row", ROWS)
def test_one_sentence_and_its_exit_code(tmp_path: Path, row: str, wire: str) -> None:
    reply, reason, code, words = ROWS[row]
    with serving(script({**reply, "repeat": True})) as url:
        stalls = {"first_token_s": 0.3, "idle_s": 0.3} if row == "slow drip" else {"first_token_s": 9, "idle_s": 9}
        box = endpoint(wire=wire, url=url + "/v1", key_env="BOX_KEY", **stalls)
        one = Bench(tmp_path, settings(box), environment={"BOX_KEY": "secret-key"})
        with pytest.raises(Stopped, match=words) as stop:
            one.ask(request(), only("yes"))
    assert (stop.value.reason, stop.value.exit_code) == (reason, code)
    assert "secret-key" not in str(stop.value)
    assert "\n" not in str(stop.value)


@pytest.mark.parametrize("wire", ["openai", "anthropic"])
def test_down(tmp_path: Path, wire: str) -> None:
    with serving(script()) as url:
        pass
    one = Bench(tmp_path, settings(endpoint(wire=wire, url=url + "/v1")))
    with pytest.raises(
        Stopped, match=r"box at http.* cannot be reached .*is it running\?.*factory models test"
    ) as stop:
        one.ask(request())
    assert (stop.value.reason, stop.value.exit_code) == ("no_model", 1)
    assert one.clock.slept == [1, 2, 4]
    assert one.egress.by_endpoint("run-1") == ()  # nothing left the machine


@pytest.mark.parametrize("wire", ["openai", "anthropic"])
def test_it_recovers_when_the_server_does(tmp_path: Path, wire: str) -> None:
    faults = [{"status": 429, "retry_after": 5}, {"status": 503}, {"text": "y", "reset": True}]
    with serving(script(*faults, "yes")) as url:
        one = Bench(tmp_path, settings(endpoint(wire=wire, url=url + "/v1")))
        assert one.ask(request(), only("yes")).exchanges == 1
    assert one.clock.slept == [5, 2, 4]


def test_the_second_endpoint_answers_when_the_first_is_broken(tmp_path: Path) -> None:
    with serving(script({"html": True, "repeat": True})) as bad, serving(script("yes")) as good:
        ends = (endpoint("bad", wire="openai", url=bad + "/v1"), endpoint("good", wire="anthropic", url=good))
        one = Bench(tmp_path, settings(*ends))
        assert one.ask(request(), only("yes")).endpoint == "good"
        assert [kind for kind, _, _ in one.scope.steps] == ["exchange", "exchange"]


def test_a_cut_stream_of_a_paid_endpoint_is_charged_at_its_worst(tmp_path: Path) -> None:
    """Nobody knows whether it is billed, so it counts (a $4 cap once became $700)."""
    with serving(script({"text": "some words", "reset": True}, "yes")) as url:
        paid = endpoint(wire="openai", url=url + "/v1", tier="frontier", price_in=1, price_out=1)
        one = Bench(tmp_path, settings(paid))
        heard = one.ask(request(ceiling="frontier", max_tokens=1000))
    totals = one.spend.totals("run-1")
    assert heard.cost == totals.cost > 1000
    assert totals.calls == 2


STARTS = {
    "openai": [],
    "anthropic": [
        'event: message_start\ndata: {"type": "message_start", "message": {"id": "m", "type": "message", "role": '
        '"assistant", "model": "m", "content": [], "usage": {"input_tokens": 9, "output_tokens": 1}}}\n\n',
        'event: content_block_start\ndata: {"type": "content_block_start", "index": 0, "content_block": '
        '{"type": "text", "text": ""}}\n\n',
    ],
}
PIECES = {
    "openai": 'data: {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": '
    '[{"index": 0, "delta": {"content": "word "}}]}\n\n',
    "anthropic": 'event: content_block_delta\ndata: {"type": "content_block_delta", "index": 0, "delta": '
    '{"type": "text_delta", "text": "word "}}\n\n',
}


def paid(url: str, wire: str) -> Endpoint:
    return endpoint(wire=wire, url=url, tier="frontier", price_in=1, price_out=1, max_output=1000)


@pytest.mark.parametrize("wire", ["openai", "anthropic"])
def test_an_answer_that_goes_wrong_after_it_began_is_charged_at_its_worst(tmp_path: Path, wire: str) -> None:
    """Fifty pieces, then an event that is none: the server bills them, whatever we make of them."""
    events = [*STARTS[wire], *[PIECES[wire]] * 50, "data: {broken\n\n"]
    with answering(200, "".join(events), {"content-type": "text/event-stream"}) as (url, _):
        one = Bench(tmp_path, settings(paid(url, wire)))
        with pytest.raises(Stopped, match=r"box"):
            one.ask(request(ceiling="frontier", max_tokens=1000))
    totals = one.spend.totals("run-1")
    assert totals.cost > 1000
    assert (totals.tokens_in > 0, totals.tokens_out) == (True, 1000 * totals.calls)


@pytest.mark.parametrize("wire", ["openai", "anthropic"])
@pytest.mark.parametrize(("kind", "charged"), [("text/html", False), ("application/json", True)])
def test_a_web_page_is_no_answer_and_costs_nothing(tmp_path: Path, wire: str, kind: str, charged: bool) -> None:
    with answering(200, "{}", {"content-type": kind}) as (url, _):
        one = Bench(tmp_path, settings(paid(url, wire)))
        with pytest.raises(Stopped, match="box answered with"):
            one.ask(request(ceiling="frontier", max_tokens=1000))
    assert (one.spend.totals("run-1").cost > 0) is charged


@pytest.mark.parametrize("status", [400, 401, 429, 500])
@pytest.mark.parametrize("wire", ["openai", "anthropic"])
def test_a_request_that_is_turned_away_costs_nothing(tmp_path: Path, wire: str, status: int) -> None:
    with answering(status, "{}", {"content-type": "application/json"}) as (url, _):
        one = Bench(tmp_path, settings(paid(url, wire)))
        with pytest.raises(Stopped):
            one.ask(request(ceiling="frontier", max_tokens=1000))
    assert one.spend.totals("run-1").cost == 0


@pytest.mark.parametrize(("argv", "charged"), [(("sh", "-c", "exit 3"), True), (("no-such-command",), False)])
def test_a_command_that_was_started_is_charged(tmp_path: Path, argv: tuple[str, ...], charged: bool) -> None:
    end = endpoint(wire="command", command=argv, tier="frontier", price_in=1, price_out=1, max_output=1000)
    one = Bench(tmp_path, settings(end), environment={"PATH": os.defpath})
    with pytest.raises(Stopped, match=r"exit code 3|cannot be started"):
        one.ask(request(ceiling="frontier", max_tokens=1000))
    assert (one.spend.totals("run-1").cost > 1000) is charged


@pytest.mark.parametrize("row", ROWS)
def test_what_is_told_names_the_endpoint_once_and_has_no_doubled_full_stop(tmp_path: Path, row: str) -> None:
    reply, _, _, _ = ROWS[row]
    with serving(script({**reply, "repeat": True})) as url:
        box = endpoint(wire="openai", url=url + "/v1", key_env="BOX_KEY", first_token_s=0.3, idle_s=0.3)
        one = Bench(tmp_path, settings(box), environment={"BOX_KEY": "k"})
        with pytest.raises(Stopped) as stop:
            one.ask(request(), only("yes"))
    told = [f"{facts['endpoint']}: {facts['text']}" for event, facts in one.told if event == "retry"]
    told += [facts["text"] for event, facts in one.told if event == "fallback"]
    assert told or row == "wrong key"
    for text in (*told, str(stop.value).replace("[endpoints.box]", "")):
        assert text.count("box") == 1
        assert ".." not in text
        assert not re.search(r"\.[;:)]", text)
