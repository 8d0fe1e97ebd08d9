"""factory runs show"""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from factory.cli.options import Json

if TYPE_CHECKING:
    from factory.app import State
    from factory.contracts.run import Run
    from factory.ledger.outbox import Entry
    from factory.ledger.shelf import Shelved

RunId = Annotated[str, typer.Argument(help="The run's id, a unique prefix of it, or `last`.")]


def show(run: RunId = "last", as_json: Json = False) -> int:
    """One run: stages and times, rounds, why it stopped, what it did outside, its files, what to type next."""
    import json

    from factory.app import open_state
    from factory.ledger.attempts import Attempts
    from factory.ledger.outbox import Outbox
    from factory.ledger.shelf import facts_of, shelf
    from factory.places import state_folder

    state = open_state(state_folder())
    found = state.journal.load(run)
    row = shelf(state.db, found.id)[0]
    effects = Outbox(state.journal, found.id).all()
    failed = Attempts(state.db, state.clock).failed_in_a_row(row.task)
    stages, tools = stage_times(state, found.id), tool_uses(state, found.id)
    if as_json:
        print(json.dumps({
            **facts_of(row), "stages": stages, "tools": tools, "rounds": [each.decision for each in found.rounds],
            "stopped": found.stopped.model_dump() if found.stopped else None, "failed_in_a_row": failed,
            "effects": [entry.model_dump() for entry in effects], "files": _files(state, found), "next": following(row),
        }, indent=2))  # fmt: skip
        return 0
    _head(row, found, failed)
    _tables(stages, found, effects)
    _tools(tools)
    for name, path in _files(state, found).items():
        print(f"{name:<10}{path}")
    print(f"\nNext: {following(row)}")
    return 0


def stage_times(state: "State", run: str) -> list[dict[str, Any]]:
    """Steps of the journal by stage, in the order the stages began. Times side by side are added."""
    query = (
        "SELECT stage, MIN(started) AS began, COUNT(*) AS steps, SUM(kind = 'exchange') AS asked,"
        " SUM(kind = 'check') AS checks, ROUND(SUM(seconds), 1) AS seconds FROM steps WHERE run = ?"
        " GROUP BY stage ORDER BY 2"
    )
    return [dict(row) for row in state.db.connection().execute(query, (run,))]


def tool_uses(state: "State", run: str) -> list[dict[str, Any]]:
    """How often each role used a tool, and was denied it, with the last reason; from the trail."""
    query = (
        "SELECT facts ->> 'role' AS role, facts ->> 'tool' AS tool, SUM(event = 'tool_used') AS used,"
        " SUM(event = 'tool_denied') AS denied, COALESCE(MAX(facts ->> 'why'), '') AS why FROM trail"
        " WHERE run = ? AND event IN ('tool_used', 'tool_denied') GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return [dict(row) for row in state.db.connection().execute(query, (run,))]


def following(row: "Shelved") -> str:
    """What a person types next."""
    if row.status == "running":
        return f"factory runs cancel {row.id}   (it is being worked on)"
    if row.status == "elsewhere":
        return f"look at {row.holder.split(' ')[0]}, which works on it"
    if row.status == "removed":
        return "nothing: gc has removed its pieces; its costs stay in the ledger"
    if row.ticket and row.status != "done":
        return f"run its job in {row.ticket} again"
    if row.status == "done":
        return f"factory replay {row.id}   (it is finished)"
    return f"factory resume {row.id}"


def _head(row: "Shelved", run: "Run", failed: int) -> None:
    from factory.cli.runs_list import cost_words, status_words

    print(f"{row.id}: {run.task.title if run.task else row.title}")
    print(f"{row.repo}, {status_words(row)}, begun {row.created}, {cost_words(row)}")
    if row.beat:
        print(f"last sign of life {row.beat}{'' if row.alive else ', its process is gone' if row.holder else ''}")
    if run.stopped:
        print(f"stopped in {run.stopped.stage}: {run.stopped.message}")
    if failed > 1:
        print(f"this task failed {failed} times in a row")
    print()


def _tables(stages: list[dict[str, Any]], run: "Run", effects: "tuple[Entry, ...]") -> None:
    from factory.render.amount import duration
    from factory.render.terminal import table

    rows = [(each["stage"], each["began"][11:19], duration(each["seconds"]), each["asked"], each["checks"])
            for each in stages]  # fmt: skip
    table(rows, ("stage", "began", "work", "answers", "checks"), sys.stdout)
    if run.rounds:
        decisions = [(number, each.decision, len(each.findings)) for number, each in enumerate(run.rounds, start=1)]
        table(decisions, ("round", "decision", "findings"), sys.stdout)
    if effects:
        done = [(entry.kind, entry.state, entry.result[:12] or "-", entry.key, entry.at[:19]) for entry in effects]
        table(done, ("effect", "state", "result", "looked up by", "at"), sys.stdout)


def _tools(uses: list[dict[str, Any]]) -> None:
    from factory.render.terminal import table

    rows = [(each["role"], each["tool"], each["used"], each["denied"], each["why"][:60]) for each in uses]
    if rows:
        table(rows, ("role", "tool", "used", "denied", "last reason"), sys.stdout)


def _files(state: "State", run: "Run") -> dict[str, str]:
    folder = state.run_folder(run.id)
    names = {"record": "run.json", "report": "report.html", "text": "report.md"}
    found = {name: str(folder / file) for name, file in names.items() if (folder / file).is_file()}
    if run.delivery:
        found["branch"] = run.delivery.branch
        if run.delivery.pull:
            found["pull"] = run.delivery.pull.url
    return found
