"""factory runs cancel"""

import os
import signal
import time
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.runs_show import RunId
from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.app import State
    from factory.contracts.errors import StopReason
    from factory.contracts.run import Run

PATIENCE_S = 15.0  # a process writes its last words in well under ten seconds


def cancel(
    run: RunId,
    wait: Annotated[float, typer.Option(help="Seconds its process gets to write its last words.")] = PATIENCE_S,
) -> int:
    """End a run: its process is asked to stop, and the run is marked as cancelled. What was done is kept.

    A run that has ended stays as it ended. One that was cut short is cancelled, so that `runs recover` leaves it alone.

    Exit code 0: it is cancelled; 1: its process does not end; 2: it has ended, or is held on another machine."""
    from factory.app import open_state
    from factory.ledger.shelf import shelf
    from factory.places import state_folder

    state = open_state(state_folder())
    found = state.journal.load(run)
    row = shelf(state.db, found.id)[0]
    if row.status in ("done", "removed"):
        raise UsageProblem(f"Run {found.id} is finished: there is nothing to cancel.")
    if not row.alive and found.stopped and found.stopped.reason == "cancelled_by_human":
        print(f"Run {found.id} is cancelled already.")
        return 0
    if row.status == "stopped" and row.reason not in ("interrupted", "cancelled_by_human"):
        raise UsageProblem(
            f"Run {found.id} has ended already ({row.reason}) and stays as it ended: nobody goes on with it unless"
            f" `factory resume {found.id}` is typed."
        )
    if row.alive and not end_process(row.holder, wait):
        print(f"Process {row.holder.split(' ')[1]} of run {found.id} does not end: look at it, then try again.")
        return 1
    if shelf(state.db, found.id)[0].status == "done":
        raise UsageProblem(f"Run {found.id} came to its end before it could be cancelled.")
    state.journal.lease(found.id)
    said = f"Cancelled; `factory resume {found.id}` goes on."
    end_run(state, state.journal.load(found.id), "cancelled_by_human", said)
    print(f"Run {found.id} is cancelled; `factory resume {found.id}` would go on with it.")
    return 0


def end_process(holder: str, patience: float) -> bool:
    """SIGTERM to that very process, and wait until it is gone. Raises UsageProblem for one on another machine.

    The process is pinned before its start time is compared, so that no other one can have taken its number.
    """
    from factory.ledger.process import alive, named

    found = named(holder)
    if found is None or not found.here:
        where = found.host if found else "another machine"
        raise UsageProblem(f"The run is held by a process on {where}: cancel it there.")
    try:
        pinned = os.pidfd_open(found.pid)
    except ProcessLookupError:
        return True
    try:
        if not alive(holder):
            return True
        signal.pidfd_send_signal(pinned, signal.SIGTERM)
        deadline = time.monotonic() + patience
        while alive(holder) and time.monotonic() < deadline:
            time.sleep(0.05)
        return not alive(holder)
    finally:
        os.close(pinned)


def end_run(state: "State", run: "Run", reason: "StopReason", message: str) -> None:
    """The run's last word, by somebody else than its process: a report if that can still be made, the record always."""
    from factory.app import Nobody, make_shop, settings_of
    from factory.contracts.errors import FactoryError
    from factory.contracts.run import Stop
    from factory.forge.recorded import reconcile
    from factory.ledger.outbox import Outbox
    from factory.ledger.shelf import shelf
    from factory.stages.report import report

    stage = shelf(state.db, run.id)[0].stage
    run = run.but(stopped=Stop(reason=reason, message=message, stage=run.stopped.stage if run.stopped else stage))
    state.journal.save(run, stage)
    try:
        shop = make_shop(run, state, settings_of(run, state), Nobody())
        reconcile(Outbox(state.journal, run.id), shop.branches, shop.pulls)
        report(run, shop)
    except FactoryError as problem:  # its repository or its settings are gone
        state.journal.note(run.id, "no_report", why=str(problem))
    state.journal.release(run.id)
