"""Walk a run to its end in this terminal: the live view, Ctrl-C, the last words, the exit code."""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from factory.contracts.errors import EXIT_CODES

if TYPE_CHECKING:
    from factory.app import State
    from factory.contracts.run import Run
    from factory.settings import Settings


def go(run: "Run", state: "State", settings: "Settings", out: Sequence[Path], as_json: bool) -> int:
    """Walk, print, and return DESIGN §8's exit code."""
    from factory.app import make_shop, spend_of
    from factory.render.terminal import closing, watcher
    from factory.stages.line import walk

    stop_politely(state)
    plain = as_json or not sys.stderr.isatty()
    with watcher(sys.stderr, plain=plain) as view:
        run = walk(run, make_shop(run, state, settings, view, out=out))
    state.journal.release(run.id)
    if as_json:
        print(summary(run))
    else:
        closing(run, sys.stdout, sum(row.cost for row in spend_of(state, settings).by_role(run.id)))
    code = code_of(run)
    if code == 130:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # threads that wait for a model's answer must not hold the terminal; the journal is complete
    return code


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


def stop_politely(state: "State") -> None:
    """Ctrl-C and SIGTERM: no new step begins, the report is written, `resume` goes on."""

    def handler(number: int, frame: FrameType | None) -> None:
        state.halt.set()
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)
