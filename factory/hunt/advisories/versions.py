"""Which of two versions is older, by the rules of the index they come from."""

import re
from typing import Any

_SEMVER = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.\-]+))?(?:\+[0-9A-Za-z.\-]+)?$")


def ordered(ecosystem: str, version: str) -> Any:
    """Something that compares with others of the same ecosystem; None for what is no version there."""
    if ecosystem == "PyPI":
        return _pep440(version)
    return _semver(version) if ecosystem == "npm" else None


def _pep440(version: str) -> Any | None:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(version)
    except InvalidVersion:
        return None


def _semver(version: str) -> tuple[object, ...] | None:
    """As semver.org orders: a pre-release is older than its release, and numbers in it are older than words."""
    match = _SEMVER.match(version)
    if not match:
        return None
    numbers = tuple(int(part or 0) for part in match.groups()[:3])
    before = match[4]
    parts = (
        tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in before.split(".")) if before else ()
    )
    return (*numbers, not before, parts)
