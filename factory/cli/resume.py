"""factory resume"""

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import Config, Json, Out


def resume(
    run: Annotated[str, typer.Argument(help="The run's id, a unique prefix of it, or `last`.")],
    take_over: Annotated[bool, typer.Option(help="Also from a process that seems to be at work on it.")] = False,
    config: Config = None,
    out: Out = None,
    as_json: Json = False,
) -> int:
    """Go on with a run that was stopped, killed or interrupted. Finished steps are neither paid nor run again.

    The settings file the run was started with is read again, so that a raised limit or a new key counts."""
    from factory.app import open_state, settings_of
    from factory.cli.go import go
    from factory.cli.options import settings_file, settings_for
    from factory.ledger.failures import forget_failures
    from factory.places import state_folder
    from factory.stages.refine import finished_units

    state = open_state(state_folder())
    found = state.journal.load(run)
    state.journal.lease(found.id, take_over)
    if found.stopped:
        # what could not be asked is asked again; what finished rounds and waves rest on stays
        forget_failures(state.db, found.id, found.stopped.stage, finished_units(found))
    repo = Path(found.repo.path)
    file = config or (Path(found.config) if found.config else settings_file(None, repo))
    settings = settings_of(found, state)
    if file and (config or file.is_file()):
        settings = settings_for(file, repo, found.sandbox)
    return go(found.but(stopped=None, output=None), state, settings, (out.absolute(),) if out else (), as_json)
