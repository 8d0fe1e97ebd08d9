"""factory runs recover"""

import signal
import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from factory.cli.options import Json
from factory.contracts.errors import FactoryError, Stopped

if TYPE_CHECKING:
    from factory.app import State
    from factory.contracts.run import Run
    from factory.ledger.shelf import Shelved
    from factory.settings import Settings


def recover(
    dry: Annotated[bool, typer.Option("--dry", help="Only say what would be done.")] = False, as_json: Json = False
) -> int:
    """After a reboot or a crash: go on with every run whose process is gone, one after the other.

    One that is older than its budget.run_minutes is ended instead. One whose task failed too often ([alerts] attempts)
    waits for a person, and so does everything while the sandbox does not start or the disk takes nothing."""
    import json

    from factory.app import open_state
    from factory.cli.runs_gc import clear
    from factory.places import state_folder
    from factory.sandbox.orphans import orphans

    state = open_state(state_folder())
    if not dry:
        clear(state, left=orphans(state.folder))
    done: list[dict[str, Any]] = []
    code = 0
    for row in _cut_short(state):
        done.append(_one(state, row, dry))
        if not as_json:
            print(f"{row.id}: {done[-1]['did']}{': ' if done[-1]['why'] else ''}{done[-1]['why']}", flush=True)
        if done[-1]["did"] in ("paused", "interrupted"):
            code = done[-1]["exit_code"]
            break
    if as_json:
        print(json.dumps(done, indent=2))
    elif not done:
        print("Nothing to recover: no run was cut short.")
    return code


def _cut_short(state: "State") -> "list[Shelved]":
    """The oldest first: whose process died, and who was told to end when the machine went down."""
    from factory.ledger.shelf import shelf

    return [row for row in reversed(shelf(state.db)) if _is_cut_short(state, row)]


def _is_cut_short(state: "State", row: "Shelved") -> bool:
    return row.orphaned or bool(row.reason and _went_down(state, row))


def _went_down(state: "State", row: "Shelved") -> bool:
    """Stopped by SIGTERM, and the machine came up anew since: no person did that to this run."""
    from factory.ledger.attempts import TERMINATED, Attempts
    from factory.ledger.process import named

    last = next(iter(Attempts(state.db, state.clock).of(row.id)), None)
    holder = named(last.holder) if last and last.outcome == TERMINATED else None
    return row.status == "stopped" and row.reason == "interrupted" and holder is not None and holder.gone_by_reboot


def _one(state: "State", row: "Shelved", dry: bool) -> dict[str, Any]:
    """What was done about one run, and why. Those before it may have taken hours."""
    from factory.cli.go import check_machine
    from factory.cli.resume import settings_now
    from factory.ledger.shelf import shelf

    if not _is_cut_short(state, shelf(state.db, row.id)[0]):
        return _said(row, "left", "somebody took it up in the meantime")
    if row.ticket:
        return _said(row, "left", f"a job of {row.ticket} goes on with it")
    try:
        run = state.journal.load(row.id)
        settings = settings_now(run, state, None)
        check_machine(state, settings)
    except Stopped as stop:
        return _said(row, "paused", f"{stop} Nothing is started until then.", stop.exit_code)
    except FactoryError as problem:
        return _said(row, "left", str(problem))
    if why := _too_often(state, row, settings):
        return _said(row, "left", why)
    if why := _too_late(state, run, settings):
        return _said(row, "would end" if dry else _ended(state, run, why), why)
    return _said(row, "would go on", "") if dry else _resumed(row)


def _too_often(state: "State", row: "Shelved", settings: "Settings") -> str:
    from factory.ledger.attempts import Attempts

    failed = Attempts(state.db, state.clock).failed_in_a_row(row.task)
    if failed < settings.alerts.attempts:
        return ""
    return f"its task failed {failed} times in a row; `factory resume {row.id}` starts it all the same"


def _too_late(state: "State", run: "Run", settings: "Settings") -> str:
    """Why it is ended, or ''. A clock that stands before the run's beginning says nothing."""
    minutes = settings.budget.run_minutes
    age = datetime.fromisoformat(state.clock.now()) - datetime.fromisoformat(run.created)
    if minutes is None or age.total_seconds() < minutes * 60:
        return ""
    return f"Timed out: it was begun {run.created}, and budget.run_minutes = {minutes:g} are over."


def _ended(state: "State", run: "Run", why: str) -> str:
    from factory.cli.runs_cancel import end_run

    state.journal.lease(run.id)
    end_run(state, run, "budget", f"{why} `factory resume {run.id}` goes on all the same.")
    return "ended"


def _resumed(row: "Shelved") -> dict[str, Any]:
    """In a process of its own: one that takes its process down does not keep the others from their turn."""
    came: list[int] = []
    process = subprocess.Popen([sys.executable, "-m", "factory.cli", "resume", row.id, "--json"],
                               stdout=subprocess.DEVNULL)  # fmt: skip

    def pass_on(number: int, frame: object) -> None:
        came.append(number)
        process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return _said(row, "interrupted" if came else "went on", f"exit code {code}", 130 if came else code)


def _said(row: "Shelved", did: str, why: str, code: int = 0) -> dict[str, Any]:
    return {"run": row.id, "did": did, "why": why, "exit_code": code}
