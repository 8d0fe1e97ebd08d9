"""factory runs list"""

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Json

if TYPE_CHECKING:
    from factory.ledger.shelf import Shelved

NOTHING_NEW = {"last stage": "report", "held by": "nobody"}  # columns that are left out where each row says just this
COLUMNS = ("run", "issue", "last stage", "status", "age", "held by", "cost")


def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also finished ones, and those gc has removed.")] = False,
    most: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 30,
    as_json: Json = False,
) -> int:
    """The runs on this machine: how each stands, who works on it, what it cost so far.

    Without --all: what is open or stopped, and what ended within a day."""
    import json

    from factory.app import open_state
    from factory.ledger.shelf import facts_of, shelf
    from factory.places import state_folder
    from factory.render.terminal import table

    state = open_state(state_folder())
    now = datetime.fromisoformat(state.clock.now())
    rows = [row for row in shelf(state.db) if everything or _matters(row, now)][:most]
    if as_json:
        print(json.dumps([facts_of(row) for row in rows], indent=2))
        return 0
    if not rows:
        print("No runs." if everything else "No runs are open; `factory runs list --all` shows finished ones.")
        return 0
    cells = [dict(zip(COLUMNS, _cells(row, now), strict=True)) for row in rows]
    columns = [name for name in COLUMNS if {row[name] for row in cells} != {NOTHING_NEW.get(name)}]
    table(cells, columns, sys.stdout, whole=("run", "age"))
    _advise(rows)
    return 0


def _matters(row: "Shelved", now: datetime) -> bool:
    fresh = (now - datetime.fromisoformat(row.created)).total_seconds() < 24 * 3600
    return row.status not in ("done", "removed") or (row.status == "done" and fresh)


def _cells(row: "Shelved", now: datetime) -> tuple[str, ...]:
    from factory.ledger.process import named
    from factory.render.amount import duration
    from factory.render.text import line

    age = (now - datetime.fromisoformat(row.created)).total_seconds()
    holder = named(row.holder)
    held = "nobody" if holder is None else f"{holder.pid}{'' if holder.here else f' on {holder.host}'}"
    return (
        row.id, line(f"{'#' if row.number.isdigit() else ''}{row.number} {row.title}".strip(), 40), row.stage or "-",
        status_words(row), duration(max(age, 0.0)), held if row.alive or holder is None else f"{held}, gone",
        cost_words(row),
    )  # fmt: skip


def status_words(row: "Shelved") -> str:
    """One or two words for people."""
    return f"stopped: {row.reason}" if row.status == "stopped" and row.reason else row.status


def cost_words(row: "Shelved") -> str:
    """Money, and apart from it what recorded answers name."""
    from factory.render.amount import money

    parts = [f"{money(row.recorded)} recorded"] if row.recorded is not None else []
    return ", ".join([*([money(row.cost)] if row.cost or not parts else []), *parts])


def _advise(rows: "list[Shelved]") -> None:
    died = [row for row in rows if row.orphaned]
    if died:
        print(f"\n{len(died)} died with their process: `factory runs recover` goes on with all of them.")
