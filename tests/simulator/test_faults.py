"""What goes wrong at the double on demand (GHA-02, 03, 04, 06, 10, 12, 13), and its rate limits."""

import http.client
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.simulator.hub import limits
from factory.simulator.hub.faults import KINDS, FaultPlan, Kind, Rule
from tests.simulator.asking import World, world

GONE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)
COMMENTS = "/issues/1/comments"


def comment(made: World, token: str, body: str = "hello") -> int:
    return made.ask(token, "POST", COMMENTS, {"body": body}).status


def bodies(made: World) -> list[str]:
    return [one.body for one in made.repo.issues[1].comments]


@pytest.mark.parametrize(("kind", "left"), [("dropped", 0), ("lost", 1)])
def test_gha_02_a_connection_ends_before_or_after_the_work(tmp_path: Path, kind: Kind, left: int) -> None:
    plan = FaultPlan(Rule(kind, "POST", "/comments"))
    with world(tmp_path, plan) as made:
        made.ask(made.owner, "POST", "/issues", {"title": "one"})
        with pytest.raises(GONE):
            comment(made, made.owner)
        assert len(bodies(made)) == left
        assert [event.name for event in made.hub.events].count("issue_comment") == left
        assert plan.struck == [(kind, "POST", "/repos/octo/shop/issues/1/comments")]
        assert comment(made, made.owner) == 201  # once only


@pytest.mark.parametrize(("kind", "left"), [("down", 0), ("down_after", 2)])
def test_gha_13_an_incident_lasts_as_many_calls_as_the_rule_says(tmp_path: Path, kind: Kind, left: int) -> None:
    with world(tmp_path, FaultPlan(Rule(kind, path="/comments", skip=1, times=2, status=503))) as made:
        made.ask(made.owner, "POST", "/issues", {"title": "one"})
        assert [comment(made, made.owner) for _ in range(4)] == [201, 503, 503, 201]
        assert len(bodies(made)) == 2 + left


def test_gha_03_the_secondary_limit_says_how_long_to_wait(tmp_path: Path) -> None:
    with world(tmp_path, FaultPlan(Rule("slow_down", "POST", seconds=60))) as made:
        asked = made.ask(made.owner, "POST", "/issues", {"title": "one"})
        assert (asked.status, asked.headers["Retry-After"]) == (403, "60")
        assert "secondary rate limit" in asked.body["message"]
        assert int(asked.headers["X-RateLimit-Remaining"]) > 0


def test_gha_04_the_primary_limit_holds_until_its_reset(tmp_path: Path) -> None:
    with world(tmp_path, FaultPlan(Rule("limited"))) as made:
        token = made.token(issues="write")
        asked = made.ask(token, "GET", "/issues")
        reset = int(asked.headers["X-RateLimit-Reset"])
        assert (asked.status, asked.headers["X-RateLimit-Remaining"]) == (403, "0")
        assert asked.body["message"].startswith("API rate limit exceeded")
        made.clock.time = reset - 1
        assert made.ask(token, "GET", "/issues").status == 403
        assert len(made.hub.limits.refused) == 1  # the hammering, for tests to count
        made.clock.time = reset
        assert made.ask(token, "GET", "/issues").status == 200


def test_gha_06_an_expired_token_stays_expired_and_another_works(tmp_path: Path) -> None:
    with world(tmp_path, FaultPlan(Rule("expired", skip=1))) as made:
        old = made.token(issues="write")
        assert [made.ask(old, "GET", "/issues").status for _ in range(3)] == [200, 401, 401]
        assert made.ask(made.token(issues="write"), "GET", "/issues").status == 200


