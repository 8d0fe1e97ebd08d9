"""`factory`: the command line. One file a command; this one registers them and is the only error boundary."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from factory.cli import (
    agents,
    demo,
    doctor,
    gpu,
    graph,
    hunt,
    init,
    job,
    ledger,
    memory,
    models,
    replay,
    resume,
    review,
    run,
    runs,
    schema,
    serve,
    simulate,
    stage,
)
from factory.contracts.errors import DISK, FactoryError, ReplayDiffers, disk_problem

COMMANDS: dict[str, Callable[..., int]] = {
    "demo": demo.demo,
    "doctor": doctor.doctor,
    "hunt": hunt.hunt,
    "init": init.init,
    "replay": replay.replay,
    "resume": resume.resume,
    "review": review.review,
    "run": run.run,
    "schema": schema.schema,
    "simulate": simulate.simulate,
    "stage": stage.stage,
}
GROUPS = {"ledger": ledger.app, "models": models.app}


def build() -> typer.Typer:
    """The application with every command."""
    app = typer.Typer(
        name="factory",
        help="An issue goes in, a reviewed and tested pull request comes out.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(about)
    for name, command in COMMANDS.items():
        app.command(name)(command)
    for name, group in GROUPS.items():
        app.add_typer(group, name=name)
    app.add_typer(agents.build(), name="agents")
    app.add_typer(gpu.build(), name="gpu")
    app.add_typer(graph.build(), name="graph")
    app.add_typer(job.build(), name="job")
    app.add_typer(memory.build(), name="memory")
    app.add_typer(runs.build(), name="runs")
    app.add_typer(serve.build(), name="serve")
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"factory {version('dark-factory')}")
        raise typer.Exit


def about(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """An issue goes in, a reviewed and tested pull request comes out."""


def main() -> None:
    """Run the command and exit: 0 done, 1 not solved, 2 usage, 3 our bug, 4 a limit was hit, 130 interrupted."""
    import signal

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what ends a job unwinds it, as Ctrl-C does
    sys.exit(exit_code())


def exit_code(arguments: list[str] | None = None) -> int:
    try:
        result = build()(arguments, standalone_mode=False)
    except typer.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _say("Interrupted.")
        return 130
    except ReplayDiffers as difference:
        _say(f"The replay differs: {difference}")
        return 1
    except FactoryError as problem:
        _say(str(problem))
        return problem.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        if error.errno not in DISK:
            return _unexpected(error)
        _say(str(disk_problem(error, Path(error.filename or "the state directory"))))
        return 4
    except Exception as error:  # noqa: BLE001  the one boundary: anything else is our bug
        return _unexpected(error)
    code = result if isinstance(result, int) else 0
    if code == 130:  # what the option parser makes of Ctrl-C
        _say("Interrupted.")
    return code


def _unexpected(error: Exception) -> int:
    """Usage errors of the option parser say what is wrong with the command line; the rest is a bug of ours."""
    shown = getattr(error, "format_message", None)
    if shown:
        text = str(shown())
        print(text, file=sys.stderr) if text.startswith("Usage:") else _say(text)  # no argument: the help
        return int(getattr(error, "exit_code", 2))
    if type(error).__module__ == "sqlite3" and _damage(error):
        return 4
    import traceback

    traceback.print_exception(error)
    _say(f"This is a bug in the factory ({type(error).__name__}). Nothing is lost: `factory resume last` goes on.")
    return 3


def _damage(error: Exception) -> bool:
    """A question to a database met damage: the next start looks at all of the state's and mends it."""
    from factory.db import DAMAGED
    from factory.ledger.sound import doubt
    from factory.places import state_folder

    if not any(word in str(error) for word in DAMAGED):
        return False
    doubt(state_folder())
    _say(f"A database cannot be read ({error}): start any `factory` command again, the state's is rebuilt if need be.")
    return True


def _say(message: str) -> None:
    print(f"factory: {message}", file=sys.stderr)
