"""factory resume"""

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import Config, Json, Out


def resume(
    run: Annotated[str, typer.Argument(help="The run's id, a unique prefix of it, or `last`.")],
    config: Config = None,
    out: Out = None,
    as_json: Json = False,
) -> int:
    """Go on with a run that was stopped, killed or interrupted. Finished steps are neither paid nor run again.

    The settings file the run was started with is read again, so that a raised limit or a new key counts."""
    from factory.app import open_state, settings_of
    from factory.cli.go import go
    from factory.cli.options import settings_for
    from factory.ledger.failures import forget_failures
    from factory.settings import state_folder

    state = open_state(state_folder())
    found = state.journal.load(run)
    state.journal.lease(found.id)
    if found.stopped:
        forget_failures(state.db, found.id, found.stopped.stage)  # what could not be asked is asked again
    file = config or Path(found.config)
    settings = settings_of(found, state)
    if config or (found.config and file.is_file()):
        settings = settings_for(file, Path(found.repo.path), found.sandbox)
    return go(found.but(stopped=None, output=None), state, settings, (out.absolute(),) if out else (), as_json)
