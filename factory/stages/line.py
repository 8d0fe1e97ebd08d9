"""THE LINE. Read this first: an issue goes in at the top, a reviewed and tested pull request comes out at the bottom.

Each stage reads the record of everything known about one task and returns a copy with one more field filled in.
"""

from collections.abc import Callable
from pathlib import Path

from factory.contracts.errors import FULL, FactoryError, Stopped, disk_problem
from factory.contracts.run import Run, Stop
from factory.stages.collect import collect
from factory.stages.deliver import deliver
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
    (refine, settled),
    (deliver, lambda run: run.delivery is not None),
)


def following(run: Run) -> Stage | None:
    """The first stage whose work is missing. Resume is nothing else than asking this again."""
    return next((stage for stage, done in STAGES if not done(run)), None)


def walk(run: Run, shop: Shop, until: Stage | None = None) -> Run:
    """From wherever the run stands to its end (or to the end of stage `until`)."""
    while (stage := following(run)) is not None:
        run = guard(stage, run, shop)
        shop.journal.save(run, stage.__name__)
        if run.stopped or stage is until:
            break
    return run if until else report(run, shop)  # always: every run ends with a last word


def guard(stage: Stage, run: Run, shop: Shop) -> Run:
    """One stage; whatever goes wrong in it becomes `run.stopped` with a typed reason, and nothing is lost."""
    name = stage.__name__
    shop.watcher.tell("stage", name=name, state="start")
    try:
        run = stage(run, shop)
    except KeyboardInterrupt:
        return stopped(run, "interrupted", f"Interrupted; `factory resume {run.id}` goes on.", name)
    except Stopped as stop:
        return stopped(run, stop.reason, str(stop), name)
    except FactoryError:
        raise  # bad input, or a lease lost to another process: not this run's end
    except OSError as error:
        if error.errno not in FULL:
            return bug(run, shop, error, name)
        return stopped(run, "disk_full", str(disk_problem(error, Path(error.filename or "the state directory"))), name)
    except Exception as error:  # noqa: BLE001  the stage's edge: a bug of ours must still leave a record
        return bug(run, shop, error, name)
    finally:
        shop.watcher.tell("stage", name=name, state="done")
    return run


def bug(run: Run, shop: Shop, error: Exception, name: str) -> Run:
    shop.journal.note(run.id, "internal_error", stage=name, trace=trace(error))
    return stopped(run, "internal_error", f"A bug in the factory: {type(error).__name__}: {error}", name)


def stopped(run: Run, reason: str, message: str, stage: str) -> Run:
    stop = Stop.model_validate({"reason": reason, "message": message, "stage": stage})
    return run.but(stopped=stop)


def trace(error: Exception) -> str:
    import traceback

    return "".join(traceback.format_exception(error))[-8000:]
