"""factory ledger: what a run did and cost"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Config, Json

if TYPE_CHECKING:
    from factory.ledger.days import KeyDay

app = typer.Typer(help="What runs did and cost, what left the machine. What each key used today.", no_args_is_help=True)
RunId = Annotated[str, typer.Argument(help="The run's id, a unique prefix of it, or `last`.")]
All = Annotated[bool, typer.Option("--all", help="Everything that ever left, the gateway's requests too.")]
Day = Annotated[str, typer.Option("--day", help="One UTC day, YYYY-MM-DD or `today`: all runs and the gateway.")]
Books = Annotated[
    list[str] | None,
    typer.Option(
        "--books",
        metavar="WHERE",
        help="Where the runner minutes of runs on GitHub stand: OWNER/NAME there, a clone with the branch "
        "factory-ledger, or a file of its lines. May be said again.",
    ),
]
By = Annotated[str, typer.Option("--by", help="run | endpoint | file | piece (lines and SHA-256 of each).")]


@app.command("show")
def show(run: RunId = "last", as_json: Json = False) -> int:
    """Every finished step of a run, in order."""
    import json
    import sys

    from factory.app import open_state
    from factory.places import state_folder
    from factory.render.terminal import table

    state = open_state(state_folder())
    found = state.journal.load(run)
    steps = list(state.journal.steps(found.id))
    if as_json:
        print(json.dumps([{**step.model_dump(), "input": None, "output": None} for step in steps], indent=2))
        return 0
    rows = [
        (step.started[11:23], step.stage, step.unit or "-", str(step.n), step.kind, f"{step.seconds:.2f} s")
        for step in steps
    ]
    print(f"Run {found.id}: {len(steps)} finished steps")
    table(rows, ("at", "stage", "unit", "n", "kind", "took"), sys.stdout)
    return 0


@app.command("egress")
def egress(run: RunId = "last", everything: All = False, day: Day = "", by: By = "file", as_json: Json = False) -> int:
    """What each endpoint was sent of the repository, counted before it left, and the share of the repository."""
    from factory.cli.ledger_egress import show

    return show(run, everything, day, by, as_json)


@app.command("cost")
def cost(
    run: RunId = "last",
    merged: Annotated[
        bool, typer.Option("--merged", help="A row for each merged change, all its runs together.")
    ] = False,
    month: Annotated[str, typer.Option("--month", help="YYYY-MM: write that month's page, with plots.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="The page's file; else in the state folder.")] = None,
    price: Annotated[str, typer.Option("--price", help="IN/OUT, dollars per million tokens, to compare with.")] = "",
    books: Books = None,
    config: Config = None,
    as_json: Json = False,
) -> int:
    """Money, tokens, machines by role and tier, and what a frontier model alone would have cost."""
    from factory.cli import ledger_cost

    asked = ledger_cost.Asked(config, price, as_json, tuple(books or ()))
    if month:
        return ledger_cost.of_month(month, out, asked)
    return ledger_cost.of_merged(asked) if merged else ledger_cost.of_run(run, asked)


@app.command("keys")
def keys(config: Config = None, as_json: Json = False) -> int:
    """What each key of the gateway used today (UTC): requests, tokens and dollars, against its caps."""
    import json
    import sys

    from factory.app import open_state
    from factory.cli.options import settings_for
    from factory.ledger.days import days_of_keys
    from factory.places import state_folder
    from factory.render.terminal import table

    state = open_state(state_folder())
    days = days_of_keys(state.db, state.clock.now()[:10], settings_for(config, None).serve.keys)
    if as_json:
        print(json.dumps([day.model_dump() for day in days], indent=2))
        return 0
    if not days:
        print("No key was used today, and none is in the settings.")
        return 0
    heads = ("key", "requests", "tokens in", "out", "counted", "of", "cost", "of")
    table([_row(day) for day in days], heads, sys.stdout)
    return 0


def _row(day: "KeyDay") -> tuple[str, ...]:
    tokens = "no limit" if day.cap_tokens is None else f"{day.cap_tokens:,}"
    dollars = "no limit" if day.cap is None else f"${day.cap / 1e6:.2f}"
    used = (f"{day.requests:,}", f"{day.tokens_in:,}", f"{day.tokens_out:,}", f"{day.tokens:,}", tokens)
    return (day.key or "(anybody)", *used, f"${day.cost / 1e6:.4f}", dollars)


@app.command("lost")
def lost_(
    clear: Annotated[bool, typer.Option("--clear", help="You have looked: the limits count what is known.")] = False,
) -> int:
    """Spending that a damaged state database forgot, counted as used up until you have looked at the bill."""
    from factory.app import open_state
    from factory.ledger.lost import forgive, lost
    from factory.places import state_folder

    state = open_state(state_folder())
    rows = lost(state.db)
    for day, run in rows:
        print(f"{day}  {f'run {run}' if run else 'the whole day'}")
    if not rows:
        print("No spending is lost.")
    elif clear:
        print(f"Taken back: {forgive(state.db)} rows.")
    return 0
