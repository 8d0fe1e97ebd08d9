"""Findings on the lines of a diff: which may stand inline on a forge, what each says, and what goes to the summary.

GitHub takes an inline comment only on a line that the diff shows (422 otherwise), so everything else is moved to the
review's summary. Nothing is dropped.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from factory.contracts.finding import SEVERITIES, Finding
from factory.contracts.hub import ReviewNote
from factory.render.diffs import FileDiff, Row, parse
from factory.render.sections import place
from factory.render.text import clean, code, fence, prose

MANY = 60  # findings listed in the summary
SUGGESTED = 40  # lines of one suggestion
_FENCED = re.compile(r"```[a-z]{0,20}\n(.*?)\n?```", re.DOTALL)
_WORD = {"info": "Info", "low": "Low", "medium": "Medium", "high": "High", "critical": "Critical"}


@dataclass(frozen=True)
class Placed:
    """Every finding once: as a note on the diff, or among the rest."""

    notes: tuple[ReviewNote, ...]
    rest: tuple[Finding, ...]


class Shown:
    """The new side of a unified diff: which lines a comment may sit on, and what stands there."""

    def __init__(self, diff: str) -> None:
        self._files = {file.path: _hunks(file) for file in parse(diff) if _utf8(file.path)}

    def lines(self, path: str, start: int, end: int) -> tuple[str, ...] | None:
        """The text of these lines when one hunk shows them all, else None."""
        for hunk in self._files.get(path, ()):
            if start in hunk and end in hunk:
                return tuple(hunk[n] for n in range(start, end + 1))
        return None


def placed(findings: Sequence[Finding], diff: str, most: int) -> Placed:
    """The worst `most` findings that the diff shows become notes; the order of the rest is severity, then place."""
    shown = Shown(diff)
    notes: list[ReviewNote] = []
    rest = []
    for item in sorted(findings, key=lambda each: (-SEVERITIES.index(each.severity), each.path, each.start)):
        made = _note(item, shown) if len(notes) < most else None
        if made:
            notes.append(made)
        else:
            rest.append(item)
    return Placed(tuple(notes), tuple(rest))


def said(item: Finding, suggestion: str | None = None) -> str:
    """One finding as the text of a comment."""
    by = f"{code(item.source)} {code(item.rule)}, {item.confidence:.0%} sure"
    parts = [f"**{_WORD[item.severity]}**: {prose(item.message, 2000)}", by]
    if item.category:
        parts[-1] += f", {code(item.category, 40)}"
    if suggestion is not None:
        parts.append(fence(suggestion, len(suggestion) + 1, "suggestion") if suggestion else "```suggestion\n```")
    elif item.fix:
        parts.append(f"Proposed: {prose(item.fix, 1500)}")
    return "\n\n".join(parts)


def summary(rest: Sequence[Finding], notes: int) -> str:
    """The review's own text: what is not on a line of the diff."""
    inline = f"{notes} on lines of the diff" if notes else "none on a line of the diff"
    head = f"{len(rest) + notes} open findings, {inline}."
    rows = [f"- **{_WORD[item.severity]}** {place(item)}: {prose(item.message, 500)} ({code(item.source)})"
            for item in rest[:MANY]]  # fmt: skip
    if len(rest) > MANY:
        rows.append(f"- … and {len(rest) - MANY} more in the run's report")
    return head + ("\n\n" + "\n".join(rows) if rows else "")


def suggestion(item: Finding, lines: Sequence[str]) -> str | None:
    """The finding's fix as the exact replacement of `lines`, or None.

    It must be one code block and nothing else; the finding must quote what stands there now, so that it replaces what
    its author saw; and every character must be shown as it is: no control, hidden or reordering ones.
    """
    match = _FENCED.fullmatch(item.fix.strip())
    if not match or match[1].count("\n") >= SUGGESTED or "```" in match[1] or "<!--" in match[1]:
        return None
    if clean(match[1]) != match[1] or _flat(item.evidence) != _flat("\n".join(lines)):
        return None
    return None if match[1] == "\n".join(lines) else match[1].rstrip("\n")


def _note(item: Finding, shown: Shown) -> ReviewNote | None:
    start, end = item.start, max(item.end, item.start)
    if not start:
        return None
    lines = shown.lines(item.path, start, end)
    body = said(item, suggestion(item, lines) if lines else None)
    if lines is None:  # its end is outside: the first line still says where
        lines, end = shown.lines(item.path, start, start), start
    if lines is None:
        return None
    return ReviewNote(path=item.path, line=end, start=start if start < end else 0, body=body)


def _hunks(file: FileDiff) -> list[dict[int, str]]:
    """Each hunk's lines of the new side by number."""
    found: list[dict[int, str]] = []
    for row in file.rows:
        if row.kind == "hunk":
            found.append({})
        elif row.new and found:
            found[-1][row.new] = _text(row)
    return found


def _text(row: Row) -> str:
    return row.text[1:]


def _flat(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _utf8(path: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in path)
