"""Options that several commands share, and reading what they name."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.contracts.task import Event
    from factory.settings import Settings

MAX_ISSUE = 1024 * 1024  # bytes

Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file; else ./factory.toml, else the user's own.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Out = Annotated[Path | None, typer.Option("--out", help="Also put report.html, report.md and run.json here.")]
SandboxKind = Annotated[
    str,
    typer.Option("--sandbox", help="bubblewrap, or `none` to run the repository's code unconfined (said in the PR)."),
]


def settings_for(config: Path | None, repo: Path | None, sandbox: str = "") -> "Settings":
    """Settings as docs/configuration.md describes: the person's own file, and the target's [checks] and [paths]."""
    from factory.settings import load

    chosen = settings_file(config, repo)
    own = _of_target(repo)
    target = own if own and own.is_file() and not (chosen and chosen.resolve() == own.resolve()) else None
    return sandboxed(load(chosen, target, os.environ), sandbox)


def sandboxed(settings: "Settings", sandbox: str) -> "Settings":
    """The settings with what `--sandbox` says. Raises UsageProblem when a file switches it off by itself."""
    from factory.contracts.tables import SandboxSettings

    if sandbox:
        if sandbox not in ("bubblewrap", "none"):
            raise UsageProblem(f"--sandbox {sandbox!r} is not one of: bubblewrap, none.")
        return settings.but(sandbox=SandboxSettings.model_validate({**settings.sandbox.model_dump(), "kind": sandbox}))
    if settings.sandbox.kind == "none":
        raise UsageProblem("A settings file may not switch the sandbox off: type `--sandbox none` if you mean it.")
    return settings


def settings_file(config: Path | None, repo: Path | None) -> Path | None:
    """The person's own file: the named one, ./factory.toml unless it is the target's, the user's, or none.

    A target repository may have been written by somebody else: its file does not say where code is sent or what is
    run here, also not when the person stands in it. Naming it with --config is the consent.
    """
    from factory.places import user_file

    if config:
        return config.absolute()
    here, target = Path("factory.toml").absolute(), _of_target(repo)
    candidates = [user_file()] if target and here.resolve() == target.resolve() else [here, user_file()]
    return next((path for path in candidates if path.is_file()), None)


def _of_target(repo: Path | None) -> Path | None:
    from factory.target import work_tree

    return work_tree(repo) / "factory.toml" if repo and repo.is_dir() else None


def say_what_is_ignored(config: Path | None, repo: Path) -> None:
    """A word when the target's file has tables that do not count, so that nobody wonders."""
    from factory.settings import ignored_tables

    target = _of_target(repo)
    if config is None and target and target.is_file() and (names := ignored_tables(target)):
        ignored = ", ".join(names)
        print(
            f"factory: {target} belongs to the repository: only its [checks] and [paths] count, not {ignored}; "
            f"--config {target} takes all of it.",
            file=sys.stderr,
        )


def write_out(path: Path, text: str) -> None:
    """A file where the person wants it. Raises UsageProblem where none can be written, Stopped on a full disk."""
    from factory.contracts.errors import Stopped
    from factory.files import write_whole

    try:
        write_whole(path.absolute(), text)
    except Stopped as problem:
        if problem.reason != "state_unusable" or not isinstance(problem.__cause__, OSError):
            raise
        raise UsageProblem(f"Cannot write {path} ({problem.__cause__.strerror}): name another place.") from None


def issue_event(issue: str) -> "Event":
    """The event of `--issue FILE` or `-`. Raises UsageProblem for an empty, binary, missing or huge text."""
    from factory.contracts.task import Event

    raw, size = _read(issue)
    if size > MAX_ISSUE:
        raise UsageProblem(f"The issue {issue} has {size:,} bytes; {MAX_ISSUE:,} is the limit: shorten it.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageProblem(f"The issue {issue} is not UTF-8 text: give a text file.") from None
    if "\0" in text:
        raise UsageProblem(f"The issue {issue} is a binary file: give a text file.")
    if not text.strip(" \t\r\n#"):
        raise UsageProblem(f"The issue {issue} is empty: its first line is the title, the rest says what to do.")
    digits = Path(issue).stem.lstrip("#")
    number = digits if digits.isdigit() and len(digits) < 10 else ""
    return Event(kind="issue", source="standard input" if issue == "-" else Path(issue).name, text=text, number=number)


def _read(issue: str) -> tuple[bytes, int]:
    """(at most MAX_ISSUE bytes and one more, the whole size as far as it is known)."""
    if issue == "-":
        raw = sys.stdin.buffer.read(MAX_ISSUE + 1)
        return raw, len(raw)
    try:
        with Path(issue).open("rb") as file:
            raw = file.read(MAX_ISSUE + 1)
            return raw, max(len(raw), os.fstat(file.fileno()).st_size)
    except FileNotFoundError:
        raise UsageProblem(f"The issue file {issue} does not exist.") from None
    except IsADirectoryError:
        raise UsageProblem(f"The issue {issue} is a folder: give a text file.") from None
    except OSError as error:
        raise UsageProblem(f"The issue file {issue} cannot be read: {error.strerror}.") from None
