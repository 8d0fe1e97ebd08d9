"""ruff: its own rules and those of bandit, bugbear and flake8-datetimez. The tree's configuration is not read.

What it says of a tree may be more than is taken from it at once: then it is asked of halves, down to single files.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from factory.hunt.detector import Hit
from factory.hunt.engines.process import OUTPUT, EngineProblem, TooMuch, program, run
from factory.hunt.ground import Ground
from factory.hunt.source import Source

MOST, MOST_OF_A_FILE = 500_000, 25_000  # hits


def version() -> str:
    return run([program("ruff"), "--version"], Path("/")).text.strip().removeprefix("ruff ")


def look(ground: Ground, codes: Sequence[str], output: int = OUTPUT) -> list[Hit]:
    """Raises EngineProblem. What was too much to take is said in the ground's notices."""
    try:
        return list(_hits(_asked([str(ground.root)], codes, output), ground.root, codes))
    except TooMuch:
        found = list(islice(_halved(ground, codes, output), MOST + 1))
    if len(found) > MOST:
        ground.notices.append(f"ruff: only the first {MOST:,} hits are looked at.")
    return found[:MOST]


def _halved(ground: Ground, codes: Sequence[str], output: int) -> Iterator[Hit]:
    left = [[path for path in ground.paths if Source(path, b"").language == "python"]]
    while left:
        batch = left.pop()
        middle = len(batch) // 2
        try:
            yield from _hits(_asked([str(ground.root / path) for path in batch], codes, output), ground.root, codes)
        except TooMuch as much:
            if middle:
                left += [batch[middle:], batch[:middle]]
                continue
            hits = list(islice(_hits(much.text, ground.root, codes), MOST_OF_A_FILE))
            ground.notices.append(f"ruff: of {batch[0]} only the first {len(hits):,} hits are looked at.")
            yield from hits


def _asked(paths: Sequence[str], codes: Sequence[str], output: int) -> str:
    """JSON, a line each. The paths go by a file: a command line holds only so many."""
    with tempfile.NamedTemporaryFile("w", prefix="ruff-", suffix=".txt", encoding="utf-8") as names:
        names.write("\n".join(paths))
        names.flush()
        done = run(
            [
                program("ruff"), "check", "--isolated", "--no-cache", "--exit-zero", "--output-format=json-lines",
                "--no-respect-gitignore", "--config=exclude=[]", f"--select={','.join(codes)}", "--", f"@{names.name}",
            ],
            Path("/"),
            output=output,
        )  # fmt: skip
    if done.status:
        raise EngineProblem(f"ruff gave up: {done.said or f'exit code {done.status}'}")
    return done.text


def _hits(text: str, root: Path, codes: Sequence[str]) -> Iterator[Hit]:
    wanted = set(codes)
    try:
        for line in filter(None, text.split("\n")):
            row = json.loads(line)
            if row["code"] in wanted:  # a file that does not parse has rows of its own
                yield _hit(row, root)
    except (ValueError, KeyError, TypeError) as error:
        raise EngineProblem(f"ruff's output is not what it was: {type(error).__name__}.") from None


def _hit(row: dict[str, Any], root: Path) -> Hit:
    path = Path(row["filename"]).relative_to(root).as_posix()
    start, end = row["location"]["row"], row["end_location"]["row"]
    return Hit(path, start, str(row["message"]), max(start, end), code=str(row["code"]))
