"""The tool `history`: which commits changed a file, or who wrote its lines last. Read only, of the run's own store.

What commits say was written by strangers: it is cut, tamed and fenced. Lines of code are not repeated, so that nothing
of a file travels here.
"""

import re
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from factory.contracts.record import Field, Record
from factory.desk.pieces import piece
from factory.desk.window import Result
from factory.desk.withheld import Withheld, notice
from factory.edits.draft import clean
from factory.git import command
from factory.prompting import fence, line, plain, tame

COMMITS = 15
LINES = 400  # of a blame
BYTES = 1_000_000  # of git's output that are read
SECONDS = 20.0  # git may take
SUBJECT, NAME = 160, 40  # characters
_HEAD = re.compile(r"([0-9a-f]{40,64}) \d+ (\d+)")


class AskHistory(Record):
    path: str = Field(min_length=1, max_length=500)
    start: int = Field(default=0, ge=0)
    end: int = Field(default=0, ge=0)


class Told(Record):
    """A tool's text as it lies in the journal."""

    text: str


Past = Callable[[AskHistory], Told]
"""What git says, as lines of text; '' when it knows nothing of the path."""


def history(ask: Past | None, withheld: Withheld, wanted: AskHistory) -> Result:
    path = clean(wanted.path)
    if why := withheld(path):
        return Result(f"error: {notice(path, why)}", "[withheld]")
    where = f"{plain(path)}, lines {wanted.start} to {wanted.end}" if wanted.start and wanted.end else plain(path)
    body = ask(wanted.but(path=path)).text if ask else ""
    if not body:
        return Result(f"no history is known of {where}.", f"no history is known of {where}.")
    mark = fence(body)
    said = f"history of {where}, before your edits; commit, date, author, subject:"
    gone = f"[output dropped: history of {where}]"
    return Result(f"{said}\n{mark}\n{body}\n{mark}", gone, (piece(path, 0, 0, body),))


def history_of(folder: Path, commit: str) -> Past:
    """Of what `commit` holds, in the git repository at `folder`."""

    def ask(wanted: AskHistory) -> Told:
        if wanted.start:
            last = min(max(wanted.start, wanted.end), wanted.start + LINES - 1)
            return Told(text=_blame(folder, commit, wanted.path, wanted.start, last))
        raw = _git(folder, "log", f"-n{COMMITS}", "--no-mailmap", "--no-show-signature", "--date=short",
                   "--format=%h%x00%ad%x00%an%x00%s", commit, "--", f":(literal){wanted.path}")  # fmt: skip
        rows = [_row(row.split("\0")) for row in raw.splitlines() if row.count("\0") == 3]
        more = [f"(only the newest {COMMITS} are shown)"] if len(rows) == COMMITS else []
        return Told(text="\n".join([*rows, *more]))

    return ask


def _blame(folder: Path, commit: str, path: str, start: int, end: int) -> str:
    """Neighbouring lines of one commit on one row."""
    raw = _git(folder, "blame", "--line-porcelain", f"-L{start},{end}", commit, "--", path)
    rows: list[list[str]] = []  # first line, last line, what is said of them
    facts: dict[str, str] = {}
    for text in raw.split("\n"):
        if head := _HEAD.match(text):
            facts = {"commit": head[1][:10], "line": head[2]}
        elif text.startswith("\t") and facts:
            said = _row([facts["commit"], facts.get("author-time", ""), facts.get("author", ""),
                         facts.get("summary", "")])  # fmt: skip
            if rows and rows[-1][2] == said:
                rows[-1][1] = facts["line"]
            else:
                rows.append([facts["line"], facts["line"], said])
        elif facts:
            key, _, value = text.partition(" ")
            facts[key] = value
    return "\n".join(f"{first}-{last}: {said}" for first, last, said in rows)


def _row(parts: list[str]) -> str:
    commit, when, author, subject = parts
    if when.isdigit():
        from datetime import UTC, datetime

        when = datetime.fromtimestamp(min(int(when), 2**33), UTC).date().isoformat()
    return tame(f"{commit} {line(when)[:20]} {line(author)[:NAME]}: {line(subject)[:SUBJECT]}")


def _git(folder: Path, *arguments: str) -> str:
    """Git's words, '' when it refuses; killed when it takes too long, cut when it says too much."""
    argv, environment = command(*arguments)
    with subprocess.Popen(
        argv, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        try:
            raw = process.stdout.read(BYTES)
        finally:
            timer.cancel()
            process.kill()
    return raw.decode("utf-8", "replace")
