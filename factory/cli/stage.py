"""factory stage"""

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import Config
from factory.contracts.errors import UsageProblem


def stage(
    name: Annotated[str, typer.Argument(help="intake, gather, plan, generate, collect, verify, refine or deliver.")],
    run: Annotated[Path, typer.Option(help="The run.json to read; the result is written back to it.")],
    unit: Annotated[str, typer.Option(help="With generate: write change-UNIT.json for this unit only.")] = "",
    config: Config = None,
) -> int:
    """One stage of the line as a job of its own: reads run.json, writes run.json."""
    import sys

    from factory.app import make_shop, open_state, settings_of
    from factory.cli.go import code_of
    from factory.cli.options import settings_for
    from factory.contracts.record import ValidationError, problems
    from factory.contracts.run import Run
    from factory.files import write_whole
    from factory.render.terminal import watcher
    from factory.settings import state_folder
    from factory.stages.generate import one_unit, unit_named
    from factory.stages.line import STAGES, guard

    stages = {each.__name__: each for each, _ in STAGES}
    if name not in stages:
        raise UsageProblem(f"There is no stage {name!r}: choose one of {', '.join(stages)}.")
    try:
        found = Run.from_json(run.read_bytes())
    except FileNotFoundError:
        raise UsageProblem(f"{run} does not exist: give --run the path of a run.json.") from None
    except ValidationError as error:
        raise UsageProblem(f"{run} is not a run record: {problems(error)[0]}.") from None
    state = open_state(state_folder())
    state.journal.lease(found.id)
    settings = settings_for(config, None, found.sandbox) if config else settings_of(found, state)
    with watcher(sys.stderr, plain=True) as view:
        shop = make_shop(found, state, settings, view)
        if unit:
            change = one_unit(found, shop, unit_named(found, unit))
            write_whole(run.parent / f"change-{unit}.json", change.to_json(indent=2) + "\n")
            return 1 if change.error else 0
        done = guard(stages[name], found.but(stopped=None), shop)
    state.journal.save(done, name)
    state.journal.release(done.id)
    write_whole(run, done.to_json(indent=2) + "\n")
    return code_of(done) if done.stopped else 0
