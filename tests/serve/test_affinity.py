"""Which of several equal endpoints a session goes to."""

import pytest

from factory.contracts.model import Endpoint
from factory.serve.affinity import PREFILL, Affinity, Load


def endpoint(name: str, model: str = "coder", tier: str = "local") -> Endpoint:
    return Endpoint.model_validate({"name": name, "wire": "openai", "model": model, "tier": tier})


A, B, C = endpoint("a"), endpoint("b"), endpoint("c")
SMALL, RENTED = endpoint("small", model="fast"), endpoint("rented", tier="rented")


def names(chain: tuple[Endpoint, ...]) -> list[str]:
    return [item.name for item in chain]


def warm(session: str = "s", at: Endpoint = B, now: float = 0.0) -> Affinity:
    affinity = Affinity()
    affinity.answered(at, session, 100, None, now)
    return affinity


def test_a_session_goes_back_to_where_it_is_warm() -> None:
    affinity = warm()
    assert names(affinity.order((A, B, C), "s", 10_000, {}, 1.0)) == ["b", "a", "c"]
    assert names(affinity.order((A, B, C), "other", 10_000, {}, 1.0)) == ["a", "b", "c"]
    assert names(affinity.order((A, B, C), "", 10_000, {}, 1.0)) == ["a", "b", "c"]


def test_a_new_session_goes_where_fewest_tokens_are_in_flight() -> None:
    loads = {"a": Load(tokens=900), "b": Load(tokens=500), "c": Load(tokens=700)}
    assert names(Affinity().order((A, B, C), "s", 10_000, loads, 0.0)) == ["b", "c", "a"]
    loads["b"] = Load(tokens=500, wait_s=1.0)
    assert names(Affinity().order((A, B, C), "s", 10_000, loads, 0.0)) == ["c", "a", "b"]


def test_the_owner_s_order_of_models_and_tiers_is_kept() -> None:
    affinity = warm(at=SMALL)
    loads = {"a": Load(tokens=9, wait_s=99.0), "small": Load(tokens=5), "b": Load(wait_s=50.0)}
    assert names(affinity.order((A, SMALL, B, RENTED), "s", 10, loads, 0.0)) == ["a", "small", "b", "rented"]
    assert names(affinity.order((A, B, SMALL, RENTED), "s", 10, loads, 0.0)) == ["b", "a", "small", "rented"]


def test_endpoints_without_a_model_have_no_equals() -> None:
    one, two = endpoint("one", model=""), endpoint("two", model="")
    assert names(Affinity().order((one, two), "s", 10, {"one": Load(tokens=9)}, 0.0)) == ["one", "two"]


def test_waiting_for_the_warm_one_is_weighed_against_a_cold_prompt() -> None:
    """15,000 tokens at 1,500 a second are 10 s."""
    affinity = warm()
    assert PREFILL == 1_500
    for wait, expected in ((10.0, ["b", "a", "c"]), (10.1, ["a", "b", "c"])):
        assert names(affinity.order((A, B, C), "s", 15_000, {"b": Load(wait_s=wait)}, 0.0)) == expected
    loads = {"a": Load(wait_s=5.0), "b": Load(wait_s=14.0), "c": Load(wait_s=6.0)}
    assert names(affinity.order((A, B, C), "s", 15_000, loads, 0.0)) == ["b", "a", "c"]


def test_one_that_is_not_ready_comes_after_its_equals() -> None:
    affinity = warm()
    assert names(affinity.order((A, B, C), "s", 10**6, {"b": Load(ready=False)}, 0.0)) == ["a", "c", "b"]
    loads = {"a": Load(ready=False), "b": Load(wait_s=900.0), "c": Load(ready=False)}
    assert names(affinity.order((A, B, C), "s", 10, loads, 0.0)) == ["b", "a", "c"]


def test_the_prefill_rate_is_learned_from_cold_prompts_only() -> None:
    affinity = Affinity()
    affinity.answered(A, "s", 8_000, 2.0, 0.0)
    assert affinity.rate("a") == 4_000
    affinity.answered(A, "s", 8_000, 0.1, 1.0)
    assert affinity.rate("a") == 4_000, "it was warm"
    affinity.answered(A, "t", 100, 0.001, 1.0)
    affinity.answered(A, "u", 8_000, None, 1.0)
    affinity.answered(A, "v", 8_000, 0.0, 1.0)
    assert affinity.rate("a") == 4_000, "too short, or not known"
    affinity.answered(A, "w", 8_000, 1.0, 1.0)
    assert affinity.rate("a") == pytest.approx(4_800)
    assert affinity.rate("b") == PREFILL


def test_a_session_is_remembered_for_each_model() -> None:
    affinity = warm(at=B)
    affinity.answered(RENTED, "s", 10, None, 1.0)
    assert names(affinity.order((A, B, RENTED), "s", 10, {}, 1.0)) == ["b", "a", "rented"]


def test_it_forgets_what_was_not_used_for_long() -> None:
    affinity = Affinity(idle_s=60)
    affinity.answered(B, "s", 10, None, 0.0)
    assert affinity.home("s", A, 60.0) == "b"
    assert affinity.home("s", A, 60.1) == ""
    assert names(affinity.order((A, B), "s", 10, {}, 60.1)) == ["a", "b"]


def test_it_remembers_the_latest_and_no_more() -> None:
    affinity = Affinity(most=100, idle_s=60)
    for number in range(1_000):
        affinity.answered(B, f"s{number}", 10, None, float(number) / 1_000)
        affinity.answered(B, "often", 10, None, float(number) / 1_000)
        assert len(affinity) <= 100
    assert affinity.home("often", B, 1.0) == "b"
    assert affinity.home("s999", B, 1.0) == "b"
    assert affinity.home("s1", B, 1.0) == ""
    for number in range(200):
        affinity.answered(B, f"t{number}", 10, None, 1_000.0 + 61 * number)
    assert len(affinity) <= 2, "old ones do not pile up"


def test_after_a_restart_nothing_is_warm() -> None:
    affinity = warm()
    affinity.answered(A, "t", 10, None, 0.0)
    affinity.forget("b")
    assert affinity.home("s", A, 0.0) == ""
    assert affinity.home("t", A, 0.0) == "a"
