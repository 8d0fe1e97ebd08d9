"""BUD-07: a server that does not say what it used is counted here, and the budget holds."""

from decimal import Decimal
from pathlib import Path

import pytest

from factory.contracts.errors import Stopped
from factory.contracts.model import Reply, Usage
from factory.contracts.tables import BudgetSettings
from tests.llm.bench import Bench, Listed, endpoint, request, settings


def test_bud_07_missing_usage_is_estimated_and_the_budget_still_stops(tmp_path: Path) -> None:
    said = Reply(text="word " * 100, usage=Usage())
    where = endpoint("cloud", tier="frontier", model="m", price_in=Decimal(10), price_out=Decimal(30))
    budget = BudgetSettings(run_usd=Decimal("0.30"), escalation_usd=Decimal(0))
    model = Listed([said] * 50)
    one = Bench(tmp_path, settings(where).but(budget=budget), lambda item: model)

    def ask_for_ever() -> None:
        for _ in range(50):
            one.ask(request("a question of some length " * 20, ceiling="frontier"))

    with pytest.raises(Stopped, match="run_usd") as stop:
        ask_for_ever()
    assert stop.value.reason == "budget"
    used = one.spend.totals("run-1")
    assert used.tokens_out >= 100 * used.calls
    assert used.tokens_in >= 50 * used.calls
    assert 0 < used.cost <= 300_000
    assert 0 < len(model.asked) < 50