def test_gha_10_what_was_made_is_seen_in_lists_only_later(tmp_path: Path) -> None:
    rule = Rule("unseen", "POST", r"/(comments|pulls|check-runs)$", times=0, seconds=5)
    with world(tmp_path, FaultPlan(rule)) as made:
        token = made.owner
        made.ask(token, "POST", "/issues", {"title": "one"})
        number = made.ask(token, "POST", COMMENTS, {"body": "hello"}).body["id"]
        made.ask(token, "POST", "/pulls", {"title": "p", "head": "feature", "base": "main"})
        check = made.token(checks="write")
        made.ask(check, "POST", "/check-runs", {"name": "c", "head_sha": made.head})

        def seen() -> list[int]:
            pulls = made.ask(token, "GET", "/pulls?head=octo:feature").body
            checks = made.ask(check, "GET", "/commits/feature/check-runs").body["check_runs"]
            return [len(made.ask(token, "GET", COMMENTS).body), len(pulls), len(checks)]

        assert seen() == [0, 0, 0]
        assert made.ask(token, "GET", f"/issues/comments/{number}").status == 200  # by its id it is there
        made.clock.time += 5
        assert seen() == [1, 1, 1]


@pytest.mark.parametrize(("kind", "target"), [("broken_link", "nowhere://"), ("looping_link", None)])
def test_gha_12_the_next_page_leads_nowhere_or_to_the_same(tmp_path: Path, kind: Kind, target: str | None) -> None:
    with world(tmp_path, FaultPlan(Rule(kind, "GET", "/comments", times=0))) as made:
        made.ask(made.owner, "POST", "/issues", {"title": "one"})
        for number in range(5):
            comment(made, made.owner, str(number))
        page = f"{made.url}/repos/octo/shop/issues/1/comments?per_page=2&page=2"
        link = made.ask(made.owner, "GET", page).headers["Link"]
        found = re.search(r'<([^>]*)>; rel="next"', link)
        assert found is not None
        assert found[1] == (target or page)
        last = made.ask(made.owner, "GET", page.replace("page=2&page=2", "page=2&page=3"))
        assert 'rel="next"' not in last.headers["Link"]


def test_a_slow_answer_takes_its_time_and_is_right(tmp_path: Path) -> None:
    slept: list[float] = []
    with world(tmp_path, FaultPlan(Rule("slow", seconds=9), sleep=slept.append)) as made:
        assert made.ask(made.owner, "GET", "/issues").status == 200
        assert slept == [9]


def test_chance_is_the_seeds(tmp_path: Path) -> None:
    """Which calls are struck depends on the seed alone."""

    def struck(folder: str) -> list[int]:
        with world(tmp_path / folder, FaultPlan(Rule("down", times=0, chance=0.5), seed=7)) as made:
            return [made.ask(made.owner, "GET", "/issues").status for _ in range(12)]

    first = struck("one")
    assert first == struck("two")
    assert set(first) == {200, 502}


