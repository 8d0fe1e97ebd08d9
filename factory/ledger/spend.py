"""Who spent what: reserve the worst case before a call, settle after it, both in one transaction each.

A reservation counts as spent until it is settled, so a process that dies leaves its worst case behind and a cap is
never passed. Money is in micro-dollars, always rounded up. What recorded answers name is nobody's money: see used.py.
"""

import threading
from decimal import ROUND_FLOOR, Decimal
from sqlite3 import Connection

from factory.contracts.errors import Stopped
from factory.contracts.model import Tier, Usage
from factory.contracts.record import Record
from factory.contracts.seams import Clock
from factory.contracts.story import Cost
from factory.contracts.tables import BudgetSettings
from factory.db import Database
from factory.ledger.used import OWN, Limit, left_to_others, money_used, tokens_used

WARN_AT = Decimal("0.8")
WORK = "kind NOT IN ('clock', 'warned')"  # rows that stand for calls
SUMS = (
    f"COALESCE(SUM({OWN} * calls), 0) AS calls, COALESCE(SUM(cost + COALESCE(recorded, 0)), 0) AS cost,"
    " COALESCE(MAX(recorded IS NOT NULL), 0) AS recorded,"
    f" COALESCE(SUM({OWN} * tokens_in), 0) AS tokens_in, COALESCE(SUM({OWN} * tokens_out), 0) AS tokens_out,"
    f" COALESCE(SUM({OWN} * tokens_cached), 0) AS tokens_cached, COALESCE(SUM({OWN} * seconds), 0.0) AS seconds"
)
MILLION = 1_000_000
ESCALATION = "escalation"


class Use(Record):
    """What money or tokens are wanted for."""

    run: str
    issue: str
    role: str
    endpoint: str
    tier: Tier = "local"
    kind: str = "model"  # model, escalation (a second judge's call), sandbox; the gateway's: serve, gpu
    recorded: bool = False  # the answer comes from a file: what it names is counted, and paid by nobody


class Warned(Record):
    """A limit of which 80 % is used. `used` and `cap` in micro-dollars, tokens or seconds."""

    limit: str  # run_usd, day_usd, issue_usd, run_tokens, run_minutes
    used: int
    cap: int


class Totals(Record):
    """Everything a run used. `cost` in micro-dollars, also of recorded answers; `seconds` of waiting for answers."""

    calls: int
    cost: int
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    seconds: float
    recorded: bool = False  # by files, at least in part


