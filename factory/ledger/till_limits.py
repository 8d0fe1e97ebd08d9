"""The limits that bind the gateway's money and tokens, and how much of each is used."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Literal

from factory.contracts.model import Tier
from factory.contracts.serving import KeySettings
from factory.contracts.tables import BudgetSettings
from factory.ledger.spend import dollars, micro

Scope = Literal["day", "key", "machine", "run", "issue"]

USED: dict[Scope, str] = {
    "day": "SELECT COALESCE(SUM({}), 0) FROM day_totals WHERE day = :day",
    "key": "SELECT COALESCE(SUM({}), 0) FROM day_totals WHERE day = :day AND key = :of",
    "machine": "SELECT COALESCE(SUM({}), 0) FROM day_totals"
    " WHERE day = :day AND key = '' AND endpoint = :of AND kind = 'gpu'",
    "run": "SELECT COALESCE(SUM({}), 0) FROM spend WHERE run = :of AND cost > 0",
    "issue": "SELECT COALESCE(SUM({}), 0) FROM spend WHERE issue = :of AND cost > 0",
}
KEPT_BY_RUNS = """
    SELECT COALESCE(SUM(MAX(0, :kept - escalated)), 0) FROM (
        SELECT SUM(spend.cost) AS paid,
               SUM(CASE WHEN spend.kind = 'escalation' THEN spend.cost ELSE 0 END) AS escalated
        FROM runs CROSS JOIN spend ON spend.run = runs.id
        WHERE runs.status = 'open' AND runs.id <> :run AND spend.cost > 0 AND spend.{} = :of
              AND spend.kind NOT IN ('serve', 'gpu')
        GROUP BY runs.id)
    WHERE paid > escalated
"""


@dataclass(frozen=True, slots=True)
class Charge:
    """What a request wants money or tokens for. `kind` is "gpu" for the hours of a rented machine."""

    key: str
    run: str
    role: str
    endpoint: str
    tier: Tier
    kind: str = "serve"
    after: str = ""  # endpoints that were asked before and why they did not answer


@dataclass(frozen=True, slots=True)
class Limit:
    """One cap, in micro-dollars or tokens. `of` is whose: a key, a machine, a run, an issue; '' for the whole day."""

    name: str  # as the setting is called
    scope: Scope
    of: str
    what: Literal["cost", "tokens"]
    cap: int


class Limits:
    """Which limits bind whom. `keys` may be a live mapping: it is read anew each time."""

    def __init__(self, keys: Mapping[str, KeySettings], budget: BudgetSettings) -> None:
        self._keys = keys
        self._budget = budget

    def of(self, key: str, run: str, issue: str) -> tuple[Limit, ...]:
        """`issue` is that of the run, '' when the ledger knows none. The narrowest comes first."""
        found, budget = list(self.of_key(key)), self._budget
        if run and budget.run_usd is not None:
            found.append(Limit("budget.run_usd", "run", run, "cost", micro(budget.run_usd)))
        if issue and budget.issue_usd is not None:
            found.append(Limit("budget.issue_usd", "issue", issue, "cost", micro(budget.issue_usd)))
        if budget.day_usd is not None:
            found.append(Limit("budget.day_usd", "day", "", "cost", micro(budget.day_usd)))
        return tuple(found)

    def of_key(self, key: str) -> tuple[Limit, ...]:
        """A key that nobody knows may pay for nothing; '' is anybody on this machine, without limits of its own."""
        settings, name, found = self._keys.get(key), f"serve.keys.{key}", list[Limit]()
        if key and settings is None:
            found.append(Limit(f"{name}.day_usd", "key", key, "cost", 0))
        if settings is not None and settings.day_usd is not None:
            found.append(Limit(f"{name}.day_usd", "key", key, "cost", micro(settings.day_usd)))
        if settings is not None and settings.day_tokens is not None:
            found.append(Limit(f"{name}.day_tokens", "key", key, "tokens", settings.day_tokens))
        return tuple(found)

    def counts_tokens(self, key: str) -> bool:
        settings = self._keys.get(key)
        return settings is not None and settings.day_tokens is not None


class Sums:
    """What is used of each limit at one moment, and how that grows while a group of reservations is decided."""

    def __init__(self, db: Connection, day: str, kept: int, unwritten: Mapping[str, int]) -> None:
        """`kept`: micro-dollars for the second judge of each open run; `unwritten`: tokens of a key not in the file."""
        self._db, self._day, self._kept, self._unwritten = db, day, kept, unwritten
        self._used: dict[tuple[Scope, str, str], int] = {}
        self._kept_by_runs: dict[tuple[Scope, str, str], int] = {}

    def read(self, limits: Iterable[Limit]) -> None:
        """All that a group needs is read before the first decision: later ones count on what was decided before."""
        for limit in limits:
            place = (limit.scope, limit.of, limit.what)
            if place not in self._used:
                query = USED[limit.scope].format(limit.what)
                used = int(self._db.execute(query, {"day": self._day, "of": limit.of}).fetchone()[0])
                more = self._unwritten.get(limit.of, 0) if limit.what == "tokens" else 0
                self._used[place] = used + more

    def used(self, limit: Limit) -> int:
        return self._used[limit.scope, limit.of, limit.what]

    def add(self, limits: Iterable[Limit], cost: int, tokens: int) -> None:
        for limit in limits:
            self._used[limit.scope, limit.of, limit.what] += cost if limit.what == "cost" else tokens

    def refusal(self, limits: Iterable[Limit], run: str, cost: int, tokens: int) -> str:
        """Why it does not fit, or ''."""
        for limit in limits:
            wanted = cost if limit.what == "cost" else tokens
            if wanted:
                used, kept = self.used(limit), self._kept_for(limit, run)
                if used + wanted > limit.cap - kept:
                    return _sentence(limit, used, wanted, kept)
        return ""

    def _kept_for(self, limit: Limit, run: str) -> int:
        """Micro-dollars that open runs of the line have left for their second judges; a run may use its own."""
        if not self._kept or limit.what != "cost" or limit.scope not in ("day", "issue"):
            return 0
        place = (limit.scope, limit.of, run)
        if place not in self._kept_by_runs:
            query = KEPT_BY_RUNS.format(limit.scope)
            values = {"kept": self._kept, "run": run, "of": limit.of or self._day}
            self._kept_by_runs[place] = int(self._db.execute(query, values).fetchone()[0])
        return min(self._kept_by_runs[place], limit.cap)


def _sentence(limit: Limit, used: int, wanted: int, kept: int) -> str:
    today = "" if limit.scope in ("run", "issue") else " today (UTC)"
    if limit.what == "tokens":
        return (
            f"The budget {limit.name} = {limit.cap} allows no further request{today}: {used} tokens are used or "
            f"reserved, and this one may use {wanted}. Ask for fewer tokens, or raise {limit.name} in factory.toml."
        )
    also = f" and {dollars(kept)} are kept for the second judges of open runs" if kept else ""
    return (
        f"The budget {limit.name} = {dollars(limit.cap)} allows no further paid request{today}: {dollars(used)} are "
        f"spent or reserved{also}, and this one may cost {dollars(wanted)}. "
        f"Ask for less or for a local model, or raise {limit.name} in factory.toml."
    )
