"""What `factory hunt` does, a function for each of its options."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.contracts.catch import Catch
    from factory.hunt.catch import Tell
    from factory.settings import Settings


def looked(repo: Path, base: str, settings: "Settings", only: tuple[str, ...]) -> "Catch":
    """The whole hunt, with a word on stderr about what is at work."""
    from factory.hunt.catch import caught
    from factory.places import state_folder

    with waiting() as tell:
        return caught(repo, base, settings, state_folder(), only, tell)


@contextmanager
def waiting() -> "Iterator[Tell]":
    """On a terminal a line that says what is at work; elsewhere silence."""
    from factory.render.stream import is_terminal
    from factory.render.terminal import console

    if not is_terminal(sys.stderr):
        yield lambda words: None
        return
    with console(sys.stderr).status("hunt") as line:
        yield lambda words: line.update(f"hunt: {words} …")


def write(found: "Catch", sarif: Path | None, html: Path | None) -> None:
    """Said on stderr: on stdout there may be JSON."""
    from factory.cli.options import write_out

    if sarif:
        from factory.render.sarif import sarif as rendered

        write_out(sarif, rendered(found))
        print(f"factory: wrote {sarif.absolute()} (SARIF)", file=sys.stderr)
    if html:
        from factory.render.huntpage import page

        write_out(html, page(found))
        print(f"factory: wrote {html.absolute()} (a page)", file=sys.stderr)


def keep(found: "Catch", repo: Path, settings: "Settings") -> int:
    """Write the baseline into the checkout. Committing it is the reader's."""
    from factory.app import SystemClock
    from factory.cli.options import write_out
    from factory.hunt.baseline import text
    from factory.hunt.catch import baseline_file

    path = baseline_file(repo, settings.hunt.baseline)
    write_out(path, text(found, SystemClock().now()))
    known = "1 finding is" if len(found.ranked) == 1 else f"{len(found.ranked):,} findings are"
    print(f"{known} known now: {path}. Commit it: from now on only new ones count.")
    return 0


def show(found: "Catch", stream: IO[str], everything: bool, limit: int, where: str, propose: bool = True) -> None:
    """`where`: options of the commands that come next, which are told unless not `propose`."""
    from factory.render.hunting import following, hunting

    hunting(found, stream, everything=everything, limit=limit, where=where)
    rows = following(found, where) if propose else []
    if rows:
        print("Next:", file=stream)
        for row in rows:
            print(f"  {row}", file=stream)


def same(repo: Path, base: str) -> str:
    """Options for a command that is to be about the same, from the folder that we stand in."""
    words = [*(("--repo", str(repo)) if repo != Path.cwd() else ()), *(("--base", base) if base else ())]
    return shlex.join(words)


def print_task(found: "Catch", name: str) -> int:
    """One finding as an issue's text. Raises UsageProblem when there is none of that id."""
    from factory.render.filing import task

    rows = [row for row in found.ranked if row.finding.id.startswith(name)]
    if len(rows) != 1:
        raise UsageProblem(f"{len(rows) or 'No'} findings have the id {name!r}: `factory hunt --json` shows the ids.")
    rule = next((each for each in found.rules if each.id == rows[0].finding.rule), None)
    print(task(rows[0].finding, rule))
    return 0


def night(out: Path, repo: Path, config: Path | None, sandbox: str) -> int:
    from factory.cli.night import night as of_the_night

    return of_the_night(out, repo, config, sandbox)


def mend(found: "Catch", repo: Path, base: str, settings: "Settings", config: Path | None, as_json: bool,
         with_models: bool) -> int:  # fmt: skip
    from factory.cli.mending import mend_themes

    return mend_themes(found, repo, base, settings, config, as_json, with_models)


def rehearse(found: "Catch", github: str, settings: "Settings", stream: IO[str]) -> int:
    """What a night would do in that repository: read with GITHUB_TOKEN, nothing written."""
    import os
    import re
    import tempfile

    from factory.app import SystemClock
    from factory.jobs.rehearsal import rehearsed
    from factory.render.amount import many

    if not re.fullmatch(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}", github):
        raise UsageProblem(f"--github {github!r} is not OWNER/NAME.")
    with tempfile.TemporaryDirectory(prefix="factory-rehearsal-") as scratch:
        rows = rehearsed(found, github, settings, os.environ, SystemClock(), Path(scratch))
    for row in rows or ["Nothing would change there."]:
        print(row, file=stream)
    fresh = many(len(found.fresh), "new finding")
    print(f"Nothing was written. Looked at {found.commit[:12]}, {fresh}.", file=stream)
    return 0
