"""A till with a clock that is set by hand, and what its file holds."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

from factory.contracts.errors import Stopped
from factory.contracts.model import Tier
from factory.contracts.record import Json
from factory.contracts.serving import KeySettings
from factory.contracts.tables import BudgetSettings
from factory.db import Database
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.till import Charge, Till
from tests.ledger.test_spend import FREE, SetClock

MICRO = Decimal(1_000_000)


def book(folder: Path) -> Database:
    return Database(folder / "factory.db", MIGRATIONS)


def key(cap: int | None = None, tokens: int | None = None) -> KeySettings:
    """A key with caps in micro-dollars and tokens a day."""
    usd = None if cap is None else Decimal(cap) / MICRO
    return KeySettings(sha256="0" * 64, day_usd=usd, day_tokens=tokens)


def charge(name: str = "anna", run: str = "", endpoint: str = "cloud", tier: Tier = "frontier") -> Charge:
    return Charge(key=name, run=run, role="coder", endpoint=endpoint, tier=tier)


def till(
    folder: Path | Database,
    keys: Mapping[str, KeySettings] | None = None,
    clock: SetClock | None = None,
    notify: Callable[[str, Json], None] = lambda event, facts: None,
    **budget: object,
) -> Till:
    """Not started. Limits that are not named do not bind; dollars as in the settings."""
    limits = BudgetSettings.model_validate({**FREE, "escalation_usd": 0, **budget})
    db = folder if isinstance(folder, Database) else book(folder)
    known = {"anna": key()} if keys is None else keys
    return Till(db, known, limits, clock or SetClock(), notify)


def refused(one: Till, cost: int, tokens: int = 1, by: Charge | None = None) -> str:
    """The sentence of the refusal, '' when it was not refused (then it stays reserved)."""
    problem = one.reserve(by or charge(), cost, tokens).exception(30)
    assert problem is None or (isinstance(problem, Stopped) and problem.reason == "budget"), problem
    return str(problem or "")


def spent(db: Database, what: str = "cost", where: str = "1") -> int:
    """Summed over the rows themselves, not over the day's totals."""
    row = db.connection().execute(f"SELECT COALESCE(SUM({what}), 0) FROM spend WHERE {where}").fetchone()
    return int(row[0])


def totals_agree(db: Database) -> bool:
    """The day's totals are what the rows say."""
    rows = (
        "SELECT day, key, endpoint, kind, SUM(calls), SUM(cost), SUM(tokens), SUM(tokens_in), SUM(tokens_out)"
        " FROM {} GROUP BY 1, 2, 3, 4 HAVING SUM(calls) OR SUM(cost) OR SUM(tokens) ORDER BY 1, 2, 3, 4"
    )
    spend, totals = (db.connection().execute(rows.format(table)).fetchall() for table in ("spend", "day_totals"))
    return [tuple(row) for row in spend] == [tuple(row) for row in totals]
