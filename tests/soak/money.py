"""No budget is passed and no hour's limit, at no row: the books are added up anew after each push, and the box's own
ledger by triggers, in this file's own arithmetic."""

import contextlib
import sqlite3
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from factory.contracts.books import Row
from factory.db import Database
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.sound import NAME
from tests.jobs.place import Place

MILLION = 1_000_000
DEAD = timedelta(hours=48)  # an open run older than this is held to be gone: docs/github.md
PRICE = 20.0  # dollars a million tokens, in and out


@dataclass(frozen=True)
class Caps:
    """Dollars, and runs that one person may start within an hour."""

    run: int
    issue: int
    day: int
    hourly: int


@dataclass
class Auditor:
    """Reads each new row as it comes. `wrong`: what should not be; `most`: how near to each limit it came."""

    here: Place
    caps: Caps
    rows: list[Row] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    most: dict[str, float] = field(default_factory=dict)
    _one: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> None:
        with self._one:
            known = {row.id for row in self.rows}
            for raw in self.here.ledger():
                if raw["id"] not in known:
                    self.rows.append(Row.model_validate(raw))
                    self._look()

    def _look(self) -> None:
        """The newest row."""
        row, caps = self.rows[-1], self.caps
        for name, used, cap in (
            ("run_usd", sum(self._money(each) for each in self._opened() if each.run == row.run), caps.run * MILLION),
            ("issue_usd", sum(self._money(each) for each in self._opened() if row.issue and each.issue == row.issue),
             caps.issue * MILLION),
            *([("day_usd", self._of_day(row), caps.day * MILLION), ("hourly", self._of_hour(row), caps.hourly)]
              if row.kind == "open" else ()),
        ):  # fmt: skip
            self.most[name] = max(self.most.get(name, 0.0), round(used / cap, 3))
            if used > cap:
                self.wrong.append(f"{name} is passed by {row.id}: {used} of {cap}")
        if row.kind == "close":
            opened = next(each for each in self._opened() if row.id.startswith(f"{each.id}."))
            if row.spent > opened.reserved:
                self.wrong.append(f"{row.id} has used {row.spent}, of {opened.reserved} reserved")

    def _opened(self) -> list[Row]:
        return [row for row in self.rows if row.kind == "open"]

    def _close(self, opened: Row) -> Row | None:
        ends = [row for row in self.rows if row.kind == "close" and row.id.startswith(f"{opened.id}.")]
        return ends[-1] if ends else None

    def _money(self, opened: Row) -> int:
        close = self._close(opened)
        return close.spent if close else opened.reserved

    def _of_day(self, row: Row) -> int:
        """What was begun or ended that day, and what is at work."""
        found = 0
        for opened in self._opened():
            close = self._close(opened)
            at_work = close is None and _time(row.at) - _time(opened.at) < DEAD
            if at_work or row.at[:10] in (opened.at[:10], close.at[:10] if close else ""):
                found += self._money(opened)
        return found

    def _of_hour(self, row: Row) -> int:
        first: dict[str, Row] = {}
        for opened in self._opened():
            first.setdefault(opened.run, opened)
        return sum(_time(row.at) - _time(each.at) < timedelta(hours=1) for each in first.values()
                   if each.actor == row.actor)  # fmt: skip


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def guard(state: Path, allowance: str) -> None:
    """From now on the box's ledger notes each row that brings a run over its allowance (dollars)."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    limit = int(float(allowance) * MILLION)
    over = f"(SELECT SUM(cost) FROM spend WHERE run = NEW.run) > {limit}"
    with Database(state / NAME, MIGRATIONS).transaction() as db:
        db.execute("CREATE TABLE IF NOT EXISTS soak (sum INTEGER)")
        for name, what in (("soak_new", "INSERT"), ("soak_changed", "UPDATE OF cost")):
            db.execute(f"DROP TRIGGER IF EXISTS {name}")
            db.execute(f"CREATE TRIGGER {name} AFTER {what} ON spend WHEN {over} BEGIN "
                       "INSERT INTO soak SELECT SUM(cost) FROM spend WHERE run = NEW.run; END")  # fmt: skip


def passed(state: Path) -> tuple[int, list[str]]:
    """(micro-dollars that the box has paid, what went over)."""
    with contextlib.closing(sqlite3.connect(state / NAME, timeout=30)) as db:
        (paid,) = db.execute("SELECT COALESCE(SUM(cost), 0) FROM spend").fetchone()
        over = [row[0] for row in db.execute("SELECT sum FROM soak")]
    return paid, [f"{state}: {each} micro-dollars are over the allowance" for each in over]
