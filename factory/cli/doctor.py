"""factory doctor"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Config, Json, SandboxKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from factory.install.checkup import Row
    from factory.settings import Settings


def doctor(
    github: Annotated[str, typer.Option(help="OWNER/NAME: also look at that repository (GITHUB_TOKEN: yours).")] = "",
    runner: Annotated[Path | None, typer.Option(help="Folder of the box's runner: also look at it.")] = None,
    attack: Annotated[bool, typer.Option("--attack", help="Attack this box and these settings, safely.")] = False,
    sandbox: SandboxKind = "",
    config: Config = None,
    as_json: Json = False,
) -> int:
    """See what the factory needs here. Each line says what to do about what is missing. Exit 1 if something is."""
    import json
    import sys

    from factory.cli.options import settings_for
    from factory.install.checkup import gathered
    from factory.render.terminal import table

    if attack:
        from factory.cli.doctor_attack import show

        return show(config, sandbox, as_json)
    settings = settings_for(config, None, sandbox)
    checks = _here(settings, runner) + (_there(github, settings) if github else [])
    rows = gathered(checks)
    if as_json:
        print(json.dumps([row.model_dump() for row in rows], indent=2))
    else:
        table(
            [(row.part, row.state, row.detail) for row in rows],
            ("part", "state", "what was found, what to do"),
            sys.stdout,
        )
    return 1 if any(row.state == "missing" for row in rows) else 0


def _here(settings: "Settings", runner: Path | None) -> "list[tuple[str, Callable[[], Iterable[Row]]]]":
    from factory.app import SystemClock
    from factory.install import machine
    from factory.llm.models import models
    from factory.places import state_folder

    ask = models(os.environ, SystemClock(), state_folder())
    found: list[tuple[str, Callable[[], Iterable[Row]]]] = [
        ("sandbox", machine.sandbox),
        ("git", machine.git),
        ("browser", machine.pages),
        ("disk", lambda: machine.disk(state_folder())),
        ("gpu", machine.gpu),
        ("endpoints", lambda: machine.endpoints(settings.endpoints, ask)),
        ("issue templates", lambda: machine.templates(Path())),
    ]
    if runner:
        found.append(("runner", lambda: machine.runner(runner.absolute())))
    return found


def _there(github: str, settings: "Settings") -> "list[tuple[str, Callable[[], Iterable[Row]]]]":
    from factory.install.hub import hub_of
    from factory.install.online import Online

    online = Online(hub_of(github, os.environ), settings)
    return [(name, getattr(online, name))
            for name in ("clock", "labels", "actions", "keys", "runners", "workflows")]  # fmt: skip