class Spend:
    """The budget of all runs on this machine; safe for threads and for processes that share the database."""

    def __init__(self, db: Database, budget: BudgetSettings, clock: Clock) -> None:
        self._db = db
        self._budget = budget
        self._clock = clock
        self._changed = threading.Condition()
        self._open: set[int] = set()  # reservations of this process
        self._clocks: dict[str, tuple[int, float]] = {}  # run -> (row of its wall clock, when that started)

    def reserve(self, use: Use, cost: int, tokens: int, escalation: bool = False, kept: int | None = None) -> int:
        """Set aside `cost` micro-dollars and `tokens`; returns the reservation's id for `settle`.

        `kept` micro-dollars (None: budget.escalation_usd) are the reserve for a run's second judge. In each limit an
        ordinary call leaves alone this much for its own run, and what each other open run at work on that day or issue
        has left of it; an `escalation` leaves alone what is left to the others that have paid for something. So
        whatever is used and all reserves together stay within a limit, and the first escalation of a run that paid
        for something always fits when it costs no more than `kept`. While other reservations of this process are
        open, a call that does not fit waits for them. Raises Stopped('budget') when it cannot fit.
        """
        kept = micro(self._budget.escalation_usd) if kept is None else kept
        use = use.but(kind=ESCALATION) if escalation else use
        with self._changed:
            while True:
                with self._db.transaction() as db:
                    late = self._out_of_time(db, use)
                    refusal = late or self._refusal(db, use, cost, tokens, kept)
                    if not refusal:
                        number = _insert(db, use, self._today(), "reserved", cost, tokens)
                        self._open.add(number)
                        return number
                if late or not self._open:
                    raise Stopped("budget", refusal)
                self._changed.wait()

    def settle(self, number: int, use: Use, cost: int, usage: Usage, seconds: float) -> tuple[Warned, ...]:
        """Replace a reservation by what was really used; returns the limits that passed 80 % for the first time."""
        try:
            with self._db.transaction() as db:
                db.execute(
                    "UPDATE spend SET state='settled', cost=?, recorded=?, tokens=?, tokens_in=?, tokens_out=?,"
                    " tokens_cached=?, seconds=? WHERE id=?",
                    (
                        *_amounts(use, cost),
                        usage.input + usage.output,
                        usage.input,
                        usage.output,
                        usage.cached,
                        seconds,
                        number,
                    ),
                )
                return self._warnings(db, use)
        finally:
            with self._changed:
                self._open.discard(number)
                self._changed.notify_all()

    def record(self, use: Use, cost: int, usage: Usage, seconds: float) -> tuple[Warned, ...]:
        """Book what was used without asking first: sandbox minutes, or a factory server that keeps its own budget."""
        with self._db.transaction() as db:
            number = _insert(db, use, self._today(), "settled", cost, usage.input + usage.output)
            db.execute(
                "UPDATE spend SET tokens_in=?, tokens_out=?, tokens_cached=?, seconds=? WHERE id=?",
                (usage.input, usage.output, usage.cached, seconds, number),
            )
            return self._warnings(db, use)

    def by_role(self, run: str) -> tuple[Cost, ...]:
        """Cost of a run by role, tier and endpoint, dearest first."""
        rows = self._db.connection().execute(
            f"SELECT role, tier, endpoint, {SUMS} FROM spend WHERE run=? AND {WORK}"  # noqa: S608 (constants)
            " GROUP BY role, tier, endpoint ORDER BY cost DESC, role, tier, endpoint",
            (run,),
        )
        return tuple(Cost.model_validate(dict(row)) for row in rows)

    def totals(self, run: str) -> Totals:
        row = self._db.connection().execute(
            f"SELECT {SUMS} FROM spend WHERE run=? AND {WORK}",  # noqa: S608 (constants)
            (run,),
        )
        return Totals.model_validate(dict(row.fetchone()))

    def _refusal(self, db: Connection, use: Use, cost: int, tokens: int, reserve: int) -> str:
        """Why the call may not be made, or ''."""
        for limit in self._money(use):
            kept, used = min(_kept(db, use, limit, reserve), limit.cap), money_used(db, limit)
            if cost and used + cost > limit.cap - kept:
                also = f" and {dollars(kept)} are kept for the second judge" if kept else ""
                also += " of every open run" if kept > reserve else ""
                return (
                    f"The budget {limit.name} = {dollars(limit.cap)} allows no further call: {dollars(used)} are spent"
                    f" or reserved{also}, and the next call may cost {dollars(cost)}. "
                    f"Raise budget.{limit.name} in factory.toml, then run `factory resume {use.run}`."
                )
        cap = self._budget.run_tokens
        if cap is not None:
            used = tokens_used(db, use.run)
            if used + tokens > cap:
                return (
                    f"The budget run_tokens = {cap} allows no further call: {used} are used or reserved, and the next"
                    f" call may use {tokens}. Raise budget.run_tokens, then run `factory resume {use.run}`."
                )
        return ""

    def _out_of_time(self, db: Connection, use: Use) -> str:
        minutes, elapsed = self._budget.run_minutes, self._elapsed(db, use)
        if minutes is None or elapsed < minutes * 60:
            return ""
        return (
            f"The budget run_minutes = {minutes:g} is used up: the run has worked for {elapsed / 60:.1f} minutes. "
            f"Raise budget.run_minutes, then run `factory resume {use.run}`."
        )

    def _money(self, use: Use) -> tuple[Limit, ...]:
        """The limits in dollars that bind; a run without an issue number has no issue limit."""
        wanted = (
            ("run_usd", "run", use.run, self._budget.run_usd),
            ("day_usd", "day", self._today(), self._budget.day_usd),
            ("issue_usd", "issue", use.issue, self._budget.issue_usd if use.issue else None),
        )
        return tuple(
            Limit(name=name, column=column, key=key, cap=micro(cap), recorded=use.recorded)
            for name, column, key, cap in wanted
            if cap is not None
        )

    def _warnings(self, db: Connection, use: Use) -> tuple[Warned, ...]:
        limits = list(self._money(use))
        sums = {limit.name: money_used(db, limit) for limit in limits}
        if self._budget.run_tokens is not None:
            limits.append(Limit(name="run_tokens", column="run", key=use.run, cap=self._budget.run_tokens))
            sums["run_tokens"] = tokens_used(db, use.run)
        elapsed = self._elapsed(db, use)
        if self._budget.run_minutes is not None:
            cap = int(self._budget.run_minutes * 60)
            limits.append(Limit(name="run_minutes", column="run", key=use.run, cap=cap))
            sums["run_minutes"] = int(elapsed)
        return tuple(
            Warned(limit=limit.name, used=sums[limit.name], cap=limit.cap)
            for limit in limits
            if sums[limit.name] and sums[limit.name] >= limit.cap * WARN_AT and self._first_time(db, use, limit)
        )

    def _first_time(self, db: Connection, use: Use, limit: Limit) -> bool:
        """True once per limit and run, day or issue: the warning is remembered as a row."""
        found = db.execute(
            f"SELECT 1 FROM spend WHERE kind='warned' AND role=? AND {limit.column}=?",  # noqa: S608 (three fixed names)
            (limit.name, limit.key),
        ).fetchone()
        if found is None:
            _insert(db, use.but(kind="warned", role=limit.name), self._today(), "settled", 0, 0)
        return found is None

    def _elapsed(self, db: Connection, use: Use) -> float:
        """Wall-clock seconds the run has worked, all its processes together; written down at every call."""
        now = self._clock.monotonic()
        if use.run not in self._clocks:
            row = _insert(db, use.but(kind="clock", role="", endpoint=""), self._today(), "settled", 0, 0)
            self._clocks[use.run] = (row, now)
        row, started = self._clocks[use.run]
        db.execute("UPDATE spend SET seconds=? WHERE id=?", (now - started, row))
        found = db.execute("SELECT SUM(seconds) FROM spend WHERE run=? AND kind='clock'", (use.run,)).fetchone()
        return float(found[0] or 0)

    def _today(self) -> str:
        return self._clock.now()[:10]


