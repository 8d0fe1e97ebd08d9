"""factory stage"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Config, SandboxKind
from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.app import State
    from factory.cli.arriving import Order
    from factory.contracts.change import Change
    from factory.contracts.run import Run
    from factory.stages.shop import Shop, Stage

NAMES = ("intake", "gather", "plan", "generate", "collect", "verify", "refine", "deliver", "work")
PROVES = ("verify", "refine", "work")  # of these: the ones that run the repository's code for certain


def stage(
    name: Annotated[
        str,
        typer.Argument(
            help="intake, gather, plan, generate, collect, verify, refine, deliver; or work: all that is left up to "
            "and with refine."
        ),
    ],
    run: Annotated[
        Path,
        typer.Option(help="The run.json to read; the result is written back to it, with the bundle it belongs to."),
    ],
    unit: Annotated[
        str, typer.Option(help="With generate: this unit only, into change-UNIT.json and unit-UNIT.json.")
    ] = "",
    changes: Annotated[
        Path | None,
        typer.Option(help="Where units' files are written (generate) and looked for (collect), else beside run.json."),
    ] = None,
    digest: Annotated[
        str, typer.Option(help="The bundle's digest as the job before gave it: another is refused.")
    ] = "",
    repo: Annotated[Path, typer.Option(help="The git repository: of a new run, or this machine's checkout.")] = Path(),
    issue: Annotated[str, typer.Option(help="With intake or work: the issue's file, which makes a new run.json.")] = "",
    ticket: Annotated[
        Path | None, typer.Option(help="With intake or work: the ticket of the gate, which names and pins the run.")
    ] = None,
    base: Annotated[str, typer.Option(help="With intake: branch, tag or commit to start from.")] = "",
    bundle: Annotated[bool, typer.Option("--bundle", help="With intake: leave a bundle for another machine.")] = False,
    config: Config = None,
    sandbox: SandboxKind = "",
) -> int:
    """One stage of the line as a job of its own. Reads run.json, writes run.json; collect takes change-*.json in.

    With manifest.json beside run.json, or a ticket, the folder is a bundle: checked when it is read, written anew
    after the stage, also when the run stops. In a job of GitHub Actions it sets the outputs digest, units, stopped
    and done."""
    if name not in NAMES:
        raise UsageProblem(f"There is no stage {name!r}: choose one of {', '.join(NAMES)}.")
    print(f"factory: {name}{f' {unit}' if unit else ''} of {run}", file=sys.stderr, flush=True)
    from factory.app import open_state
    from factory.cli.arriving import Order
    from factory.places import state_folder

    order = Order(
        name=name, run=run, unit=unit, changes=changes, digest=digest, repo=repo, issue=issue, ticket=ticket, base=base,
        bundle=bundle, config=config, sandbox=sandbox, environment=os.environ,
    )  # fmt: skip
    return perform(order, open_state(state_folder()))


def perform(order: "Order", state: "State") -> int:
    """What the command does, on the given state."""
    from factory.app import make_shop
    from factory.cli.arriving import arrive
    from factory.cli.go import check_machine, stop_politely
    from factory.cli.leaving import leave
    from factory.cli.metering import metered
    from factory.render.terminal import watcher
    from factory.stages.line import interrupted

    run, settings, bundled, passed = arrive(order, state)
    check_machine(state, settings, sandboxed=order.name in PROVES and not passed)
    if order.unit:
        state.journal.share(run.id)  # units of a wave are jobs side by side
    else:
        state.journal.lease(run.id)
    stop_politely(state)
    with watcher(sys.stderr, plain=True) as view, metered(run.id, state):
        shop = make_shop(run, state, settings, view)
        if order.unit:
            return _one_unit(run, shop, state, order, bundled)
        try:
            run = _all_of_it(order, run, shop, state, passed)
        except KeyboardInterrupt:  # between two stages; inside one the line has caught it
            run = interrupted(state.journal.load(run.id), order.name)
            state.journal.save(run, order.name)
    state.journal.release(run.id)
    return leave(order, run, state, bundled)


def _all_of_it(order: "Order", run: "Run", shop: "Shop", state: "State", passed: bool) -> "Run":
    if order.issue:
        _learn(Path(order.issue).parent, shop)
    if not passed:
        run = _performed(order, run, shop, state)
    return _merged(run, shop) if order.name == "plan" else run


def _performed(order: "Order", run: "Run", shop: "Shop", state: "State") -> "Run":
    from factory.stages.generate import missing
    from factory.stages.line import STAGES

    if order.name == "work":
        return _worked(run, shop)
    stages = {each.__name__: each for each, _ in STAGES}
    if order.name == "collect" and missing(run):
        run = _with_changes(order, run, shop, state)
    return run if run.stopped else _through(stages[order.name], run, shop)


def _merged(run: "Run", shop: "Shop") -> "Run":
    """A word on an earlier run may leave a wave that is written already: no job of its own would merge it."""
    from factory.stages.collect import collect
    from factory.stages.line import following, step

    while run.pending and not run.stopped and following(run) is collect:
        run = step(collect, run, shop)
    return run


def _through(stage: "Stage", run: "Run", shop: "Shop") -> "Run":
    """One pass of the stage; refine takes as many as it has rounds."""
    from factory.stages.line import following, step
    from factory.stages.refine import refine

    run = step(stage, run, shop)
    while stage is refine and not run.stopped and following(run) is refine:
        run = step(stage, run, shop)
    return run


def _worked(run: "Run", shop: "Shop") -> "Run":
    """From wherever the run stands up to and with refine; a dry run ends with the plan."""
    from factory.stages.deliver import deliver
    from factory.stages.generate import generate
    from factory.stages.lessons import remember
    from factory.stages.line import following, step

    while not run.stopped and (stage := following(run)) not in (None, deliver):
        assert stage is not None
        if stage is generate and run.ticket and run.ticket.dry_run:
            break
        run = step(stage, run, shop)
    remember(run, shop)
    return run


def _learn(folder: Path, shop: "Shop") -> None:
    """What earlier runs taught on other machines, when the gate left it beside the issue."""
    from factory.contracts.memory import SHARED_FILE

    shared = folder / SHARED_FILE
    if shop.memory is not None and shared.is_file() and not shared.is_symlink():
        print(f"factory: {shop.memory.take(shared)}", file=sys.stderr, flush=True)


def _one_unit(run: "Run", shop: "Shop", state: "State", order: "Order", bundled: bool) -> int:
    """The change is written whatever happens to the unit, with what it cost."""
    from factory.cli.leaving import leave_unit
    from factory.contracts.errors import Stopped
    from factory.contracts.run import Stop
    from factory.stages.generate import failed, one_unit, unit_named

    unit, stopped = unit_named(run, order.unit), None
    try:
        change: Change = one_unit(run, shop, unit)
    except Stopped as stop:
        stopped = Stop(reason=stop.reason, message=str(stop), stage="generate")
    except KeyboardInterrupt:
        stopped = Stop(reason="interrupted", message="The unit was interrupted: run its job again.", stage="generate")
    if stopped:
        change = failed(unit, run.tree or run.repo.tree, stopped.message)
    return leave_unit(order, run, state, change, stopped)


def _with_changes(order: "Order", run: "Run", shop: "Shop", state: "State") -> "Run":
    """The wave's changes from their files; what stops one unit for good stops the run, as it does in one process."""
    from factory.cli.arriving import taken_in
    from factory.stages.generate import in_order
    from factory.stages.line import stopped

    if run.plan is None:
        raise UsageProblem("This run has no plan yet: run the stages before collect first.")
    arrived = taken_in(order, run, state)
    halt = next((each.stopped for each in arrived if each.stopped), None)
    if halt:
        run = stopped(run, halt.reason, halt.message, halt.stage)
        shop.journal.save(run, "collect")
        return run
    return run.but(pending=in_order(run, (*run.pending, *(each.change for each in arrived))))
