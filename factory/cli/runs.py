"""factory runs: what runs there are on this machine, and what to do about them; one file a command"""

import typer

from factory.cli import runs_cancel, runs_gc, runs_list, runs_recover, runs_show


def build() -> typer.Typer:
    app = typer.Typer(help="Runs on this machine: list, show, cancel, recover, clear away.", no_args_is_help=True)
    app.command("list")(runs_list.list_)
    app.command("show")(runs_show.show)
    app.command("cancel")(runs_cancel.cancel)
    app.command("recover")(runs_recover.recover)
    app.command("gc")(runs_gc.gc)
    return app
