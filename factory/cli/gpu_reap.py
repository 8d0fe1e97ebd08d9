"""factory gpu reap"""

import json
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Config, Json

if TYPE_CHECKING:
    from factory.rented.reaper import Verdict


def reap(
    yes: Annotated[bool, typer.Option("--yes", help="End them; else they are only listed.")] = False,
    everybody: Annotated[bool, typer.Option("--all", help="Also those of other gateways on this account.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> int:
    """End rented machines that no living gateway keeps. Exit 1: some must go and are still there."""
    from factory.cli.options import settings_for
    from factory.places import state_folder
    from factory.rented.reaper import reap as look
    from factory.rented.skypilot import clouds_of

    folder = state_folder() / "rented"
    clouds = clouds_of(settings_for(config, None).rented, folder)
    try:
        found = look([clouds.sky, *clouds.others], folder, time.time(), yes, everybody)
    finally:
        clouds.close()
    if as_json:
        print(json.dumps([verdict.model_dump(mode="json") for verdict in found], indent=2))
    else:
        _print(found, yes)
    return 1 if any(verdict.fate == "destroy" and not verdict.done for verdict in found) else 0


def _print(found: "tuple[Verdict, ...]", yes: bool) -> None:
    from factory.render.terminal import table

    if not found:
        print("No rented machine has our label.")
        return
    table(
        [(each.machine.label, _said(each), each.problem or each.why) for each in found], ("label", "", ""), sys.stdout
    )
    if not yes and any(each.fate == "destroy" for each in found):
        print("Nothing was ended. End them with --yes.")


def _said(verdict: "Verdict") -> str:
    if verdict.fate != "destroy":
        return "stays"
    return "ended" if verdict.done else "could not be ended" if verdict.problem else "must go"
