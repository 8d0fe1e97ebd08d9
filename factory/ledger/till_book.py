"""One group of the till's work as one transaction: what was used, what is reserved, and who is to be warned.

SQLite gives Python's global lock away at every statement it runs, and a busy event loop is slow to give it back. So a
group is few statements, however many rows it has.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache, lru_cache
from sqlite3 import Connection
from typing import Any

from factory.contracts.errors import Stopped
from factory.contracts.model import Tier, Usage
from factory.contracts.record import Json
from factory.contracts.seams import Clock
from factory.db import Database
from factory.ledger.egress_limits import Leaving
from factory.ledger.spend import WARN_AT
from factory.ledger.till_limits import Charge, Limit, Limits, Sums

NOTHING = Usage()
MOST_TOKENS = 10**9  # of one request; what an upstream says beyond that is not believed
MOST_COST = 10**12  # micro-dollars
MOST_ROWS = 64  # of one INSERT
MOST_TEXT = 200  # characters of a name that came with a request
COLUMNS = (
    "id, run, issue, day, role, endpoint, tier, kind, state, key, after, calls, cost, tokens, tokens_in,"
    " tokens_out, tokens_cached, seconds"
)
SETTLED = "state, calls, cost, tokens, tokens_in, tokens_out, tokens_cached, seconds"
EGRESS = "id, run, at, endpoint, tier, path, start, stop, bytes, sha256, key"


@dataclass(frozen=True, slots=True)
class Sent:
    """What is about to leave for an endpoint: the body's bytes and their SHA-256 in hex."""

    endpoint: str
    tier: Tier
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A reservation that somebody waits for. `limits`: further ones than those of its charge."""

    future: Future[int]
    charge: Charge
    cost: int
    tokens: int
    sent: Sent | None = None
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Spent:
    """What was really used. `calls` is the number of requests; 0: it was not sent at all."""

    charge: Charge
    cost: int
    usage: Usage
    seconds: float
    calls: int = 1


Settled = tuple[int, Spent]  # the reservation's number
Opened = tuple[tuple[Limit, ...], int]  # a reservation's limits, and its row of the egress ledger or 0


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a group. `answers` stand in the order of its asks; `warnings` are a notification's facts."""

    answers: tuple[int | Stopped, ...]
    warnings: tuple[Json, ...]


