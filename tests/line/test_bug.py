"""A bug of ours in the middle of the line: caught at the stage's edge, said once, and the run can go on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from factory.app import Nobody, make_shop, new_run, open_state
from factory.cli.go import code_of
from factory.cli.options import issue_event
from factory.settings import load
from factory.stages.line import walk
from tests.line.test_kill import one_unit


def broken(*things: Any, **more: Any) -> Any:
    raise ZeroDivisionError("nobody thought of this")


def test_pip_01_a_stage_that_raises_ends_as_our_bug_with_its_trace(tmp_path: Path) -> None:
    """PIP-01: a stage raises an unexpected exception."""
    issue, config = one_unit(tmp_path)
    settings, state = load(config, None, {}), open_state(tmp_path / "state")
    run = new_run(state, tmp_path / "shop", "", issue_event(str(issue)), settings, config)
    shop = make_shop(run, state, settings, Nobody())
    done = walk(run, replace(shop, desk=broken))
    assert done.stopped
    assert (done.stopped.reason, done.stopped.stage) == ("internal_error", "plan")
    assert done.stopped.message == "A bug in the factory: ZeroDivisionError: nobody thought of this"
    assert code_of(done) == 3
    (trace,) = (facts["trace"] for _, event, facts in state.journal.trail(run.id) if event == "internal_error")
    assert "in broken" in trace
    page = (state.run_folder(run.id) / "report.md").read_text()
    assert "nobody thought of this" in page
    again = walk(done.but(stopped=None), shop)
    assert again.delivery, "what was done before stays, and the run goes on once the bug is gone"
