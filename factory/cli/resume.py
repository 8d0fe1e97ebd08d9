"""factory resume"""

from typing import Annotated

import typer

from factory.cli.options import Config, Json, Out


def resume(
    run: Annotated[str, typer.Argument(help="The run's id, a unique prefix of it, or `last`.")],
    config: Config = None,
    out: Out = None,
    as_json: Json = False,
) -> int:
    """Go on with a run that was stopped, killed or interrupted. Finished steps are neither paid nor run again."""
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
    settings = settings_for(config, None, found.sandbox) if config else settings_of(found, state)
    return go(found.but(stopped=None, output=None), state, settings, (out.absolute(),) if out else (), as_json)