class Book:
    """The ledger's file as the till's writer sees it; used by one thread at a time."""

    def __init__(self, db: Database, limits: Limits, clock: Clock, kept: int, most_sent: Mapping[str, int]) -> None:
        """`most_sent`: bytes that may leave for a tier ('': all) in a day."""
        self._db, self._limits, self._clock, self._kept, self._most_sent = db, limits, clock, kept, most_sent
        self._open: dict[int, Opened] = {}  # by number: the reservations of this process
        self._warned: set[tuple[str, str, str]] = set()  # (day, limit, whose)

    def write(
        self, asks: Sequence[Ask], settled: Sequence[Settled], uses: Sequence[Spent], unwritten: Mapping[str, int]
    ) -> Written:
        """All of it or nothing. Raises Stopped('disk_full' | 'state_unusable').

        What is settled counts before what is asked for, so that nobody is refused for money that is free again.
        """
        at = self._clock.now()
        day = at[:10]
        with self._db.transaction() as db:
            _settle(db, settled, [self._open[n][1] for n, use in settled if n in self._open and not use.calls])
            _insert(db, "spend", COLUMNS, [_row(None, use, "", day, "settled") for use in uses])
            sums = Sums(db, day, self._kept, unwritten)
            touched = self._touched(settled, uses)
            sums.read(touched)
            answers, opened = self._reserve(db, sums, asks, at)
            warnings = [fact for limit in touched if (fact := self._warning(db, sums, limit, day))]
        for number, _ in settled:
            self._open.pop(number, None)
        self._open.update(opened)
        self._warned |= {(day, str(fact["limit"]), str(fact["of"])) for fact in warnings}
        return Written(answers, tuple(warnings))

    def judge(self, asks: Sequence[Ask], unwritten: Mapping[str, int]) -> list[str]:
        """Why each free request does not fit ('': it does), when nothing can be written. Raises sqlite3.Error."""
        sums = Sums(self._db.connection(), self._clock.now()[:10], 0, unwritten)
        refusals = []
        for ask in asks:
            limits = (*self._limits.of_key(ask.charge.key), *ask.limits)
            sums.read(limits)
            refusals.append(sums.refusal(limits, ask.charge.run, ask.cost, ask.tokens))
            sums.add(limits, ask.cost, 0 if refusals[-1] else ask.tokens)
        return refusals

    def _reserve(
        self, db: Connection, sums: Sums, asks: Sequence[Ask], at: str
    ) -> tuple[tuple[int | Stopped, ...], dict[int, Opened]]:
        """The answers, and what is open from now on: first come, first served."""
        answers: list[int | Stopped] = []
        opened: dict[int, Opened] = {}
        rows, leaving = list[list[Any]](), list[list[Any]]()
        issues = {run: _issue(db, run) for run in {ask.charge.run for ask in asks}}
        payers = {(ask.charge.key, ask.charge.run) for ask in asks}
        binding = {(key, run): self._limits.of(key, run, issues[run]) for key, run in payers}
        for limits in (*binding.values(), *(ask.limits for ask in asks)):
            sums.read(limits)
        spent, sent = _last(db) if asks else (0, 0)
        door = Leaving(db, at[:10], self._most_sent)
        for ask in asks:
            limits = (*binding[ask.charge.key, ask.charge.run], *ask.limits)
            refusal = sums.refusal(limits, ask.charge.run, ask.cost, ask.tokens)
            held = "" if refusal or not ask.sent else door.refusal(ask.sent.tier, ask.sent.bytes)
            if refusal or held:
                answers.append(Stopped("budget", refusal) if refusal else Stopped("egress", held))
                continue
            sums.add(limits, ask.cost, ask.tokens)
            spent += 1
            use = Spent(ask.charge, ask.cost, NOTHING, 0.0)
            rows.append(_row(spent, use, issues[ask.charge.run], at[:10], "reserved", ask.tokens))
            if ask.sent:
                sent += 1
                leaving.append(_leaving(sent, ask.charge, ask.sent, at))
            opened[spent] = (limits, sent if ask.sent else 0)
            answers.append(spent)
        _insert(db, "spend", COLUMNS, rows)
        _insert(db, "egress", EGRESS, leaving)
        return tuple(answers), opened

    def _touched(self, settled: Sequence[Settled], uses: Sequence[Spent]) -> list[Limit]:
        """Limits of which something was really used, each once."""
        found = [limit for number, use in settled if use.calls for limit in self._open.get(number, ((), 0))[0]]
        found += [limit for key in {use.charge.key for use in uses} for limit in self._limits.of_key(key)]
        return list(dict.fromkeys(found))

    def _warning(self, db: Connection, sums: Sums, limit: Limit, day: str) -> Json | None:
        """Once a day for each limit, also after a restart: it is remembered as a row."""
        used, place = sums.used(limit), (day, limit.name, limit.of)
        if not used or used < limit.cap * WARN_AT or place in self._warned:
            return None
        query = "SELECT 1 FROM spend WHERE kind = 'warned' AND role = ? AND day = ? AND endpoint = ?"
        if db.execute(query, (limit.name, day, limit.of)).fetchone():
            self._warned.add(place)
            return None
        warned = Charge(key="", run="", role=limit.name, endpoint=limit.of, tier="local", kind="warned")
        _insert(db, "spend", COLUMNS, [_row(None, Spent(warned, 0, NOTHING, 0.0), "", day, "settled")])
        text = f"more than 80 % of {limit.name} is used"
        return {"limit": limit.name, "of": limit.of, "used": used, "cap": limit.cap, "text": text}


@lru_cache(maxsize=1024)
def plain(charge: Charge) -> Charge:
    """A charge whose names, which may have come with a request, are fit for the ledger."""
    key, run, role = (_name(text) for text in (charge.key, charge.run, charge.role))
    return Charge(key, run, role, charge.endpoint, charge.tier, charge.kind, _name(charge.after))


