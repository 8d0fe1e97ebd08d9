"""THE LINE. Read this first: an issue goes in at the top, a reviewed and tested pull request comes out at the bottom.

Each stage reads the record of everything known about one task and returns a copy with one more field filled in.
"""

from collections.abc import Callable
from pathlib import Path

from factory.contracts.errors import DISK, Abandoned, FactoryError, Stopped, disk_problem, reason_of
from factory.contracts.run import Run, Stop
from factory.stages.collect import collect
from factory.stages.deliver import deliver, delivered, worth_keeping
from factory.stages.gather import gather
from factory.stages.generate import all_waves_done, generate, wave_written
from factory.stages.intake import intake
from factory.stages.plan import plan
from factory.stages.refine import refine, settled
from factory.stages.report import report
from factory.stages.shop import Shop, Stage
from factory.stages.verify import verify

STAGES: tuple[tuple[Stage, Callable[[Run], bool]], ...] = (
    # the stage    what it leaves behind: a stage whose work is there already is passed by
    (intake, lambda run: run.task is not None),
    (gather, lambda run: run.pack is not None),
    (plan, lambda run: run.plan is not None),
    (generate, wave_written),  # ─┐ one wave of units side by side, then merged: the two alternate, so that
    (collect, all_waves_done),  # ┘ wave 2 sees what wave 1 wrote
    (verify, lambda run: run.evidence is not None),
    (refine, settled),  # one round of review, judgement and fixes at a time
    (deliver, delivered),
)


def following(run: Run) -> Stage | None:
    """The first stage whose work is missing. Resume is nothing else than asking this again."""
    return next((stage for stage, done in STAGES if not done(run)), None)


def walk(run: Run, shop: Shop) -> Run:
    """From wherever the run stands to its end. Work that a stop cut short is kept as a draft."""
    while not run.stopped and (stage := following(run)) is not None:
        run = step(stage, run, shop)
    if run.stopped and worth_keeping(run):
        run = step(deliver, run, shop)
    return report(run, shop)  # always: every run ends with a last word


def step(stage: Stage, run: Run, shop: Shop) -> Run:
    """One stage, guarded, and the record of it saved with the settings it ran under."""
    place = place_of(stage, run)
    run = guard(stage, run, shop)
    if shop.kept != run.settings:
        run = run.but(resettled={**run.resettled, place: shop.kept})
    shop.journal.save(run, stage.__name__)
    return run


def place_of(stage: Stage, run: Run) -> str:
    """A name for one pass of a stage: generate and refine have several."""
    return f"{stage.__name__} {len(run.waves)} {len(run.rounds)}"


def guard(stage: Stage, run: Run, shop: Shop) -> Run:
    """One stage; whatever goes wrong in it becomes `run.stopped` with a typed reason, and nothing is lost."""
    name = stage.__name__
    shop.watcher.tell("stage", name=name, state="start")
    try:
        run = stage(run, shop)
    except KeyboardInterrupt:
        return interrupted(run, name)
    except Stopped as halt:
        return stopped(run, halt.reason, str(halt), name)
    except Abandoned:
        raise  # the run is another process's, or a replay's: write nothing
    except FactoryError as problem:
        return stopped(run, reason_of(problem), str(problem), name)
    except OSError as error:
        if error.errno not in DISK:
            return bug(run, shop, error, name)
        stop = disk_problem(error, Path(error.filename or "the state directory"))
        return stopped(run, stop.reason, str(stop), name)
    except Exception as error:  # noqa: BLE001  the stage's edge: a bug of ours must still leave a record
        return bug(run, shop, error, name)
    finally:
        shop.watcher.tell("stage", name=name, state="done")
    return run


def bug(run: Run, shop: Shop, error: Exception, name: str) -> Run:
    import traceback

    trace = "".join(traceback.format_exception(error))[-8000:]
    shop.journal.note(run.id, "internal_error", stage=name, trace=trace)
    return stopped(run, "internal_error", f"A bug in the factory: {type(error).__name__}: {error}", name)


def interrupted(run: Run, stage: str) -> Run:
    return stopped(run, "interrupted", f"Interrupted; `factory resume {run.id}` goes on.", stage)


def stopped(run: Run, reason: str, message: str, stage: str) -> Run:
    """The first reason counts: a delivery of what is there does not hide why it is cut short."""
    if run.stopped:
        return run
    return run.but(stopped=Stop.model_validate({"reason": reason, "message": message, "stage": stage}))
