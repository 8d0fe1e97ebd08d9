"""Walk a run to its end in this terminal: the live view, Ctrl-C, the last words, the exit code."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from factory.contracts.errors import EXIT_CODES, Stopped

if TYPE_CHECKING:
    from factory.app import State
    from factory.contracts.run import Run
    from factory.settings import Settings
    from factory.stages.shop import Shop


def go(run: "Run", state: "State", settings: "Settings", out: Sequence[Path], as_json: bool) -> int:
    """Walk, print, and return DESIGN §8's exit code."""
    from factory.app import spend_of
    from factory.render import amount
    from factory.render.terminal import closing

    run = to_its_end(run, state, settings, out, as_json)
    if as_json:
        print(summary(run))
    else:
        used = spend_of(state, settings).totals(run.id)
        closing(run, sys.stdout, amount.cost(used.cost, used.recorded))
    return leave_at_once(code_of(run)) if code_of(run) == 130 else code_of(run)


def to_its_end(run: "Run", state: "State", settings: "Settings", out: Sequence[Path], as_json: bool) -> "Run":
    """Walk with the live view on stderr, counted and released; nothing is printed to stdout."""
    from factory.app import make_shop
    from factory.cli.metering import metered
    from factory.forge.recorded import reconcile
    from factory.git import git_folder
    from factory.ledger.clearing import drop_locks
    from factory.ledger.outbox import Outbox
    from factory.render.terminal import watcher

    signals = stop_politely(state)
    plain = as_json or not sys.stderr.isatty()
    with _counted(run, state, settings, signals) as ended, watcher(sys.stderr, plain=plain) as view:
        shop = make_shop(run, state, settings, view, out=out)
        drop_locks(state.run_folder(run.id) / "repo.git")
        drop_locks(git_folder(Path(run.repo.path)) / "refs" / "heads" / "factory")  # nobody else writes there
        reconcile(Outbox(state.journal, run.id), shop.branches, shop.pulls)
        with metered(run.id, state):
            run = _walked(run, state, shop)
        ended.append(run)
    state.journal.release(run.id)
    return run


def _walked(run: "Run", state: "State", shop: "Shop") -> "Run":
    """To the end; a signal between two stages ends in the same last words as one inside."""
    from factory.stages.line import interrupted, walk
    from factory.stages.report import report

    try:
        return walk(run, shop)
    except KeyboardInterrupt:
        return report(interrupted(state.journal.load(run.id).but(output=None), "between stages"), shop)


@contextmanager
def _counted(run: "Run", state: "State", settings: "Settings", signals: list[int]) -> Iterator["list[Run]"]:
    """The start is counted before the work, its end after it: a task that kills its process is counted as well."""
    from factory.contracts.errors import Abandoned
    from factory.ledger.attempts import TERMINATED, Attempts
    from factory.ledger.issue import issue_key

    attempts = Attempts(state.db, state.clock)
    failed = attempts.failed_in_a_row(issue_key(run))
    if failed >= settings.alerts.attempts:
        print(f"factory: this task failed {failed} times in a row; nothing but you starts it now.", file=sys.stderr)
    number = attempts.begin(issue_key(run), run.id)
    ended: list[Run] = []
    try:
        yield ended
    except Abandoned:
        attempts.end(number, "interrupted")
        raise
    except KeyboardInterrupt:  # before the line had begun
        attempts.end(number, "interrupted")
        state.journal.release(run.id)
        raise
    except Stopped as stop:
        attempts.end(number, stop.reason)
        raise
    outcome = outcome_of(ended[0])
    attempts.end(number, TERMINATED if outcome == "interrupted" and signal.SIGTERM in signals[:1] else outcome)


def outcome_of(run: "Run") -> str:
    """How the attempt ended, as factory.ledger.attempts counts it."""
    from factory.ledger.attempts import NOT_SOLVED, SOLVED

    if run.stopped and run.stopped.reason != "nothing_to_do":
        return run.stopped.reason
    return SOLVED if code_of(run) == 0 else NOT_SOLVED


def code_of(run: "Run") -> int:
    from factory.stages.deliver import ready

    if run.stopped:
        return EXIT_CODES[run.stopped.reason]
    return 0 if ready(run) else 1


def summary(run: "Run") -> str:
    """Where everything is, as JSON."""
    import json

    pull = run.delivery.pull if run.delivery else None
    return json.dumps(
        {
            "run": run.id,
            "exit_code": code_of(run),
            "stopped": run.stopped.model_dump() if run.stopped else None,
            "decision": run.rounds[-1].decision if run.rounds else None,
            "confidence": run.verdict.confidence if run.verdict else None,
            "branch": run.delivery.branch if run.delivery else None,
            "pull": pull.model_dump() if pull else None,
            "tree": run.tree or None,
            "report_html": run.output.html if run.output else None,
            "report_md": run.output.markdown if run.output else None,
            "run_json": run.output.json_file if run.output else None,
        },
        indent=2,
    )


def check_machine(state: "State", settings: "Settings", sandboxed: bool = True) -> None:
    """Before anything is begun or paid: can runs be kept here, does the sandbox start?

    Raises Stopped('disk_full' | 'state_unusable' | 'sandbox_unavailable') with what to do.
    """
    from factory.ledger.room import check_room, keep_spare
    from factory.sandbox.probe import probe

    check_room(state.folder)
    keep_spare(state.folder)
    if sandboxed and settings.sandbox.kind != "none":
        found = probe()
        if not found.works:
            raise Stopped("sandbox_unavailable", found.remedy)


def stop_politely(state: "State") -> list[int]:
    """Ctrl-C and SIGTERM: no new step begins, the report is written, `resume` goes on. Returns the signals that came.

    The runner of GitHub sends SIGINT, then SIGTERM, then SIGKILL within ten seconds: the second one finds the last
    words being written and does not disturb them. A third ends the process where it stands.
    """
    came: list[int] = []

    def handler(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if len(came) == 1:
            state.halt.set()
            raise KeyboardInterrupt
        if len(came) > 2:
            leave_at_once(130)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)
    return came


def leave_at_once(code: int) -> int:
    """End with everything that was started: threads that wait for an answer must not hold the terminal or the job.

    What they asked for is not in the journal; it is asked for again.
    """
    from factory.ledger.process import descendants

    for child in descendants(os.getpid()):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(child, signal.SIGKILL)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
