"""factory resume"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Config, Json, Out
from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.app import State
    from factory.contracts.run import Run
    from factory.settings import Settings


def resume(
    run: Annotated[str, typer.Argument(help="The run's id, a unique prefix of it, or `last`.")],
    take_over: Annotated[bool, typer.Option(help="Also from a process that seems to be at work on it.")] = False,
    config: Config = None,
    out: Out = None,
    as_json: Json = False,
) -> int:
    """Go on with a run that was stopped, killed or interrupted. Finished steps are neither paid nor run again.

    The settings file the run was started with is read again, so that a raised limit or a new key counts."""
    from factory.app import open_state
    from factory.cli.go import check_machine, go
    from factory.ledger.failures import forget_failures
    from factory.ledger.shelf import shelf
    from factory.places import state_folder
    from factory.stages.refine import finished_units

    state = open_state(state_folder())
    found = state.journal.load(run)
    if shelf(state.db, found.id)[0].status == "removed":
        raise UsageProblem(f"`factory runs gc` has removed the pieces of run {found.id}: start a new one.")
    settings = settings_now(found, state, config)
    check_machine(state, settings)
    state.journal.lease(found.id, take_over)
    if found.stopped:
        # what could not be asked is asked again; what finished rounds and waves rest on stays
        forget_failures(state.db, found.id, found.stopped.stage, finished_units(found))
    return go(found.but(stopped=None, output=None), state, settings, (out.absolute(),) if out else (), as_json)


def settings_now(run: "Run", state: "State", config: Path | None) -> "Settings":
    """Those of the named file, else of the file the run was started with as it is today, else those kept with it."""
    from factory.app import settings_of
    from factory.cli.options import settings_file, settings_for

    repo = Path(run.repo.path)
    file = config or (Path(run.config) if run.config else settings_file(None, repo))
    if file and (config or file.is_file()):
        return settings_for(file, repo, run.sandbox)
    return settings_of(run, state)
