"""The gateway's till: how long a reservation takes, alone and among many, and how many a second.

    python -m benchmarks.till [little] [full]

`little` starts with an empty ledger, `full` with one that holds a million requests of today.
"""

import statistics
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

from benchmarks.table import Row, amount, report
from factory.app import SystemClock
from factory.contracts.model import Usage
from factory.contracts.serving import KeySettings
from factory.contracts.tables import BudgetSettings
from factory.db import Database
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.spend import Spend, Use
from factory.ledger.till import Charge, Sent, Till

THREADS, EACH, ALONE, MANY, ROWS = 64, 100, 500, 20_000, 1_000_000
KEYS = {f"key-{n}": KeySettings(sha256="0" * 64, day_usd=Decimal(1000), day_tokens=10**12) for n in range(5)}
BUDGET = BudgetSettings(day_usd=Decimal(5000), run_usd=None, issue_usd=None, run_tokens=None, run_minutes=None)
USED = Usage(input=900, output=100)
FILL = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
    INSERT INTO spend (run, issue, day, role, endpoint, tier, kind, state, key, cost, tokens, tokens_in, tokens_out)
    SELECT CASE WHEN i % 20 THEN '' ELSE 'run-' || (i % 50) END, '', ?, 'coder', 'model-' || (i % 4), 'local', 'serve',
           'settled', 'key-' || (i % 5), CASE WHEN i % 10 THEN 0 ELSE 7 END, 1000, 900, 100 FROM n
"""


def charge(n: int = 0, tier: str = "frontier") -> Charge:
    return Charge(f"key-{n % 5}", "", "coder", "model-0", "frontier" if tier == "frontier" else "local")


def little(folder: Path) -> list[Row]:
    db = Database(folder / "factory.db", MIGRATIONS)
    with _till(db) as till:
        rows = [*_alone(till, ""), *_together(till, ""), _settling(till), *_free(till)]
    return [*rows, *_one_by_one(folder)]


def full(folder: Path) -> list[Row]:
    db = Database(folder / "factory.db", MIGRATIONS)
    with db.transaction() as inside:
        inside.execute(FILL, (ROWS, SystemClock().now()[:10]))
    with _till(db) as till:
        what = f" after {ROWS:,} requests today"
        groups = [_group(till) for _ in range(30)]
        today = [_took(till.today) for _ in range(30)]
        return [
            *_alone(till, what),
            *_together(till, what),
            Row(f"a group of {THREADS}{what}", statistics.median(groups), 10, "ms", _shares(groups)),
            Row(f"what each key used today{what}", statistics.median(today), None, "ms"),
        ]


def _till(db: Database) -> Till:
    return Till(db, KEYS, BUDGET, SystemClock(), lambda event, facts: None)


def _sent() -> Sent:
    return Sent("model-0", "frontier", 5000, "0" * 64)


def _alone(till: Till, what: str) -> list[Row]:
    took = [_took(lambda: till.reserve(charge(), 5, 1000, _sent()).result()) for _ in range(ALONE)]
    return [Row(f"one reservation alone{what}", statistics.median(took), None, "ms", _shares(took))]


def _together(till: Till, what: str) -> list[Row]:
    """Each of 64 threads reserves, and settles at once what it got."""
    took: list[float] = []
    start = threading.Barrier(THREADS + 1)

    def work(n: int) -> None:
        start.wait()
        for _ in range(EACH):
            begun = time.perf_counter()
            number = till.reserve(charge(n), 5, 1000, _sent()).result()
            took.append((time.perf_counter() - begun) * 1e3)
            till.settle(number, charge(n), 3, USED, 0.1)

    with ThreadPoolExecutor(THREADS) as pool:
        done = [pool.submit(work, n) for n in range(THREADS)]
        start.wait()
        begun = time.perf_counter()
        for each in done:
            each.result()
    rate = THREADS * EACH / (time.perf_counter() - begun)
    return [
        Row(f"reserved and settled by {THREADS} threads{what}", rate, None, "a second"),
        Row(f"one reservation among {THREADS} threads{what}", statistics.median(took), None, "ms", _shares(took)),
    ]


def _group(till: Till) -> float:
    """Milliseconds from the first question to the last answer when all ask at once."""

    def ask() -> None:
        for future in [till.reserve(charge(n), 5, 1000, _sent()) for n in range(THREADS)]:
            future.result()

    return _took(ask)


def _settling(till: Till) -> Row:
    numbers = [future.result() for future in [till.reserve(charge(n), 5, 1000) for n in range(MANY)]]
    begun = time.perf_counter()
    for n, number in enumerate(numbers):
        till.settle(number, charge(n), 3, USED, 0.1)
    till.flush().result()
    return Row("settled, one caller", MANY / (time.perf_counter() - begun), None, "a second", f"{MANY:,} at once")


def _free(till: Till) -> list[Row]:
    free, begun = charge(0, "local"), time.perf_counter()
    for _ in range(500):
        till.record(free, USED, 0.1)
    called = (time.perf_counter() - begun) / 500 * 1e6
    till.flush().result()
    begun = time.perf_counter()
    for _ in range(MANY):
        till.record(free, USED, 0.1)
    till.flush().result()
    rate = MANY / (time.perf_counter() - begun)
    return [
        Row("a free request, for its caller", called, None, "µs", "500 at once"),
        Row("free requests written", rate, None, "a second", f"{MANY:,} at once"),
    ]


def _one_by_one(folder: Path) -> list[Row]:
    """For comparison: the line's own way, a transaction for each reservation and each settlement."""
    spend = Spend(Database(folder / "line.db", MIGRATIONS), BUDGET, SystemClock())
    use = Use(run="run", issue="7", role="coder", endpoint="model-0", tier="frontier")

    def call() -> None:
        spend.settle(spend.reserve(use, 5, 1000, kept=0), use, 3, USED, 0.1)

    took = [_took(call) for _ in range(ALONE)]
    return [Row("reserved and settled by the line", 1e3 / statistics.mean(took), None, "a second", "one thread")]


def _took(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e3


def _shares(values: list[float]) -> str:
    parts = statistics.quantiles(values, n=100)
    return f"p50 {amount(parts[49])}, p95 {amount(parts[94])}, p99 {amount(parts[98])} ms"


if __name__ == "__main__":
    sys.exit(report({"little": little, "full": full}, sys.argv[1:]))
