"""Globs for leases and protected paths: matching, and whether two globs can meet.

`*` and `?` stay inside one path component, `[abc]` and `[!abc]` are fnmatch's classes, `**` as a whole component is any
number of components (none too). `folder/` means `folder/**`. Unlike fnmatch a literal path also covers what lies under
it, and a glob always covers the path that is spelled exactly like it (`pages/[id].tsx`). Case counts.
"""

import fnmatch
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")

_MAGIC = frozenset("*?[")


def is_literal(glob: str) -> bool:
    return not _MAGIC.intersection(glob)


def literal_prefix(glob: str) -> str:
    """The leading components without wildcards: `src/a/*.py` gives `src/a`."""
    kept = []
    for part in glob.rstrip("/").split("/"):
        if not is_literal(part):
            break
        kept.append(part)
    return "/".join(kept)


def matches(glob: str, path: str) -> bool:
    """Is `path` (a file, `/` between components) covered by `glob`?"""
    if glob == path:
        return True
    return _match(_parts(glob), tuple(path.split("/")))


def overlap(one: str, other: str) -> bool:
    """Can a path exist that both cover? Errs on the side of yes (two character classes always meet)."""
    return any(_meet(a, b) for a in _readings(one) for b in _readings(other))


Token = tuple[str, str]  # (kind, text): "char", "any" (?), "run" (*) or "class" ([...])
Parts = tuple[str, ...]


@lru_cache(maxsize=4096)
def _parts(glob: str) -> Parts:
    parts = tuple(glob.rstrip("/").split("/"))
    return (*parts, "**") if glob.endswith("/") or is_literal(glob) else parts


def _match(glob: Parts, path: Parts) -> bool:
    """Reachable positions in `path` after each part of the glob: no backtracking."""
    here = {0}
    for part in glob:
        if part == "**":
            here = set(range(min(here), len(path) + 1))
        else:
            here = {at + 1 for at in here if at < len(path) and fnmatch.fnmatchcase(path[at], part)}
        if not here:
            return False
    return len(path) in here


_Reading = tuple[tuple[bool, str], ...]  # (literal?, text of the component)


@lru_cache(maxsize=4096)
def _readings(glob: str) -> tuple[_Reading, ...]:
    """A glob as pattern, and, when it has wildcards, as the path spelled like that."""
    pattern = tuple((False, part) for part in _parts(glob))
    if is_literal(glob):
        return (tuple((part != "**", part) for part in _parts(glob)),)
    return pattern, tuple((True, part) for part in glob.rstrip("/").split("/"))


def _meet(one: _Reading, other: _Reading) -> bool:
    return _walk(one, other, lambda part: part == (False, "**"), _parts_meet)


def _walk(one: Sequence[T], other: Sequence[T], wild: Callable[[T], bool], meet: Callable[[T, T], bool]) -> bool:
    """Both sequences at once over the set of reachable pairs of positions; a wild item swallows any item or none."""
    todo, seen = [(0, 0)], {(0, 0)}
    while todo:
        at, to = todo.pop()
        left, right = at < len(one), to < len(other)
        if not left and not right:
            return True
        if (left and wild(one[at])) or (right and wild(other[to])):
            steps = [(at + 1, to)] * left + [(at, to + 1)] * right
        else:
            steps = [(at + 1, to + 1)] if left and right and meet(one[at], other[to]) else []
        todo.extend(step for step in steps if step not in seen)
        seen.update(steps)
    return False


@lru_cache(maxsize=16384)
def _parts_meet(one: tuple[bool, str], other: tuple[bool, str]) -> bool:
    if one[0] and other[0]:
        return one[1] == other[1]
    if one[0] or other[0]:
        (_, text), (_, glob) = (one, other) if one[0] else (other, one)
        return fnmatch.fnmatchcase(text, glob)
    return _walk(_tokens(one[1]), _tokens(other[1]), lambda token: token[0] == "run", _chars_meet)


def _tokens(part: str) -> list[Token]:
    """One component cut as fnmatch reads it."""
    found: list[Token] = []
    at = 0
    while at < len(part):
        char = part[at]
        end = part.find("]", at + (3 if part[at + 1 : at + 2] == "!" else 2)) if char == "[" else -1
        if end > 0:
            found.append(("class", part[at : end + 1]))
            at = end
        elif char == "*":
            found.append(("run", char))
        else:
            found.append(("any" if char == "?" else "char", char))
        at += 1
    return found


def _chars_meet(one: Token, other: Token) -> bool:
    if "any" in (one[0], other[0]) or (one[0] == "class" and other[0] == "class"):
        return True
    if one[0] == "char" and other[0] == "char":
        return one[1] == other[1]
    char, cls = (one, other) if one[0] == "char" else (other, one)
    return fnmatch.fnmatchcase(char[1], cls[1])
