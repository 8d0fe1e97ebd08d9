"""A folder that somebody else filled: only plain files with known names are opened, none through a link."""

import json
import os
import re
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from factory.contracts.errors import Refusal
from factory.contracts.record import Record, ValidationError, problems

MAX_BUNDLE = 64 * 1024 * 1024  # bytes of all files of a bundle
OF_UNITS = re.compile(r"(change|unit)-[a-z0-9][a-z0-9_-]{0,31}\.json")  # lie beside a bundle while a wave is at work
R = TypeVar("R", bound=Record)


def read_all(folder: Path, names: Collection[str], most: int = MAX_BUNDLE) -> dict[str, bytes]:
    """The named files that are there. Raises Refusal for anything that is no plain file of ours, or too much."""
    found: dict[str, bytes] = {}
    try:
        here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        damaged(f"{folder} is not a folder")
    try:
        for entry in sorted(item.name for item in os.scandir(here)):
            if entry in names:
                found[entry] = _read(here, entry, most - sum(map(len, found.values())))
            elif not OF_UNITS.fullmatch(entry):
                damaged(f"{folder} holds {entry[:80]!r}, which does not belong there")
    finally:
        os.close(here)
    return found


def read_one(path: Path, most: int = MAX_BUNDLE) -> bytes | None:
    """One plain file; None when there is none."""
    try:
        here = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        return _read(here, path.name, most)
    except FileNotFoundError:
        return None
    finally:
        os.close(here)


def _read(folder: int, name: str, most: int) -> bytes:
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        raise
    except OSError:
        damaged(f"{name} is a link or cannot be read")
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            damaged(f"{name} is not a plain file")
        data = file.read(most + 1)
    if len(data) > most:
        raise Refusal("too_big", f"The bundle has over {MAX_BUNDLE // 2**20} MiB: make the task smaller.")
    return data


def record(kind: type[R], data: bytes, name: str) -> R:
    """Raises Refusal('bundle_damaged') for anything but this record as JSON: truncated, too deep, other types."""
    try:
        return kind.from_json(data)
    except ValidationError as error:
        return damaged(f"{name}: {problems(error)[0][:300]}")


def records(kind: type[R], data: bytes, name: str) -> list[R]:
    """A record a line."""
    return [record(kind, line, f"{name}:{number}") for number, line in enumerate(data.splitlines(), start=1)]


def plain(data: bytes, name: str) -> Any:
    """JSON without our records. Raises Refusal for what is none: deep nesting, NaN, numbers without end."""
    try:
        return json.loads(data, parse_constant=lambda word: damaged(f"{name} holds {word}"))
    except (ValueError, RecursionError) as error:
        return damaged(f"{name} is not JSON ({type(error).__name__})")


def damaged(what: str) -> NoReturn:
    raise Refusal("bundle_damaged", f"The bundle is damaged: {what}. Run the job that made it again.")
