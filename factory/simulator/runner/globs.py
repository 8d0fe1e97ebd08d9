"""GitHub's filter patterns for branches, tags and paths: `*`, `**`, `?`, `+`, `[]`, and `!` that takes back."""

import re
from collections.abc import Iterable, Sequence


def matches(pattern: str, text: str) -> bool:
    """One pattern against a whole name."""
    return re.fullmatch(_regex(pattern), text) is not None


def chosen(patterns: Sequence[str], text: str) -> bool:
    """Patterns in order: the last one that matches decides, `!` excludes."""
    kept = False
    for pattern in patterns:
        if pattern.startswith("!"):
            kept = kept and not matches(pattern[1:], text)
        elif matches(pattern, text):
            kept = True
    return kept


def passes(wanted: Sequence[str], ignored: Sequence[str], texts: Iterable[str]) -> bool:
    """`x` and `x-ignore` filters over names: any wanted one, or any that is not ignored."""
    names = list(texts)
    if wanted:
        return any(chosen(wanted, name) for name in names)
    if ignored:
        return any(not chosen(ignored, name) for name in names)
    return True


def _regex(pattern: str) -> str:
    out, at = "", 0
    while at < len(pattern):
        letter = pattern[at]
        if pattern.startswith("**/", at):
            out, at = out + "(?:.*/)?", at + 3
            continue
        if pattern.startswith("**", at):
            out, at = out + ".*", at + 2
            continue
        if letter == "[" and "]" in pattern[at:]:
            end = pattern.index("]", at)
            out, at = out + pattern[at : end + 1], end + 1
            continue
        if letter == "\\" and at + 1 < len(pattern):
            out, at = out + re.escape(pattern[at + 1]), at + 2
            continue
        out += {"*": "[^/]*", "?": "?", "+": "+"}.get(letter) or re.escape(letter)
        at += 1
    return out
