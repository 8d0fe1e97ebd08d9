"""What is kept for the second judge, from the settings."""

from pathlib import Path
from typing import Any

import pytest

from factory.contracts.errors import Stopped
from factory.contracts.model import Endpoint
from factory.ledger.spend import dollars
from factory.llm.reserve import Reserve, further
from tests.llm.bench import Bench, Listed, endpoint, request, settings

CLOUD = {"tier": "frontier", "price_in": 4, "price_out": 10, "context": 50_000, "max_output": 10_000}
ONE_ANSWER = 50_000 * 4 + 10_000 * 10  # micro-dollars


def reserve(*ends: Endpoint, escalate_to: str = "frontier", **budget: Any) -> Reserve:
    return Reserve(settings(*ends, budget=budget, line={"escalate_to": escalate_to}))


def test_one_answer_of_the_dearest_further_endpoint() -> None:
    cheap, dear = endpoint("cheap", **CLOUD | {"price_out": 1}), endpoint("dear", **CLOUD)
    assert reserve(endpoint(), cheap, dear).kept == ONE_ANSWER
    assert reserve(dear, endpoint("box")).kept == 0  # the first of the chain judges first, the further one is free
    assert reserve(endpoint(), dear, escalate_to="rented").kept == 0
    assert reserve(endpoint(), dear, escalation_usd=1).kept == 1_000_000
    assert reserve(endpoint(), dear, escalation_usd=0).kept == 0  # its owner wants none
    assert reserve(endpoint()).kept == 0


def test_what_is_written_to_the_cache_is_counted() -> None:
    assert reserve(endpoint(), endpoint("dear", wire="anthropic", **CLOUD)).kept == 50_000 * 5 + 10_000 * 10


def test_every_effort_has_its_chain() -> None:
    chains = [
        {"roles": ["genesis"], "effort": [1, 9], "endpoints": ["box"]},
        {"roles": ["genesis"], "effort": [10, 10], "endpoints": ["box", "cloud"]},
        {"roles": ["*"], "endpoints": ["box", "other"]},
    ]
    ends = (endpoint(), endpoint("cloud", **CLOUD), endpoint("other", **CLOUD))
    made = settings(*ends, chain=chains, line={"escalate_to": "frontier"})
    assert [one.name for one in further(made)] == ["cloud"]


def test_a_large_window_does_not_take_the_whole_budget() -> None:
    huge = endpoint("huge", **CLOUD | {"context": 1_000_000, "max_output": 64_000})
    assert reserve(endpoint(), huge).kept == 65_536 * 4 + 16_384 * 10


@pytest.mark.parametrize(("escalation", "kept"), [("0.05", 50_000), ("0.15", 0)])
def test_what_a_limit_cannot_hold_is_said_once_for_each_run(escalation: str, kept: int) -> None:
    one = reserve(endpoint(), endpoint("dear", **CLOUD), run_usd="0.1", escalation_usd=escalation)
    assert one.kept == kept
    said = one.complaint("run-1")
    assert said.startswith("Escalation is not affordable under run_usd: ")
    assert dollars(ONE_ANSWER) in said
    assert "budget.run_usd is $0.10" in said
    assert (one.complaint("run-1"), bool(one.complaint("run-2"))) == ("", True)
    assert reserve(endpoint(), endpoint("dear", **CLOUD)).complaint("run-1") == ""


def test_the_client_says_it_with_the_first_paid_call(tmp_path: Path) -> None:
    """The default of $0.25 is less than one answer, and the run can pay for neither."""
    ends = (endpoint("cheap", tier="frontier", price_in=1, price_out=1), endpoint("dear", **CLOUD))
    made = settings(*ends, budget={"run_usd": "0.1"}, line={"ceiling": "frontier"})
    one = Bench(tmp_path, made, lambda _: Listed(["yes", "yes"]))
    for text in ("a", "b"):
        assert one.ask(request(text, ceiling="frontier")).value == "yes"
    (note,) = [facts["text"] for event, facts in one.told if event == "note"]
    assert "not affordable under run_usd" in note


def test_the_default_reserve_pays_for_a_whole_answer_of_a_dear_judge(tmp_path: Path) -> None:
    """Ordinary calls are refused while a judgement at its worst still fits."""
    cheap, dear = endpoint("cheap", tier="frontier", price_in=1, price_out=1), endpoint("dear", **CLOUD)
    made = settings(cheap, dear, budget={"run_usd": "0.31"}, line={"ceiling": "frontier"})
    one = Bench(tmp_path, made, lambda _: Listed(["yes"] * 9))

    def work() -> None:
        for n in range(9):
            one.ask(request(str(n) * 2000, ceiling="frontier"), avoid=("dear",))

    with pytest.raises(Stopped, match=r"\$0\.30 are kept for the second judge"):
        work()
    judged = request("x " * 45_000, ceiling="frontier", max_tokens=10_000)
    assert one.ask(judged, avoid=("cheap",), escalation=True).value == "yes"
