"""ruff: its own rules and those of bandit, bugbear and flake8-datetimez. The tree's configuration is not read."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from factory.hunt.detector import Hit
from factory.hunt.engines.process import EngineProblem, program, run
from factory.hunt.ground import Ground


def version() -> str:
    return run([program("ruff"), "--version"], Path("/")).text.strip().removeprefix("ruff ")


def look(ground: Ground, codes: Sequence[str]) -> list[Hit]:
    """Raises EngineProblem."""
    done = run(
        [
            program("ruff"), "check", "--isolated", "--no-cache", "--exit-zero", "--output-format=json",
            "--no-respect-gitignore", "--config=exclude=[]",
            f"--select={','.join(codes)}", "--", str(ground.root),
        ],
        Path("/"),
    )  # fmt: skip
    if done.status:
        raise EngineProblem(f"ruff gave up: {done.said or f'exit code {done.status}'}")
    try:
        rows = json.loads(done.text)
        found = [_hit(row, ground.root) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise EngineProblem(f"ruff's output is not what it was: {type(error).__name__}.") from None
    wanted = set(codes)
    return [hit for hit in found if hit.code in wanted]  # a file that does not parse has rows of its own


def _hit(row: dict[str, Any], root: Path) -> Hit:
    path = Path(row["filename"]).relative_to(root).as_posix()
    start, end = row["location"]["row"], row["end_location"]["row"]
    return Hit(path, start, str(row["message"]), max(start, end), code=str(row["code"]))
