"""Rows of one run that travel with it to another machine, each taken in once however often it comes.

A row's name is `machine:id` of where it was first written. What comes in is checked by its record: no amount is
negative, no row belongs to another run.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal, TypeVar, cast

from factory.contracts.model import Tier
from factory.contracts.record import Field, Json, Record, digest
from factory.contracts.run import Run
from factory.db import Database
from factory.ledger.journal import RUN, STEP, Step
from factory.ledger.texts import pack, unpack

_ORIGIN = Field(pattern=r"^[0-9a-z][0-9a-z.-]{0,79}:[0-9a-z._-]{1,80}$")
Count = Field(ge=0, le=2**53)


class SpendRow(Record):
    """One row of the money's ledger; what it is counted under on the other machine is decided there."""

    origin: str = _ORIGIN
    day: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    role: str = Field(max_length=64)
    endpoint: str = Field(max_length=200)
    tier: Tier
    kind: str = Field(max_length=32)
    state: Literal["reserved", "settled"]
    cost: int = Count
    recorded: int | None = Field(default=None, ge=0, le=2**53)  # what a recorded answer names
    tokens: int = Count
    tokens_in: int = Count
    tokens_out: int = Count
    tokens_cached: int = Count
    seconds: float = Field(ge=0, allow_inf_nan=False)


class EgressRow(Record):
    origin: str = _ORIGIN
    at: str = Field(max_length=40)
    endpoint: str = Field(max_length=200)
    tier: Tier
    path: str
    start: int
    stop: int
    bytes: int = Count
    sha256: str = Field(max_length=64)


class TrailRow(Record):
    origin: str = _ORIGIN
    at: str = Field(max_length=40)
    event: str = Field(max_length=100)
    facts: Json


_TABLES: dict[type[Record], str] = {SpendRow: "spend", EgressRow: "egress", TrailRow: "trail"}
Row = SpendRow | EgressRow | TrailRow
R = TypeVar("R", bound=Row)


def machine(db: Database) -> str:
    """This database's own name."""
    return str(db.connection().execute("SELECT id FROM machine").fetchone()["id"])


def rows_out(db: Database, run: str, kind: type[R]) -> Iterator[R]:
    """All rows of a run under the names by which other machines know them."""
    here = machine(db)
    for row in db.connection().execute(f"SELECT * FROM {_TABLES[kind]} WHERE run = ? ORDER BY id", (run,)):  # noqa: S608 (three fixed names)
        values = {name: row[name] for name in kind.model_fields}
        values["origin"] = row["origin"] or f"{here}:{row['id']}"
        if kind is TrailRow:
            values["facts"] = json.loads(row["facts"])
        yield cast(R, kind.model_validate(values))


def rows_in(db: Database, run: str, issue: str, rows: Iterable[Row]) -> None:
    """Take in what is new. A reservation that was settled meanwhile becomes what was really used."""
    here = f"{machine(db)}:"
    with db.transaction() as connection:
        for row in rows:
            if not row.origin.startswith(here):  # what this machine wrote it has itself, and newer
                values = [run, *(getattr(row, name) for name in type(row).model_fields)]
                if isinstance(row, SpendRow):
                    values.append(issue)
                elif isinstance(row, TrailRow):
                    values[-1] = json.dumps(row.facts, sort_keys=True)
                connection.execute(_insertion(type(row)), values)


@cache
def _insertion(kind: type[Row]) -> str:
    names = ["run", *kind.model_fields, *(["issue"] if kind is SpendRow else [])]
    known = "DO NOTHING"
    if kind is SpendRow:
        changes = ", ".join(f"{name}=excluded.{name}" for name in kind.model_fields if name != "origin")
        known = (
            f"DO UPDATE SET {changes} WHERE excluded.state = 'settled'"
            " AND (spend.state = 'reserved' OR excluded.seconds >= spend.seconds)"
        )
    return (
        f"INSERT INTO {_TABLES[kind]} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 (names of our own fields)
        f" ON CONFLICT (run, origin) WHERE origin <> '' {known}"
    )


def spent(db: Database, run: str) -> int:
    """Micro-dollars that are used or reserved, as far as this machine knows; none for recorded answers."""
    row = db.connection().execute("SELECT COALESCE(SUM(cost), 0) AS cost FROM spend WHERE run = ?", (run,))
    return int(row.fetchone()["cost"])


def forget(db: Database, run: str, origin: str) -> None:
    """A row that stood for something which has come after all."""
    with db.transaction() as connection:
        connection.execute("DELETE FROM spend WHERE run = ? AND origin = ?", (run, origin))


def steps_out(db: Database, run: str, stage: str = "", unit: str = "") -> Iterator[Step]:
    """Finished steps scope by scope; with `stage` and `unit`, those of one unit and of its second try."""
    found = db.connection().execute("SELECT * FROM steps WHERE run = ? ORDER BY stage, unit, n", (run,))
    for row in found:
        if stage and (row["stage"] != stage or not (row["unit"] == unit or row["unit"].startswith(f"{unit}."))):
            continue
        request, output = unpack(row["texts"])
        rest = {name: row[name] for name in ("stage", "unit", "n", "kind", "input_digest", "seconds", "started")}
        yield Step(**rest, input=request, output=output)


def steps_in(db: Database, run: str, steps: Iterable[Step], replace: bool) -> None:
    """`replace`: a place that the steps speak of is theirs alone; else what is there already stays."""
    emptied: set[tuple[str, str]] = set()
    with db.transaction() as connection:
        for step in steps:
            place = (step.stage, step.unit)
            if replace and place not in emptied:
                emptied.add(place)
                connection.execute("DELETE FROM steps WHERE run = ? AND stage = ? AND unit = ?", (run, *place))
            connection.execute(
                f"INSERT OR IGNORE INTO steps ({STEP}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 (constants)
                (run, step.stage, step.unit, step.n, step.kind, step.input_digest, digest(step.output),
                 pack(step.input, step.output), step.seconds, step.started),
            )  # fmt: skip


def run_known(db: Database, run: str) -> Run | None:
    row = db.connection().execute("SELECT record FROM runs WHERE id = ?", (run,)).fetchone()
    return Run.from_json(row["record"]) if row else None


def run_in(db: Database, run: Run, issue: str) -> None:
    """The record that came is the run's record from now on."""
    status = "stopped" if run.stopped else "open"
    with db.transaction() as connection:
        connection.execute(
            f"INSERT INTO runs ({RUN}) VALUES (?, ?, ?, ?, '', ?, ?)"  # noqa: S608 (constants)
            " ON CONFLICT (id) DO UPDATE SET issue=excluded.issue,"
            " repo=excluded.repo, record=excluded.record, status=excluded.status",
            (run.id, run.created, issue, run.repo.path, run.to_json(), status),
        )
