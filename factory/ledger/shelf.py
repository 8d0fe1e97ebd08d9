"""The runs on this machine as a list: how each stands, who holds it, what it cost."""

import json
from typing import Literal

from factory.contracts.record import Record
from factory.db import Database
from factory.ledger.lost import LOST
from factory.ledger.process import alive, named

Status = Literal["running", "died", "elsewhere", "open", "stopped", "done", "removed"]
QUERY = """
    SELECT runs.id, runs.created, runs.issue AS task, runs.repo, runs.stage, runs.status AS kept,
           json_extract(record, '$.task.title') AS title, json_extract(record, '$.task.number') AS number,
           json_extract(record, '$.event.source') AS source, json_extract(record, '$.stopped.reason') AS reason,
           json_extract(record, '$.ticket.repo') AS ticket,
           COALESCE(leases.holder, '') AS holder, COALESCE(leases.beat, '') AS beat,
           (SELECT COALESCE(SUM(cost), 0) FROM spend WHERE spend.run = runs.id AND kind <> ?) AS cost,
           (SELECT SUM(recorded) FROM spend WHERE spend.run = runs.id) AS recorded
    FROM runs LEFT JOIN leases ON leases.run = runs.id
"""


class Shelved(Record):
    """One run. `cost` in micro-dollars, as known or reserved; `beat` is its holder's last sign of life."""

    id: str
    created: str
    task: str  # what attempts and the budget are counted under
    repo: str
    stage: str  # the last one that ended
    title: str
    number: str
    status: Status
    reason: str = ""  # why it stopped
    holder: str = ""
    alive: bool = False
    beat: str = ""
    cost: int = 0
    recorded: int | None = None  # what recorded answers name, in micro-dollars: nobody was paid
    ticket: str = ""  # OWNER/NAME of a run that GitHub asked for

    @property
    def orphaned(self) -> bool:
        """Cut short by the death of its process."""
        return self.status == "died"


def shelf(db: Database, run: str = "") -> tuple[Shelved, ...]:
    """Every run, the newest first; or the one with this id."""
    where, values = ("WHERE runs.id = ?", (LOST, run)) if run else ("", (LOST,))
    rows = db.connection().execute(f"{QUERY} {where} ORDER BY runs.created DESC, runs.id DESC", values)
    return tuple(_shelved(dict(row)) for row in rows)


def _shelved(row: dict[str, object]) -> Shelved:
    holder = str(row["holder"])
    lives = bool(holder) and alive(holder)
    texts = {name: str(row[name] or "") for name in ("id", "created", "task", "repo", "stage", "reason", "beat")}
    return Shelved(
        **texts, title=str(row["title"] or row["source"] or ""), number=str(row["number"] or ""), holder=holder,
        alive=lives, status=_status(str(row["kept"]), holder, lives), cost=int(str(row["cost"])),
        recorded=None if row["recorded"] is None else int(str(row["recorded"])), ticket=str(row["ticket"] or ""),
    )  # fmt: skip


def _status(kept: str, holder: str, lives: bool) -> Status:
    """What the database says, and what became of the holder."""
    if kept in ("stopped", "done", "removed") and not (kept == "stopped" and lives):
        return "done" if kept == "done" else "removed" if kept == "removed" else "stopped"
    if not holder:
        return "open"  # between two jobs of a workflow, or known only from a file
    if not lives:
        return "died"
    found = named(holder)
    return "running" if found and found.here else "elsewhere"


def facts_of(row: Shelved) -> dict[str, object]:
    """For `--json`: everything, and what of it follows from the rest."""
    return {**json.loads(row.to_json()), "cost_usd": row.cost / 1_000_000}