def test_primary_limits_are_those_of_the_kind_of_token(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.hub.limits.secondary = False
        job, app, person = made.token(issues="read"), made.token("app", issues="read"), made.owner
        most = [int(made.ask(one, "GET", "/issues").headers["X-RateLimit-Limit"]) for one in (job, app, person, "")]
        assert most == [1000, 5000, 5000, 60]
        other = made.token(issues="read")  # two jobs' tokens share the repository's thousand
        made.ask(other, "GET", "/issues")
        assert made.ask(job, "GET", "/issues").headers["X-RateLimit-Used"] == "3"
        assert made.ask(job, "GET", f"{made.url}/rate_limit").body["rate"]["used"] == 3  # asking is free
        for _ in range(997):
            assert made.ask(other, "GET", "/issues").status == 200
        assert made.ask(job, "GET", "/issues").status == 403
        assert made.ask(app, "GET", "/issues").status == 200
        made.clock.time += 3600
        assert made.ask(job, "GET", "/issues").status == 200


def test_secondary_limits_count_points_and_content(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.ask(made.owner, "POST", "/issues", {"title": "one"})
        token = made.token(issues="write")
        assert [comment(made, token) for _ in range(limits.CONTENT_MINUTE)] == [201] * limits.CONTENT_MINUTE
        over = made.ask(token, "POST", COMMENTS, {"body": "x"})
        assert over.status == 403
        wait = int(over.headers["Retry-After"])
        assert 0 < wait <= 61
        assert made.ask(token, "GET", "/issues").status == 200  # reading goes on
        label = made.ask(made.owner, "POST", "/labels", {"name": "a", "color": "ffffff"}).status
        assert label == 201  # and so do others
        made.clock.time += wait
        assert comment(made, token) == 201
        points = [made.ask(token, "PATCH", "/issues/1", {"title": "x"}).status for _ in range(limits.POINTS // 5)]
        assert points.count(403) >= 1
        assert points[0] == 200


def test_calls_are_counted_for_each_job(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        gate = made.hub.token("", "octo/shop", {"issues": "read"}, kind="actions", job="gate")
        for _ in range(3):
            made.ask(gate, "GET", "/issues")
        made.ask(made.owner, "GET", "/issues")
        assert (made.hub.calls("gate"), made.hub.calls("ship"), made.hub.calls()) == (3, 0, 4)
        assert made.hub.requests[0] == ("GET", "/repos/octo/shop/issues", 200, "github-actions[bot]")


RULES = st.builds(
    Rule, kind=st.sampled_from([kind for kind in KINDS if kind not in ("slow", "expired", "limited")]),
    method=st.sampled_from(["", "GET", "POST"]),
    path=st.sampled_from(["", "/comments", "/labels", "/pulls", "/issues$"]),
    skip=st.integers(0, 3), times=st.integers(0, 3), chance=st.sampled_from([0.5, 1.0]), seconds=st.just(5.0),
    status=st.sampled_from([500, 502, 503, 504]),
)  # fmt: skip
DEEDS = st.lists(st.sampled_from(["issue", "comment", "label", "pull", "list", "wait"]), min_size=5, max_size=25)


def do(made: World, token: str, deed: str, number: int) -> int:
    """One request; 0 = no answer came."""
    asks = {
        "issue": ("POST", "/issues", {"title": f"t{number}"}), "comment": ("POST", COMMENTS, {"body": f"c{number}"}),
        "label": ("POST", "/labels", {"name": f"l{number}", "color": "ffffff"}),
        "pull": ("POST", "/pulls", {"title": f"p{number}", "head": "feature", "base": "main"}),
        "list": ("GET", f"{COMMENTS}?per_page=2", None),
    }  # fmt: skip
    try:
        return made.ask(token, *asks[deed]).status
    except GONE:
        return 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=st.lists(RULES, max_size=4), deeds=DEEDS, seed=st.integers(0, 99))
def test_whatever_goes_wrong_the_double_stays_consistent(
    tmp_path_factory: pytest.TempPathFactory, rules: list[Rule], deeds: list[str], seed: int
) -> None:
    """What was answered well is there, what was refused is not, and each thing that is there happened once."""
    plan = FaultPlan(seed=seed)
    with world(tmp_path_factory.mktemp("hub"), plan) as made:
        made.ask(made.owner, "POST", "/issues", {"title": "first"})
        plan.add(*rules)
        token, done = made.owner, Counter[tuple[str, bool | None]]()
        for number, deed in enumerate(deeds):
            if deed == "wait":
                made.clock.time += 4
                continue
            before = len(plan.struck)
            status = do(made, token, deed, number)
            after = {kind for kind, *_ in plan.struck[before:]} & {"lost", "down_after"}
            done[deed, None if after else status == 201] += 1
        plan.clear()
        made.clock.time += 5
        there = {
            "comment": len(bodies(made)), "label": len(made.repo.labels),
            "issue": sum(one.pull is None for one in made.repo.issues.values()) - 1,
            "pull": sum(one.pull is not None for one in made.repo.issues.values()),
        }  # fmt: skip
        for deed, count in there.items():
            assert done[deed, True] <= count <= done[deed, True] + done[deed, None], deed
        names = Counter((event.name, event.action) for event in made.hub.events)
        assert names["issue_comment", "created"] == there["comment"]
        assert names["issues", "opened"] == there["issue"] + 1
        assert names["pull_request", "opened"] == there["pull"] <= 1
        assert sorted(made.repo.issues) == list(range(1, made.repo.last_number + 1))
        listed = made.ask(token, "GET", f"{COMMENTS}?per_page=100").body
        assert [one["body"] for one in listed] == bodies(made)
        assert made.hub.violations == []