def _name(text: str) -> str:
    return text[:MOST_TEXT].encode("utf-8", "replace").decode().replace("\0", "?")


def believed(charge: Charge, cost: int, usage: Usage, seconds: float) -> Spent:
    """What an answer says was used, as far as that can be: one bad number must not spoil the sums of a day."""
    read, written, cached = count(usage.input), count(usage.output), count(usage.cached)
    if (read, written, cached) != (usage.input, usage.output, usage.cached):
        usage = Usage(input=read, output=written, cached=cached)
    return Spent(plain(charge), count(cost, MOST_COST), usage, seconds if 0 <= seconds < 1e9 else 0.0)


def count(value: int, most: int = MOST_TOKENS) -> int:
    """Never negative, never beyond belief."""
    return min(max(value, 0), most)


def _row(number: int | None, use: Spent, issue: str, day: str, state: str, tokens: int | None = None) -> list[Any]:
    """In the order of COLUMNS; `tokens` of a reservation."""
    charge, amounts = use.charge, _amounts(use)
    if tokens is not None:
        amounts[1] = tokens
    names = (charge.run, issue, day, charge.role, charge.endpoint, charge.tier, charge.kind, state)
    return [number, *names, charge.key, charge.after, use.calls, *amounts]


def _amounts(use: Spent) -> list[Any]:
    """cost, tokens, tokens_in, tokens_out, tokens_cached, seconds."""
    usage = use.usage
    return [use.cost, usage.input + usage.output, usage.input, usage.output, usage.cached, use.seconds]


def _leaving(number: int, charge: Charge, sent: Sent, at: str) -> list[Any]:
    """In the order of EGRESS: no file of a repository, but everything that is sent."""
    return [number, charge.run, at, sent.endpoint, sent.tier, "", 0, 0, sent.bytes, sent.sha256, charge.key]


def _insert(db: Connection, table: str, columns: str, rows: list[list[Any]]) -> None:
    """In pieces of 64, 32, 16 … rows, so that SQLite keeps the few statements it needs compiled."""
    at = 0
    while left := len(rows) - at:
        size = min(MOST_ROWS, 1 << (left.bit_length() - 1))
        values = [value for row in rows[at : at + size] for value in row]
        db.execute(_insertion(table, columns, len(rows[at]), size), values)
        at += size


@cache
def _insertion(table: str, columns: str, width: int, size: int) -> str:
    row = f"({', '.join('?' * width)})"
    return f"INSERT INTO {table} ({columns}) VALUES {', '.join([row] * size)}"  # noqa: S608 (constants)


def _settle(db: Connection, settled: Sequence[Settled], unsent: list[int]) -> None:
    """A second settlement of the same reservation changes nothing. `unsent`: rows of what did not leave after all."""
    if settled:
        rows = [[number, "settled", use.calls, *_amounts(use)] for number, use in settled]
        changes = ", ".join(f"{name} = json_extract(value, '$[{n}]')" for n, name in enumerate(SETTLED.split(", "), 1))
        db.execute(
            f"UPDATE spend SET {changes} FROM json_each(?)"  # noqa: S608 (constants)
            " WHERE spend.id = json_extract(value, '$[0]') AND spend.state = 'reserved'",
            (json.dumps(rows),),
        )
    if unsent:
        db.execute("DELETE FROM egress WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(unsent),))


def _last(db: Connection) -> tuple[int, int]:
    """The highest row numbers of spend and egress; nobody else writes before this transaction ends."""
    query = "SELECT COALESCE((SELECT MAX(id) FROM spend), 0), COALESCE((SELECT MAX(id) FROM egress), 0)"
    spent, sent = db.execute(query).fetchone()
    return spent, sent


def _issue(db: Connection, run: str) -> str:
    """What the budget per issue of a run of the line is counted under; '' when nobody knows the run."""
    row = db.execute("SELECT issue FROM runs WHERE id = ?", (run,)).fetchone() if run else None
    return str(row["issue"]) if row else ""
