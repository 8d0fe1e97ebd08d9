"""The pull request's words: a title and a body in which every claim stands beside its evidence."""

import re
from collections.abc import Sequence

from factory.contracts.run import Run
from factory.contracts.story import Story
from factory.render import facts, sections
from factory.render.bills import footer
from factory.render.text import code, line, quiet

LIMIT = 60_000  # characters; GitHub refuses more than 65,536
LEFT_OUT = "Left out here because of its length: see `report.html`."

_PARTS = (
    # heading, section, how soon it is given up when the body is too long (highest first)
    ("Asked", sections.asked, 2),
    ("Before you merge", sections.notices, 1),
    ("Verdict", sections.verdict, 0),
    *sections.ACCOUNT,
)


def title(run: Run) -> str:
    """One line of plain text, at most 120 characters, that refers to nothing and nobody."""
    words = run.task.title if run.task else f"Factory run {run.id}"
    return quiet(line(re.sub(r"<!--|-->", " ", words), 110)) or f"Factory run {run.key}"


def body(story: Story, marker: str) -> str:
    """The pull request's body in markdown, at most 60,000 characters; `marker` is its last line."""
    by = f"Made by Dark Factory, run {code(story.run.id, 80)}. It never merges: that is up to you. {facts.left(story)}"
    tail = f"\n\n---\n{by}\n\n{footer(story)}\n\n{marker}"
    parts = [(heading, section(story), rank) for heading, section, rank in _PARTS]
    return fit([part for part in parts if part[1]], LIMIT - len(tail)) + tail


def fit(parts: Sequence[tuple[str, str, int]], limit: int) -> str:
    """Sections as one text within `limit`: whole sections are given up by rank, never cut in the middle."""
    kept = list(parts)
    for _, _, rank in sorted(parts, key=lambda part: -part[2]):
        text = _joined(kept)
        if len(text) <= limit:
            return text
        kept = [(heading, LEFT_OUT if turn == rank else said, turn) for heading, said, turn in kept]
    return _joined(kept)[:limit]


def _joined(parts: Sequence[tuple[str, str, int]]) -> str:
    return "\n\n".join(f"## {heading}\n\n{said}" for heading, said, _ in parts)
