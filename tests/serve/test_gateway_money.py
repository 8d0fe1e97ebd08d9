"""What a request may cost, and what of it leaves the box."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from factory.contracts.record import Json, digest
from tests.serve.conftest import Box, Start
from tests.serve.upstream_double import Reset, Sleep, Step, chunk, stream_head, upstream, whole

BOB = {"authorization": "Bearer df-bob", "x-factory-ceiling": "frontier"}
PAID = {"tier": "frontier", "price_in": 10, "price_out": 100, "max_output": 50}


def key(day_usd: str) -> dict[str, object]:
    return {"keys": {"bob": {"sha256": digest("df-bob"), "ceiling": "frontier", "day_usd": day_usd}}}


def spent(gate: Box) -> tuple[object, ...]:
    """(micro-dollars, rows, open reservations), with everything written down."""
    gate.stop()
    return gate.rows(
        "SELECT COALESCE(SUM(cost), 0), COUNT(*), COALESCE(SUM(state = 'reserved'), 0) FROM spend WHERE kind = 'serve'"
    )[0]


def test_what_an_answer_cost_is_booked_under_its_key(box: Start) -> None:
    with upstream() as cloud:
        gate = box(endpoints={"cloud": PAID | {"url": cloud.url}}, serve=key("1"))
        assert gate.chat(BOB).status_code == 200
        assert gate.chat(BOB, stream=True).status_code == 200
        assert gate.messages(BOB).status_code == 200
        assert spent(gate) == (3 * (7 * 10 + 2 * 100), 3, 0)
        assert {row[0] for row in gate.rows("SELECT key FROM spend")} == {"bob"}
        assert gate.rows("SELECT COUNT(*), MIN(tier), MIN(bytes > 50) FROM egress") == [(3, "frontier", 1)]


def test_64_at_once_never_pass_a_keys_budget_by_a_cent(box: Start) -> None:
    def script(body: Json, number: int) -> Iterator[Step]:
        yield Sleep(0.05)
        yield whole()

    with upstream(script) as cloud:
        gate = box(endpoints={"cloud": PAID | {"url": cloud.url}}, serve=key("0.03"))
        with ThreadPoolExecutor(64) as pool:
            answers = list(pool.map(lambda _: gate.chat(BOB), range(128)))
        codes = [one.status_code for one in answers]
        assert set(codes) <= {200, 429}
        refused = next(one for one in answers if one.status_code == 429)
        assert refused.json()["error"]["type"] == "insufficient_quota"
        assert refused.headers["x-should-retry"] == "false"
        cost, rows, still_open = spent(gate)
        assert cost == codes.count(200) * 270
        assert cost <= 30_000  # type: ignore[operator]
        assert (rows, still_open) == (codes.count(200), 0)
        assert len(cloud.bodies) == codes.count(200)


def test_a_call_that_may_have_been_billed_keeps_its_worst_case(box: Start) -> None:
    def script(body: Json, number: int) -> Iterator[Step]:
        yield stream_head()
        yield chunk({"content": "half"})
        yield Reset()

    with upstream(script) as cloud:
        gate = box(endpoints={"cloud": PAID | {"url": cloud.url}}, serve=key("1"))
        gate.chat(BOB, stream=True)
        cost, rows, still_open = spent(gate)
        assert (rows, still_open) == (1, 0)
        assert cost >= 50 * 100  # type: ignore[operator]


def test_an_unknown_price_is_not_paid(box: Start) -> None:
    with upstream() as cloud:
        gate = box(endpoints={"cloud": {"url": cloud.url, "tier": "frontier", "model": "who-knows"}}, serve=key("1"))
        said = gate.chat(BOB)
        assert said.status_code == 400
        assert "price" in said.json()["error"]["message"]
        assert not cloud.bodies


def test_a_key_without_money_is_served_by_what_is_free(box: Start) -> None:
    with upstream() as cloud, upstream() as near:
        endpoints = {"cloud": PAID | {"url": cloud.url}, "near": {"url": near.url, "model": "other"}}
        gate = box(endpoints=endpoints, serve=key("0"))
        said = gate.chat(BOB)
        assert (said.status_code, said.headers["x-factory-endpoint"]) == (200, "near")
        assert said.headers["x-factory-fallback"] == "cloud (budget)"
        gate.stop()
        assert gate.rows("SELECT endpoint, after FROM spend WHERE kind = 'serve'") == [("near", "cloud (budget)")]
        assert not cloud.bodies


SECRET = "ghp_" + "a1B2" * 9
BOTH = f"token {SECRET} and sk-env-secret-value"


@pytest.mark.parametrize("where", ["message", "tool", "system"])
def test_secrets_do_not_leave_for_the_cloud(where: str, box: Start) -> None:
    body: Json = {
        "message": {"messages": [{"role": "user", "content": BOTH}]},
        "tool": {"tools": [{"type": "function", "function": {"name": "t", "description": BOTH}}]},
        "system": {"messages": [{"role": "system", "content": [{"type": "text", "text": BOTH}]}]},
    }[where]
    with upstream() as cloud, upstream() as near:
        endpoints = {"cloud": PAID | {"url": cloud.url, "key_env": "CLOUD_KEY"}, "near": {"url": near.url}}
        gate = box({"CLOUD_KEY": "sk-env-secret-value"}, endpoints=endpoints, serve=key("1"))
        said = gate.chat(BOB, model="cloud", **body)
        assert said.status_code == 200
        assert SECRET.encode() not in cloud.raw[0]
        assert b"sk-env-secret-value" not in cloud.raw[0]
        assert "authorization: bearer sk-env-secret-value" in cloud.heads[0].lower()
        assert "2 secrets redacted" in said.headers["x-factory-changed"]
        gate.chat(BOB, model="near", **body)
        assert SECRET.encode() in near.raw[0]  # what stays on the box is sent as it is


def test_a_tier_s_bytes_of_a_day_are_kept(box: Start) -> None:
    """The next endpoint of the chain answers; without one the refusal names the limit. Nothing is owed for it."""
    with upstream() as cloud, upstream() as near:
        endpoints = {"cloud": PAID | {"url": cloud.url}, "near": {"url": near.url, "model": "other"}}
        gate = box(endpoints=endpoints, serve=key("1"), egress={"frontier": {"day_kib": 2}})
        text = [{"role": "user", "content": "z" * 900}]
        where = [gate.chat(BOB, messages=text).headers["x-factory-endpoint"] for _ in range(3)]
        assert where == ["cloud", "cloud", "near"]
        refused = gate.chat(BOB, model="cloud", messages=text)
        assert refused.status_code == 429
        assert "egress.frontier.day_kib" in refused.json()["error"]["message"]
        gate.stop()
        assert len(cloud.bodies) == 2
        assert gate.rows("SELECT COUNT(*), SUM(state = 'reserved') FROM spend WHERE endpoint = 'cloud'") == [(2, 0)]


def test_the_bytes_of_both_tiers_together_are_kept(box: Start) -> None:
    with upstream() as cloud, upstream() as rented:
        endpoints = {"cloud": PAID | {"url": cloud.url}, "rent": PAID | {"url": rented.url, "tier": "rented"}}
        gate = box(endpoints=endpoints, serve=key("1"), egress={"day_kib": 2})
        text = [{"role": "user", "content": "z" * 900}]
        where = [gate.chat(BOB, model=name, messages=text).status_code for name in ("cloud", "rent", "cloud", "rent")]
        assert where == [200, 200, 429, 429]
        assert "egress.day_kib" in gate.chat(BOB, model="rent", messages=text).json()["error"]["message"]


def test_nothing_is_lost_or_doubled_under_load_with_a_dying_server(box: Start) -> None:
    def script(body: Json, number: int) -> Iterator[Step]:
        yield Reset() if number % 7 == 0 else whole(body["messages"][0]["content"])

    with upstream(script) as flaky, upstream(script) as other:
        endpoints = {
            "a": {"url": flaky.url, "parallel": 4, "model": "x"},
            "b": {"url": other.url, "parallel": 4, "model": "y"},
        }
        gate = box(endpoints=endpoints)
        with ThreadPoolExecutor(32) as pool:
            asked = [f"question {number}" for number in range(200)]
            answers = list(pool.map(lambda text: gate.chat(messages=[{"role": "user", "content": text}]), asked))
        good = [(one, text) for one, text in zip(answers, asked, strict=True) if one.status_code == 200]
        assert len(good) > 150
        assert all(one.json()["choices"][0]["message"]["content"] == text for one, text in good)
        assert {one.status_code for one in answers} <= {200, 502, 503}
        cost, rows, still_open = spent(gate)
        assert (cost, still_open) == (0, 0)
        assert rows == len(flaky.bodies) + len(other.bodies)  # whatever reached a server is in the books, once


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("service_tier", "priority"),
        ("speed", "fast"),
        ("tools", [{"type": "web_search_20260209", "name": "web_search"}]),
        ("messages", [{"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {"ttl": "1h"}}]}]),
    ],
)
def test_what_is_charged_beyond_tokens_is_not_asked_of_a_paid_endpoint(field: str, value: object, box: Start) -> None:
    with upstream() as cloud:
        gate = box(endpoints={"cloud": PAID | {"url": cloud.url, "wire": "anthropic"}}, serve=key("1"))
        said = gate.messages(BOB, model="cloud", **{field: value})
        assert said.status_code == 400
        assert "beyond tokens" in said.json()["error"]["message"]
        assert not cloud.bodies
