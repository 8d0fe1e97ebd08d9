"""GitHub's limits over real HTTP, on a clock that tests set."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from factory.contracts.errors import HubForbidden, HubLimited, HubUnreachable, reason_of
from tests.forge.answering import Answer, Asked, TestClock, answering, said

SLOW = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
ISSUE = {
    "number": 7, "title": "t", "body": "", "user": None, "state": "open", "labels": [], "updated_at": "",
}  # fmt: skip


def test_gha_03_a_secondary_limit_is_waited_for_as_it_says() -> None:
    """GHA-03: 403 with retry-after 60: at least 60 s, then the comment is made, once."""
    answers: list[Answer] = [(403, {"Retry-After": "60"}, SLOW), (201, {}, said(1, "x"))]
    clock = TestClock()
    with answering(clock, lambda _: answers.pop(0)) as server:
        assert server.hub().comment(7, "x").id == 1
        first, second = server.asked
        assert second.at - first.at >= 60


def test_gha_03_writers_come_one_by_one_a_second_apart() -> None:
    clock = TestClock()
    busy: list[str] = []
    most: list[int] = []

    def reply(asked: Asked) -> Answer:
        busy.append("x")
        most.append(len(busy))
        busy.pop()
        return 201, {}, said(len(most), str(asked.body["body"]))

    with answering(clock, reply) as server:
        hub = server.hub()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: hub.comment(7, str(n)), range(6)))
        times = [asked.at for asked in server.asked]
    assert max(most) == 1
    assert len(times) == 6
    assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(times))


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("wrong", [0.0, 7200.0, -600.0])
def test_gha_04_an_exhausted_hour_is_not_hammered(status: int, wrong: float) -> None:
    """GHA-04, ACT-11: reset in 50 min, more than the patience: one request until then, whatever our own clock says."""
    clock = TestClock(wrong)
    reset = clock.epoch() + 3000

    def reply(_: Asked) -> Answer:
        if clock.epoch() < reset:
            limit = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(reset))}
            return status, limit, {"message": "API rate limit exceeded for installation."}
        return 200, {}, ISSUE

    with answering(clock, reply) as server:
        hub = server.hub(patience=300)
        for _ in range(5):
            with pytest.raises(HubLimited) as caught:
                hub.issue(7)
            clock.seconds += 100
        assert len(server.asked) == 1
        assert 2400 < caught.value.wait < 3002
        assert reason_of(caught.value) == "waiting_quota"
        clock.seconds += 3000
        assert hub.issue(7).number == 7


def test_gha_04_it_waits_within_its_patience_and_stops_at_the_last_allowed_request() -> None:
    """The answer that used the last request is a success; the next one waits for the reset without asking."""
    clock = TestClock()
    reset = clock.epoch() + 120
    left = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(reset))}
    with answering(clock, lambda _: (200, left if clock.epoch() < reset else {}, ISSUE)) as server:
        hub = server.hub(patience=300)
        hub.issue(7)
        hub.issue(7)
        assert [asked.at >= 120 for asked in server.asked] == [False, True]


def test_a_limit_without_a_time_costs_a_minute_and_doubles() -> None:
    clock = TestClock()
    answers: list[Answer] = [(403, {}, SLOW), (403, {}, SLOW), (200, {}, ISSUE)]
    with answering(clock, lambda _: answers.pop(0)) as server:
        server.hub().issue(7)
        first, second, third = (asked.at for asked in server.asked)
    assert second - first >= 60
    assert third - second >= 120


def test_patience_is_for_the_whole_process() -> None:
    """Four times 100 s is more than 300."""
    clock = TestClock()
    with answering(clock, lambda _: (403, {"Retry-After": "100"}, SLOW)) as server:
        with pytest.raises(HubLimited):
            server.hub(patience=300).issue(7)
        assert sum(clock.slept) <= 300


def test_a_lacking_permission_is_no_limit() -> None:
    body = {"message": "Resource not accessible by integration"}
    lacking = {"X-Accepted-GitHub-Permissions": "issues=write", "X-RateLimit-Remaining": "900"}
    with answering(TestClock(), lambda _: (403, lacking, body)) as server:
        with pytest.raises(HubForbidden, match="issues=write"):
            server.hub().comment(7, "x")
        assert len(server.asked) == 1


def test_gha_13_an_outage_opens_the_circuit() -> None:
    """GHA-13: 30 minutes of 5xx: a handful of requests, each call fails typed, and afterwards all goes on."""
    clock = TestClock()
    with answering(clock, lambda _: (502, {}, None) if clock.seconds < 1800 else (200, {}, ISSUE)) as server:
        hub = server.hub()
        while clock.seconds < 1790:
            with pytest.raises(HubUnreachable) as caught:
                hub.issue(7)
            clock.seconds += 5
        assert len(server.asked) <= 12
        assert reason_of(caught.value) == "waiting_quota"
        clock.seconds += 700
        assert hub.issue(7).number == 7
        assert hub.issue(7).number == 7


def test_reads_survive_a_short_fault() -> None:
    answers: list[Answer] = [(502, {}, None), None, (200, {}, ISSUE)]
    with answering(TestClock(), lambda _: answers.pop(0)) as server:
        assert server.hub().issue(7).number == 7


def test_act_11_the_time_is_githubs() -> None:
    """ACT-11: our clock is two hours off; what is compared comes from the Date header."""
    with answering(TestClock(-7200), lambda _: (200, {}, ISSUE)) as server:
        hub = server.hub()
        assert hub.server_time() == ""
        hub.issue(7)
        assert hub.server_time() == "2026-11-20T12:00:00Z"
