"""`factory ledger keys`: what each key used today."""

import json
from pathlib import Path

from factory.app import SystemClock
from factory.contracts.model import Usage
from factory.contracts.tables import BudgetSettings
from factory.db import Database
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.till import Till
from tests.cli.test_models import factory
from tests.ledger.tills import charge, key

CONFIG = f"""
[serve.keys.anna]
sha256 = "{"0" * 64}"
day_usd = 1
[serve.keys.ben]
sha256 = "{"1" * 64}"
day_tokens = 5000
"""


def test_each_key_with_its_caps(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    db = Database(tmp_path / "state" / "factory.db", MIGRATIONS)
    with Till(db, {"anna": key()}, BudgetSettings(), SystemClock(), lambda event, facts: None) as till:
        till.settle(till.reserve(charge(), 500_000, 9000).result(60), charge(), 250_000, Usage(input=7000, output=5), 1)
        till.record(charge("ben", tier="local"), Usage(input=10, output=2), 1)
    done = factory(tmp_path, CONFIG, "ledger", "keys", "--json")
    assert done.returncode == 0, done.stderr
    anna, ben = json.loads(done.stdout)
    assert (anna["key"], anna["requests"], anna["tokens_in"], anna["cost"], anna["cap"]) == (
        "anna", 1, 7000, 250_000, 1_000_000,
    )  # fmt: skip
    assert (ben["tokens"], ben["cap"], ben["cap_tokens"]) == (12, 0, 5000)
    lines = factory(tmp_path, CONFIG, "ledger", "keys").stdout.splitlines()
    assert any([line.split()[n] for n in (0, -2, -1)] == ["anna", "$0.2500", "$1.00"] for line in lines if line)
