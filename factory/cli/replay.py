"""factory replay"""

from typing import Annotated

import typer

from factory.cli.options import Json


def replay(
    run: Annotated[str, typer.Argument(help="The run's id, a unique prefix of it, or `last`.")],
    rerun_checks: Annotated[bool, typer.Option(help="Run the tests again and compare with what was recorded.")] = False,
    as_json: Json = False,
) -> int:
    """Walk a run again offline from its recording. Same tree, same verdict, or the first difference by name."""
    import json

    from factory.app import open_state, replay_run
    from factory.places import state_folder

    state = open_state(state_folder())
    result = replay_run(state, state.journal.load(run), rerun_checks)
    if as_json:
        print(json.dumps(result.model_dump(), indent=2))
    else:
        again = ", checks run again" if rerun_checks else ""
        verdict = result.verdict or "none"
        print(f"The same: {result.steps} steps replayed{again}; tree {result.tree[:12]}, verdict {verdict}.")
    return 0
