"""What a run looks like while it runs: the state behind the live view, fed from several threads."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from factory.render import amount
from factory.render.text import line
from factory.render.timeline import STAGES

SIGNS = {"start": "●", "done": "✓", "green": "✓", "skip": "✓", "failed": "✗", "red": "✗", "retry": "↻", "": "○"}


@dataclass
class Row:
    """One stage, unit or check: its state, when it last began (monotonic seconds), what it took in all and last."""

    name: str
    words: str = ""
    state: str = ""
    begun: float | None = None
    took: float = 0.0
    last: float = 0.0

    def turn(self, state: str, now: float) -> None:
        self.last = now - self.begun if self.begun is not None else 0.0
        self.state, self.took = state, self.took + self.last
        self.begun = now if state in ("start", "retry") else None

    def seconds(self, now: float) -> float:
        return self.took + (now - self.begun if self.begun is not None else 0.0)


@dataclass
class View:
    """Everything the live view shows. `hear` is called under a lock and gives the plain line for what happened."""

    clock: Callable[[], float] = time.monotonic
    stages: dict[str, Row] = field(default_factory=lambda: {name: Row(name) for name in STAGES})
    units: dict[str, Row] = field(default_factory=dict)
    checks: dict[str, Row] = field(default_factory=dict)
    calls: int = 0
    tokens: int = 0
    cost: int = 0
    lock: "threading.RLock" = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.begun = self.clock()

    def hear(self, kind: str, facts: dict[str, Any]) -> str:
        with self.lock:
            words = {key: _word(value) for key, value in facts.items()}
            heard = _HEARD.get(kind)
            return heard(self, words, facts) if heard else f"  {_word(kind)}:{View._other(self, words, facts)[1:]}"

    def elapsed(self) -> float:
        return self.clock() - self.begun

    def totals(self) -> str:
        parts = (amount.many(self.calls, "call"), f"{amount.tokens(self.tokens)} tokens", amount.money(self.cost))
        return " · ".join((amount.duration(self.elapsed()), *parts))

    def _stage(self, said: dict[str, str], _: dict[str, Any]) -> str:
        name, state = said.get("name", "?"), said.get("state", "")
        row = self.stages.setdefault(name, Row(name))
        row.turn(state, self.clock())
        if state == "start":
            return f"{name} …"
        if state == "skip":
            return f"{name}: done before, taken from the journal"
        return f"{name}: {state} in {amount.duration(row.last)}"

    def _unit(self, said: dict[str, str], _: dict[str, Any]) -> str:
        name, state = said.get("unit", "?"), said.get("state", "")
        row = self.units.setdefault(name, Row(name))
        if said.get("title") or not row.words:
            row.words = f"{said.get('role', '')}: {said.get('title', '')}".strip(": ")
        row.turn(state, self.clock())
        after = "" if state == "start" else f" in {amount.duration(row.last)}"
        return f"  unit {name}: {state}{after} ({row.words})"

    def _exchange(self, said: dict[str, str], facts: dict[str, Any]) -> str:
        tokens = sum(_count(facts.get(name)) for name in ("tokens", "tokens_in", "tokens_out"))
        cost, took = _count(facts.get("cost")), amount.duration(_number(facts.get("seconds")))
        self.calls, self.tokens, self.cost = self.calls + 1, self.tokens + tokens, self.cost + cost
        problem = f", {said['problem']}" if said.get("problem") else ""
        spent = f"{amount.tokens(tokens)} tokens, {amount.money(cost)}, {took}"
        return f"  {said.get('role', '?')} asked {said.get('endpoint', '?')}: {spent}{problem}"

    def _check(self, said: dict[str, str], _: dict[str, Any]) -> str:
        name, state = said.get("name", "?"), said.get("state", "")
        row = self.checks.setdefault(name, Row(name))
        row.turn(state, self.clock())
        after = "" if state == "start" else f" in {amount.duration(row.last)}"
        return f"  check {name}: {state}{after}"

    def _round(self, said: dict[str, str], _: dict[str, Any]) -> str:
        return f"  round {said.get('n', '?')}: {said.get('decision', '')}"

    def _note(self, said: dict[str, str], _: dict[str, Any]) -> str:
        return f"  {said.get('text', '')}"

    def _retry(self, said: dict[str, str], facts: dict[str, Any]) -> str:
        return f"  {said.get('endpoint', '?')}: {said.get('text', '')}"

    def _budget(self, said: dict[str, str], _: dict[str, Any]) -> str:
        return (
            f"  80 % of the limit {said.get('limit', '?')} is used: {said.get('used', '?')} of {said.get('cap', '?')}"
        )

    def _other(self, said: dict[str, str], _: dict[str, Any]) -> str:
        return "  " + ", ".join(f"{name} {value}" for name, value in said.items() if name != "run" and value)


_HEARD: dict[str, Callable[[View, dict[str, str], dict[str, Any]], str]] = {
    "stage": View._stage,
    "unit": View._unit,
    "exchange": View._exchange,
    "check": View._check,
    "round": View._round,
    "note": View._note,
    "retry": View._retry,
    "fallback": View._note,
    "budget_80": View._budget,
}


def _word(value: object) -> str:
    return line(str(value), 200)


def _count(value: object) -> int:
    return int(_number(value))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and value == value and abs(value) < 1e15 else 0.0
