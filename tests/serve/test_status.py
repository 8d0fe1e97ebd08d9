"""The status page over HTTP: what it shows, to whom, escaped, live, and how one logs in."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from factory.contracts.record import digest
from factory.serve.page import SECTIONS
from factory.serve.visitors import TRIES
from tests.serve.conftest import Box, Start
from tests.serve.upstream_double import Reset, Sleep, Step, chunk, good_stream, stream_head, upstream

KEY = "df-alice"
KEYS = {"keys": {"alice": {"sha256": digest(KEY), "ceiling": "frontier", "day_usd": 5}}}
EVIL = "<script>alert(1)</script>"
LONG_S = 30


def page(gate: Box, **options: Any) -> httpx.Response:
    return gate.client.get(f"{gate.url}/", **options)


def test_it_is_open_where_the_port_is_and_asks_for_nothing_else(box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}})
        shown = page(gate)
        assert shown.status_code == 200
        assert all(f'<section id="{name}">' in shown.text for name in SECTIONS)
        assert "not asked yet" in shown.text
        assert "[models.NAME]" in shown.text
        assert "Log out" not in shown.text
        links = re.findall(r'(?:src|href|action)="([^"]*)"', shown.text)
        assert all(link.startswith(("/", "data:")) for link in links), links


def test_only_its_own_script_and_style_may_run(box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}})
        first, second = page(gate), page(gate)
        nonces = [re.findall(r'nonce="([^"]+)"', one.text) for one in (first, second)]
        assert len(set(nonces[0])) == 1
        assert nonces[0] != nonces[1]
        policy = first.headers["content-security-policy"]
        assert f"script-src 'nonce-{nonces[0][0]}'" in policy
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        assert not re.search(r"<[^>]+ (?:style|on\w+)=", first.text)  # what this policy would block
        assert first.headers["cache-control"] == "no-store"


def test_what_strangers_wrote_is_text(box: Start) -> None:
    def bad(body: object, number: int) -> Iterator[Step]:
        yield stream_head()
        yield b"data: " + json.dumps({"error": {"message": EVIL}}).encode() + b"\n\n"

    keys = {"keys": {EVIL: {"sha256": digest(KEY)}}}
    with upstream(bad) as failing:
        named = {"url": failing.url, "model": EVIL}
        gate = box(endpoints={"a&b": named, EVIL: named}, serve=keys)
        headers = {"authorization": f"Bearer {KEY}"}
        assert gate.chat(headers, stream=True).status_code == 502
        shown = page(gate, headers=headers)
        assert "Endpoint passed over" in shown.text
        assert EVIL not in shown.text
        escaped = EVIL.replace("<", "&lt;").replace(">", "&gt;")
        who, rest = shown.text.split('<section id="summary">')
        places, rest = rest.split('<section id="spend">')
        spend, events = rest.split('<section id="events">')
        assert all(escaped in part for part in (who, places, spend, events))
        assert "a&amp;b" in shown.text


@dataclass
class News:
    """What has come over /events: each section as it is now."""

    lines: Iterator[str]
    sections: dict[str, str] = field(default_factory=dict)
    end: float = field(default_factory=lambda: time.monotonic() + LONG_S)

    def read(self) -> set[str]:
        """The names of the sections that changed next; empty when the stream has ended."""
        for line in self.lines:
            assert time.monotonic() < self.end, "it never came"  # a line comes even when there are no news
            if line.startswith("data: "):
                new = json.loads(line.removeprefix("data: "))["sections"]
                self.sections |= new
                return set(new)
        return set()

    def until(self, section: str, text: str) -> str:
        while text not in self.sections.get(section, ""):
            assert self.read(), "the stream has ended"
        return self.sections[section]


@contextmanager
def news(gate: Box, **options: Any) -> Iterator[News]:
    with gate.client.stream("GET", f"{gate.url}/events", timeout=LONG_S, **options) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        yield News(response.iter_lines())


def test_a_request_is_seen_while_it_runs_and_when_it_is_paid(box: Start) -> None:
    on = threading.Event()

    def slow(body: Any, number: int) -> Iterator[Step]:
        yield stream_head()
        yield chunk({"role": "assistant", "content": "word"})
        while not on.is_set():
            yield Sleep(0.05)
        yield from list(good_stream(body))[1:]

    paid = {"price_in": 1000.0, "price_out": 1000.0, "tier": "frontier", "kv_tokens": 8192}
    with upstream(slow) as fine:
        gate = box(endpoints={"fine": {"url": fine.url} | paid}, serve=KEYS)
        headers = {"authorization": f"Bearer {KEY}"}
        asking = threading.Thread(target=gate.chat, args=(headers | {"x-factory-ceiling": "frontier"},),
                                  kwargs={"stream": True})  # fmt: skip
        with news(gate, headers=headers) as told:
            assert told.read() == set(SECTIONS)
            assert "idle" in told.sections["places"]
            asking.start()
            assert "8.2k tokens of cache" in told.until("places", "1 running")
            on.set()
            assert "answers" in told.until("places", "idle")
            told.until("spend", "$0.0090 of $5.00")
        asking.join(LONG_S)


def test_only_what_changed_is_sent(box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}})
        with news(gate) as told:
            assert told.read() == set(SECTIONS)
            gate.chat()
            assert told.read() <= {"summary", "places", "spend"}
        with news(gate) as told:
            assert told.read() == set(SECTIONS)


def test_whoever_watches_does_not_keep_the_gateway_from_ending(box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}})
        with news(gate) as told:
            told.read()
            begun = time.monotonic()
            gate.stop()
            with suppress(httpx.TransportError):
                assert not told.read()
            assert time.monotonic() - begun < 4.5  # else it was cut off after the 5 s that requests are given


def test_with_keys_a_browser_logs_in(box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}}, serve=KEYS)
        assert (page(gate).status_code, page(gate).headers["location"]) == (303, "/login")
        assert gate.client.get(f"{gate.url}/events").status_code == 401
        assert 'name="key"' in gate.client.get(f"{gate.url}/login").text
        wrong = gate.client.post(f"{gate.url}/login", data={"key": "df-mallory"})
        assert (wrong.status_code, "not known" in wrong.text, "set-cookie" in wrong.headers) == (401, True, False)
        right = gate.client.post(f"{gate.url}/login", data={"key": KEY}, headers={"origin": gate.url})
        assert (right.status_code, right.headers["location"]) == (303, "/")
        cookie = right.headers["set-cookie"]
        assert KEY not in cookie
        assert {"httponly", "samesite=strict", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
        assert "secure" not in cookie.lower()
        assert "alice" in page(gate).text
        with news(gate) as told:
            told.until("spend", "alice")
            assert gate.client.post(f"{gate.url}/logout").status_code == 303
            assert not told.read()  # nothing more for whoever logged out
        assert page(gate).status_code == 303


def test_a_copied_cookie_is_worth_nothing_after_logging_out(box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}}, serve=KEYS)
        gate.client.post(f"{gate.url}/login", data={"key": KEY})
        copied = {"cookie": f"factory_session={gate.client.cookies['factory_session']}"}
        assert page(gate, headers=copied).status_code == 200
        gate.client.post(f"{gate.url}/logout")
        assert page(gate, headers=copied).status_code == 303


def test_behind_https_the_cookie_stays_there(box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}}, serve=KEYS)
        for https in ({"x-forwarded-proto": "https"}, {"origin": gate.url.replace("http:", "https:")}):
            right = gate.client.post(f"{gate.url}/login", data={"key": KEY}, headers=https)
            assert "secure" in right.headers["set-cookie"].lower()


def test_keys_cannot_be_guessed_at_speed(box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}}, serve=KEYS)
        codes = [gate.client.post(f"{gate.url}/login", data={"key": "x"}).status_code for _ in range(TRIES)]
        assert codes == [401] * TRIES
        late = gate.client.post(f"{gate.url}/login", data={"key": KEY})
        assert (late.status_code, "Too many" in late.text) == (429, True)
        assert gate.chat({"authorization": f"Bearer {KEY}"}).status_code == 200  # programs go on


FOREIGN = [{"host": "evil.example"}, {"origin": "https://evil.example"}, {"origin": "null"}]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_other_sites_pages_get_nothing(headers: dict[str, str], box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}}, serve=KEYS)
        gate.client.post(f"{gate.url}/login", data={"key": KEY})
        codes = [gate.client.get(gate.url + path, headers=headers).status_code for path in ("/", "/events")]
        for path in ("/login", "/logout"):
            codes.append(gate.client.post(gate.url + path, data={"key": KEY}, headers=headers).status_code)
        assert codes == [403] * 4
        assert page(gate).status_code == 200  # nobody was logged out


def test_another_port_of_this_machine_cannot_post_the_forms(box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}}, serve=KEYS)
        sent = {"origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-site"}
        assert gate.client.post(f"{gate.url}/login", data={"key": KEY}, headers=sent).status_code == 403


@pytest.mark.parametrize(("content", "status"), [(b"x" * 5000, 413), (b"&".join([b"a=1"] * 20), 400), (b"", 401)])
def test_odd_forms(content: bytes, status: int, box: Start) -> None:
    with upstream() as fine:
        gate = box(endpoints={"fine": {"url": fine.url}}, serve=KEYS)
        assert gate.client.post(f"{gate.url}/login", content=content).status_code == status


def test_fallbacks_are_told(box: Start) -> None:
    def resets(body: object, number: int) -> Iterator[Step]:
        yield Reset()

    with upstream(resets) as broken, upstream() as fine:
        chain = [{"name": "both", "endpoints": ["broken", "fine"]}]
        gate = box(endpoints={"broken": {"url": broken.url}, "fine": {"url": fine.url}}, chain=chain)
        assert gate.chat(model="both").status_code == 200
        assert "<b>broken</b>" in page(gate).text
        assert "fine was asked instead" in page(gate).text
