"""factory gpu profile"""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Config, Json

if TYPE_CHECKING:
    from factory.gpu.status import Switch


def profile(
    name: Annotated[str, typer.Argument(help="The profile to switch to: dev, production, creative, or one of yours.")],
    config: Config = None,
    as_json: Json = False,
) -> int:
    """Switch the running server to another set of models. Exit 1: it did not come up, and the old one is back."""
    import json

    from factory.cli.options import settings_for
    from factory.contracts.errors import UsageProblem
    from factory.gpu import profiles
    from factory.gpu.port import order
    from factory.gpu.status import Switch

    settings = settings_for(config, None)
    if not as_json:
        print(f"switching to {name}: what has no place in it drains first …", file=sys.stderr)
    body = json.dumps({"name": name})
    found = order(settings.serve, os.environ, "POST", "/factory/profile", body)
    if found is None:
        profiles.profile(settings, name)  # a wrong name is said first
        raise UsageProblem(
            f"No server manages cards at {settings.serve.host}:{settings.serve.port}: "
            f"start `factory serve --profile {name}`."
        )
    switch = Switch.model_validate(found)
    if as_json:
        print(switch.to_json(indent=2))
    else:
        _print(switch)
    return 0 if switch.done else 1


def _print(switch: "Switch") -> None:
    from factory.render.terminal import table

    rows = [(step.what, step.model, f"{step.seconds:.1f} s", step.problem or "done") for step in switch.steps]
    if rows:
        table(rows, ("what", "model", "took", "how it went"), sys.stdout)
    if switch.done:
        print(f"{switch.profile} is on after {switch.seconds:.1f} s; it was {switch.before}.")
    else:
        print(f"{switch.profile} did not come up ({switch.why}); {switch.before} is back after {switch.seconds:.1f} s.")
