"""factory stage"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Config, SandboxKind
from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.app import State
    from factory.contracts.change import Change
    from factory.contracts.run import Run
    from factory.stages.shop import Shop, Stage


def stage(
    name: Annotated[str, typer.Argument(help="intake, gather, plan, generate, collect, verify, refine or deliver.")],
    run: Annotated[Path, typer.Option(help="The run.json to read; the result is written back to it.")],
    unit: Annotated[
        str, typer.Option(help="With generate: this unit only, into change-UNIT.json beside run.json.")
    ] = "",
    repo: Annotated[Path, typer.Option(help="With intake: the git repository of a new run.")] = Path(),
    issue: Annotated[str, typer.Option(help="With intake: the issue's file, which makes a new run.json.")] = "",
    base: Annotated[str, typer.Option(help="With intake: branch, tag or commit to start from.")] = "",
    config: Config = None,
    sandbox: SandboxKind = "",
) -> int:
    """One stage of the line as a job of its own: reads run.json, writes run.json; collect takes change-*.json in."""
    from factory.app import issue_key, make_shop, open_state, settings_of
    from factory.cli.go import code_of
    from factory.cli.options import settings_for
    from factory.files import write_whole
    from factory.render.terminal import watcher
    from factory.settings import state_folder
    from factory.stages.line import STAGES

    stages = {each.__name__: each for each, _ in STAGES}
    if name not in stages:
        raise UsageProblem(f"There is no stage {name!r}: choose one of {', '.join(stages)}.")
    state = open_state(state_folder())
    found = _new(state, repo, issue, base, config, sandbox) if issue else _read(run)
    state.journal.adopt(found, issue_key(found))
    if unit:
        state.journal.share(found.id)  # units of a wave are jobs side by side
    else:
        state.journal.lease(found.id)
    settings = settings_for(config, None, sandbox) if config else settings_of(found, state)
    with watcher(sys.stderr, plain=True) as view:
        shop = make_shop(found, state, settings, view)
        if unit:
            return _one_unit(found, shop, unit, run.parent)
        if name == "collect" and not found.pending:
            found = found.but(pending=_changes(found, run.parent))
        done = _through(stages[name], found.but(stopped=None), shop)
    state.journal.release(done.id)
    write_whole(run, done.to_json(indent=2) + "\n")
    return code_of(done) if done.stopped else 0


def _through(stage: "Stage", run: "Run", shop: "Shop") -> "Run":
    """One pass of the stage; refine takes as many as it has rounds."""
    from factory.stages.line import following, step
    from factory.stages.refine import refine

    run = step(stage, run, shop)
    while stage is refine and not run.stopped and following(run) is refine:
        run = step(stage, run, shop)
    return run


def _read(path: Path) -> "Run":
    from factory.contracts.record import ValidationError, problems
    from factory.contracts.run import Run

    try:
        return Run.from_json(path.read_bytes())
    except FileNotFoundError:
        raise UsageProblem(f"{path} does not exist: make it with `factory stage intake --repo … --issue …`.") from None
    except ValidationError as error:
        raise UsageProblem(f"{path} is not a run record: {problems(error)[0]}.") from None


def _new(state: "State", repo: Path, issue: str, base: str, config: Path | None, sandbox: str) -> "Run":
    from factory.app import new_run
    from factory.cli.options import issue_event, settings_file, settings_for

    repo = repo.absolute()
    return new_run(
        state, repo, base, issue_event(issue), settings_for(config, repo, sandbox), settings_file(config, repo)
    )


def _one_unit(run: "Run", shop: "Shop", unit: str, folder: Path) -> int:
    from factory.files import write_whole
    from factory.stages.generate import one_unit, unit_named

    change = one_unit(run, shop, unit_named(run, unit))
    write_whole(folder / f"change-{change.unit}.json", change.to_json(indent=2) + "\n")
    return 1 if change.error else 0


def _changes(run: "Run", folder: Path) -> "tuple[Change, ...]":
    """The wave's changes from their files; a unit without one is reported as failed, not forgotten."""
    from factory.contracts.change import Change
    from factory.contracts.record import ValidationError, problems
    from factory.edits.leases import waves
    from factory.stages.generate import failed

    if run.plan is None:
        raise UsageProblem("This run has no plan yet: run the stages before collect first.")
    found = []
    for unit in waves(run.plan)[len(run.waves)]:
        path = folder / f"change-{unit.id}.json"
        try:
            found.append(Change.from_json(path.read_bytes()))
        except FileNotFoundError:
            found.append(failed(unit, run.tree or run.repo.tree, f"there is no {path.name}"))
        except ValidationError as error:
            found.append(failed(unit, run.tree or run.repo.tree, f"{path.name} is damaged: {problems(error)[0]}"))
    return tuple(found)
