"""Which version of which package a tree pins, and where: requirements, pyproject.toml and lock files.

Only what is exact: `==1.2.3`, or an entry of a lock file that comes from a package index. All of it is text of
strangers.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, Literal, NamedTuple

Ecosystem = Literal["PyPI", "npm"]


class Pin(NamedTuple):
    ecosystem: Ecosystem
    name: str  # normalised: PyPI in lower case with single hyphens
    version: str
    line: int  # 1-based


_EXACT = re.compile(
    r"\s*([A-Za-z0-9][\w.\-]*)\s*(?:\[[^\]]*\])?\s*={2,3}\s*([A-Za-z0-9.+!_\-]+)(?=\s*(?:[;#\\,'\"]|--|$|\s))"
)
_BLOCK = re.compile(r'\[\[package\]\]\s*?\r?\nname = "([^"\n]+)"\s*?\r?\nversion = "([^"\n]+)"')
_FOREIGN = re.compile(
    r"source = \{ (editable|virtual|directory|path|git|url)\b|^type = \"(git|url|file|directory)\"", re.M
)
_PNPM = re.compile(r"^  ['\"]?/?((?:@[^/@'\"\s]+/)?[^/@'\"\s]+)[@/](\d[\w.\-]*)[^:]*:\s*$")
_YARN = re.compile(r'^"?((?:@[^/@"\s]+/)?[^/@"\s]+)@[^\n]*:$')
_YARN_VERSION = re.compile(r'^  version:? "?(\d[\w.\-+]*)"?$')
_YARN_RESOLVED = re.compile(r'^  resolution: "((?:@[^/@"]+/)?[^/@"]+)@npm:')


def pins_in(path: str, text: str) -> list[Pin]:
    """[] for a file that pins nothing, or that cannot be read as what its name says."""
    reader = _reader(path)
    if reader is None:
        return []
    try:
        return list(reader(text))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return []


def pins(path: str) -> bool:
    """Whether a file of this name may pin anything."""
    return _reader(path) is not None


def _reader(path: str) -> Callable[[str], Iterator[Pin]] | None:
    name = PurePosixPath(path).name
    if re.fullmatch(r"(.*requirements.*|constraints.*)\.(txt|in)", name) or re.search(
        r"(^|/)requirements/[^/]+\.txt$", path
    ):
        return _requirements
    return {
        "pyproject.toml": _pyproject,
        "uv.lock": _toml_lock,
        "poetry.lock": _toml_lock,
        "pdm.lock": _toml_lock,
        "package-lock.json": _npm,
        "npm-shrinkwrap.json": _npm,
        "pnpm-lock.yaml": _pnpm,
        "yarn.lock": _yarn,
    }.get(name)


def normal(name: str) -> str:
    """As PyPI compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirements(text: str) -> Iterator[Pin]:
    for number, line in enumerate(text.split("\n"), 1):
        if match := _EXACT.match(line.rstrip("\r")):
            yield Pin("PyPI", normal(match[1]), match[2], number)


def _pyproject(text: str) -> Iterator[Pin]:
    project = tomllib.loads(text).get("project", {})
    optional = project.get("optional-dependencies", {})
    for wanted in [*project.get("dependencies", ()), *(one for group in optional.values() for one in group)]:
        match = _EXACT.match(wanted)
        at = text.find(wanted)
        if match and at >= 0:
            yield Pin("PyPI", normal(match[1]), match[2], text.count("\n", 0, at) + 1)


def _toml_lock(text: str) -> Iterator[Pin]:
    """By its lines: a million of them need no tree. What comes from a folder or from git is no release."""
    starts = list(_BLOCK.finditer(text))
    line, at = 1, 0
    for number, match in enumerate(starts):
        line, at = line + text.count("\n", at, match.start(1)), match.start(1)
        end = starts[number + 1].start() if number + 1 < len(starts) else len(text)
        if not _FOREIGN.search(text, match.end(), end):
            yield Pin("PyPI", normal(match[1]), match[2], line)


def _npm(text: str) -> Iterator[Pin]:
    lock = json.loads(text)
    lines = _first_lines(text)
    if "packages" in lock:
        for place, entry in lock["packages"].items():
            name = entry.get("name") or place.rpartition("node_modules/")[2]
            if "node_modules/" in place and not entry.get("link") and _is_released(entry):
                yield Pin("npm", str(name), str(entry["version"]), lines.get(place, 1))
    else:
        yield from _npm_first(lock.get("dependencies", {}), lines)


def _npm_first(entries: dict[str, Any], lines: dict[str, int]) -> Iterator[Pin]:
    """Lock files of version 1: packages within packages."""
    for name, entry in entries.items():
        if _is_released(entry):
            yield Pin("npm", name, entry["version"], lines.get(name, 1))
        yield from _npm_first(entry.get("dependencies", {}), lines)


def _is_released(entry: dict[str, Any]) -> bool:
    return re.match(r"\d", str(entry.get("version", ""))) is not None and not str(entry.get("resolved", "")).startswith(
        ("git", "file:")
    )


def _first_lines(text: str) -> dict[str, int]:
    """Where each key that holds an object stands."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if match := re.match(r'\s*"([^"]+)": \{', line):
            found.setdefault(match[1], number)
    return found


def _pnpm(text: str) -> Iterator[Pin]:
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"\S", line):
            inside = line.startswith("packages:")
        elif inside and (match := _PNPM.match(line)):
            yield Pin("npm", match[1], match[2].partition("_")[0], number)


def _yarn(text: str) -> Iterator[Pin]:
    name, version, at = "", "", 0
    for number, line in enumerate([*text.split("\n"), "end@:"], 1):
        if match := _YARN.match(line):
            if name and version:
                yield Pin("npm", name, version, at)
            alias = re.search(r"@npm:@?[A-Za-z]", line)  # another package under this name
            name, version, at = ("" if alias else match[1]), "", number
        elif match := _YARN_RESOLVED.match(line):
            name = match[1]
        elif match := _YARN_VERSION.match(line):
            version = match[1]
