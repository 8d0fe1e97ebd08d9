"""Waiting at a full endpoint: what is told in headers and metrics, and who is asked to come back later."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from factory.contracts.record import Json
from tests.serve.conftest import Start
from tests.serve.upstream_double import Script, Sleep, Step, upstream, whole

LONG_S = 30.0


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < end, "it never was"
        time.sleep(0.02)


def held(on: threading.Event, first_s: float = 0.01) -> Script:
    """The first answer takes `first_s`, the others come when `on` is set."""

    def script(body: Json, number: int) -> Iterator[Step]:
        yield Sleep(first_s)
        while number > 1 and not on.is_set():
            yield Sleep(0.02)
        yield whole()

    return script


def test_what_was_expected_stands_in_headers_and_metrics(box: Start) -> None:
    on = threading.Event()
    with upstream(held(on, 0.3)) as one, ThreadPoolExecutor(4) as pool:
        gate = box(endpoints={"one": {"url": one.url, "parallel": 1}})
        assert "x-factory-predicted-first-token-ms" in gate.chat().headers
        runs = pool.submit(gate.chat)
        until(lambda: gate.gauge("in_flight", "one"))
        waits = [pool.submit(gate.chat) for _ in range(2)]
        until(lambda: gate.gauge("queued", "one") == 2)
        on.set()
        assert "x-factory-queue" not in runs.result(LONG_S).headers
        second, third = sorted(
            (each.result(LONG_S).headers for each in waits), key=lambda said: said["x-factory-queue"]
        )
        assert (second["x-factory-queue"], third["x-factory-queue"]) == ("1", "2")
        expected = [int(said["x-factory-predicted-wait-ms"]) for said in (second, third)]
        assert 300 <= expected[0] < expected[1]  # the answer from which it learned took 0.3 s
        assert int(third["x-factory-predicted-first-token-ms"]) >= expected[1]
        assert gate.gauge("predicted_first_token_seconds_count", "one") == 4
        assert gate.gauge("predicted_first_token_seconds_sum", "one") >= sum(expected) / 1000


def test_whoever_would_wait_too_long_is_told_when_to_come_back(box: Start) -> None:
    on = threading.Event()
    with upstream(held(on, 1)) as one, ThreadPoolExecutor(12) as pool:
        gate = box(endpoints={"one": {"url": one.url, "parallel": 1}}, serve={"max_wait_s": 5})
        gate.chat()  # from which it learns that an answer takes a second
        asked = [pool.submit(gate.chat) for _ in range(12)]
        until(lambda: sum(each.done() for each in asked) >= 6)  # at most one runs and five wait
        refused = [each.result() for each in asked if each.done()]
        assert gate.gauge("queued", "one") >= 1  # so nobody has waited too long yet
        messages = gate.messages()
        on.set()
        assert {said.status_code for said in (*refused, messages)} == {429}
        assert all(int(said.headers["retry-after"]) >= 1 for said in (*refused, messages))
        assert refused[0].json()["error"]["code"] == "rate_limit_exceeded"
        assert messages.json()["error"]["type"] == "rate_limit_error"


def test_whoever_has_waited_too_long_is_told_so(box: Start) -> None:
    on = threading.Event()
    with upstream(held(on)) as one, ThreadPoolExecutor(1) as pool:
        gate = box(endpoints={"one": {"url": one.url, "parallel": 1}}, serve={"max_wait_s": 0.5})
        gate.chat()
        runs = pool.submit(gate.chat)
        until(lambda: gate.gauge("in_flight", "one"))
        late = gate.chat()
        assert (late.status_code, int(late.headers["retry-after"]) >= 1) == (429, True)
        assert not gate.gauge("queued", "one")
        on.set()
        assert runs.result(LONG_S).status_code == 200