def micro(amount: Decimal) -> int:
    """A limit in dollars as micro-dollars, rounded down: a cap is never widened."""
    return int((amount * MILLION).to_integral_value(rounding=ROUND_FLOOR))


def dollars(amount: int) -> str:
    """Micro-dollars for people: two digits, more when it is little."""
    return f"${amount / MILLION:.2f}" if amount >= MILLION or amount % 10_000 == 0 else f"${amount / MILLION:.4f}"


def _insert(db: Connection, use: Use, day: str, state: str, cost: int, tokens: int) -> int:
    cursor = db.execute(
        "INSERT INTO spend (run, issue, day, role, endpoint, tier, kind, state, cost, recorded, tokens)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (use.run, use.issue, day, use.role, use.endpoint, use.tier, use.kind, state, *_amounts(use, cost), tokens),
    )
    return int(cursor.lastrowid or 0)


def _amounts(use: Use, cost: int) -> tuple[int, int | None]:
    """The columns `cost` and `recorded`."""
    return (0, cost) if use.recorded else (cost, None)


def _kept(db: Connection, use: Use, limit: Limit, reserve: int) -> int:
    """Micro-dollars of the limit that this call may not touch."""
    own = 0 if use.kind == ESCALATION else reserve
    if limit.column == "run":
        return own
    return own + left_to_others(db, limit, use.run, reserve, least=1 if use.kind == ESCALATION else 0)
