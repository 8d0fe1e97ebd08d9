"""What `factory doctor --attack` shows: a red/green table of attacks on this machine and its settings"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from factory.install.attack.tried import Tried
    from factory.settings import Settings


def show(config: Path | None, sandbox: str, as_json: bool) -> int:
    """1 with any red row. A file that switches the sandbox off is a finding here, not a refusal."""
    import json

    from factory.install.attack.start import attack
    from factory.render.attacked import coloured
    from factory.render.stream import is_terminal

    settings = _settings(config, sandbox)
    if not as_json:
        print("Attacking a throw-away repository under your settings (under a minute) …", file=sys.stderr)
    rows = attack(settings)
    if as_json:
        print(json.dumps([row.model_dump() for row in rows], indent=2))
    elif is_terminal(sys.stdout):
        coloured([(row.state, row.tried, row.held, row.remedy) for row in rows], sys.stdout)
    else:
        for row in rows:
            print(f"{row.state:6}  {row.id}: {row.tried}: {row.held}{f' -> {row.remedy}' if row.remedy else ''}")
    if not as_json:
        print(_last(rows))
    return 1 if any(row.state == "red" for row in rows) else 0


def _settings(config: Path | None, sandbox: str) -> "Settings":
    from factory.cli.options import sandboxed, settings_file
    from factory.settings import load

    settings = load(settings_file(config, None), None, os.environ)
    return sandboxed(settings, sandbox) if sandbox else settings


def _last(rows: "Sequence[Tried]") -> str:
    counts = {state: sum(row.state == state for row in rows) for state in ("green", "yellow", "red")}
    said = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return f"{len(rows)} rows: {said}. Nothing of yours was changed, nothing left this machine."
