"""The sticky status comment: one comment a task that says where it stands. A pure function of a `Status`.

It holds no state: the shared books do. What people or models wrote goes through `prose` and `code`; links are built
from numbers and GitHub's own addresses only.
"""

import re
from collections.abc import Sequence
from typing import Literal

from factory.contracts.record import Record
from factory.contracts.ticket import Purpose
from factory.render import amount
from factory.render.sections import bullets, grid
from factory.render.text import clip, code, prose

LIMIT = 60_000  # characters; GitHub refuses more than 65,536
PAST = 20  # lines of history
UNITS = 40
State = Literal["waiting", "running", "done", "failed", "cancelled", "skipped"]
Stand = Literal["working", "draft", "ready", "plan", "done", "failed", "stopped", "parked", "refused"]

SIGNS: dict[State, str] = {
    "waiting": "○", "running": "●", "done": "✓", "failed": "✗", "cancelled": "⊘", "skipped": "–",
}  # fmt: skip
_STANDS: dict[Stand, tuple[str, str]] = {  # GitHub's alert, what it says
    "working": ("NOTE", "At work"),
    "draft": ("NOTE", "A draft pull request is there"),
    "ready": ("TIP", "Ready for a person's review"),
    "plan": ("IMPORTANT", "A plan waits for a person"),
    "done": ("TIP", "Done"),
    "failed": ("CAUTION", "Not solved"),
    "stopped": ("WARNING", "Stopped"),
    "parked": ("WARNING", "Parked"),
    "refused": ("WARNING", "Not started"),
}
WORKING = f"**{_STANDS['working'][1]}.**"  # how a comment shows that its run is not over
_PURPOSES: dict[Purpose, str] = {
    "swarm": "the swarm", "local": "the whole line on the box", "demiurge": "one fix on the box",
    "revise": "a revision of this pull request", "review": "a review of this pull request",
    "answer": "an answer", "hunt": "the nightly hunt",
}  # fmt: skip
_COMMANDS: dict[Stand, tuple[str, ...]] = {
    "working": ("status", "stop", "why"),
    "draft": ("status", "why", "retry", "redo UNIT", "review", "budget +1", "stop"),
    "ready": ("why", "fix", "review", "security", "redo UNIT with frontier"),
    "plan": ("approve", "only UNIT", "stop"),
    "done": ("why", "retry"),
    "failed": ("why", "retry", "redo UNIT with frontier", "budget +1"),
    "stopped": ("why", "retry", "budget +1"),
    "parked": ("status", "retry", "stop"),
    "refused": ("status", "why", "retry"),
}
_MEANT = {
    "status": "where it stands", "stop": "end it, keep what is there", "why": "the last decision's reasons",
    "retry": "go on from what is there", "redo": "write one unit again", "review": "review the pull request",
    "security": "audit it", "fix": "revise the branch", "approve": "go on with this plan",
    "only": "this unit alone", "budget": "add a dollar to the limit",
}  # fmt: skip


class Work(Record):
    """One job of the workflow."""

    name: str
    state: State
    note: str = ""
    url: str = ""


class UnitState(Record):
    """One unit of the plan: one line of the checklist."""

    id: str
    title: str
    role: str = ""
    state: State = "waiting"
    note: str = ""


class Past(Record):
    """One line of the folded history."""

    at: str
    text: str


class Link(Record):
    text: str
    url: str


class Status(Record):
    """Everything the comment says. Money in micro-dollars; None = not known (then it says so)."""

    run: str
    purpose: Purpose
    actor: str
    stand: Stand
    sentence: str = ""
    jobs: tuple[Work, ...] = ()
    units: tuple[UnitState, ...] = ()
    spent: int | None = None
    reserved: int | None = None
    over: bool = False  # nothing runs any more: what was not settled stays counted whole
    eta: str = ""
    links: tuple[Link, ...] = ()
    ladder: tuple[str, ...] = ()  # what was not to be had, what was done instead, what a person can do
    history: tuple[Past, ...] = ()  # oldest first
    updated: str = ""
    server: str = "https://github.com"  # no other address is linked


def comment(status: Status) -> str:
    """Markdown, at most 60,000 characters; the marker comes after it."""
    alert, word = _STANDS[status.stand]
    who = f"Asked by {code(status.actor, 60)}: {_PURPOSES[status.purpose]}. {shows(status.run)}"
    says = f"> [!{alert}]\n> **{word}.** {prose(status.sentence, 1200)}".rstrip()
    parts = [
        says, who, units(status.units), _jobs(status), _money(status), _links(status),
        _ladder(status.ladder), _history(status.history), _commands(status), _foot(status),
    ]  # fmt: skip
    return _within([part for part in parts if part])


def shows(run: str) -> str:
    """How a comment says which run it shows: those that work on one task share theirs."""
    return f"Run {code(run, 80)}."


def step_summary(status: Status) -> str:
    """The same for a job's summary page."""
    return f"## Dark Factory\n\n{comment(status)}\n"


def units(rows: Sequence[UnitState]) -> str:
    """The plan as a checklist: ticked is what came in."""
    lines = [f"- [{'x' if row.state == 'done' else ' '}] {_unit(row)}" for row in rows[:UNITS]]
    if len(rows) > UNITS:
        lines.append(f"- [ ] … and {len(rows) - UNITS} more")
    done = sum(row.state == "done" for row in rows)
    return f"**Plan** ({done} of {amount.many(len(rows), 'unit')} in)\n\n" + "\n".join(lines) if rows else ""


def _unit(row: UnitState) -> str:
    role = f" ({prose(row.role, 40)})" if row.role else ""
    sign = "" if row.state in ("done", "waiting") else f"{SIGNS[row.state]} "
    note = f": {prose(row.note, 240)}" if row.note else ""
    return f"{sign}{code(row.id, 40)} {prose(row.title, 160)}{role}{note}"


def _jobs(status: Status) -> str:
    cells = []
    for row in status.jobs:
        name = f"[{prose(row.name, 60)}]({row.url})" if _ours(row.url, status.server) else prose(row.name, 60)
        cells.append((SIGNS[row.state], name, prose(row.state), prose(row.note, 240)))
    return grid(("", "Job", "State", ""), cells)


def _money(status: Status) -> str:
    parts = []
    if status.reserved is not None:
        limit = amount.money(status.reserved)
        if status.spent is not None:
            parts.append(f"Spent {amount.money(status.spent)} of {limit} reserved.")
        elif status.over:
            parts.append(f"What was spent is not known: all of {limit} counts.")
        else:
            parts.append(f"{limit} are reserved.")
    elif status.spent is not None:
        parts.append(f"Spent {amount.money(status.spent)}; the settings set no limit.")
    if status.eta and status.stand == "working":
        parts.append(prose(status.eta))
    return " ".join(parts)


def _links(status: Status) -> str:
    return " · ".join(f"[{prose(row.text, 60)}]({row.url})" for row in status.links if _ours(row.url, status.server))


def _ours(url: str, server: str) -> bool:
    """Only plain addresses on the server that we write to: nothing that could end the parenthesis either."""
    return url.startswith(f"{server}/") and bool(
        re.fullmatch(r"https?://[A-Za-z0-9.:-]+(/[A-Za-z0-9._~/#?=&%-]*)?", url)
    )


def _ladder(rows: Sequence[str]) -> str:
    return bullets(f"⚠ {prose(row, 600)}" for row in rows)


def _history(rows: Sequence[Past]) -> str:
    """Folded, the latest last; what is older is only counted."""
    if not rows:
        return ""
    kept = [f"- {code(row.at[:16].replace('T', ' '), 20)} {prose(row.text, 200)}" for row in rows[-PAST:]]
    if len(rows) > PAST:
        kept[0] = f"- … {len(rows) - PAST + 1} earlier"
    return "<details><summary>What happened so far</summary>\n\n" + "\n".join(kept) + "\n\n</details>"


def _commands(status: Status) -> str:
    said = [f"{code(f'/factory {words}')} {_MEANT[words.split()[0]]}" for words in _COMMANDS[status.stand]]
    return "Commands: " + " · ".join(said)


def _foot(status: Status) -> str:
    return f"<sub>Updated {code(status.updated[:19].replace('T', ' '), 20)} UTC.</sub>" if status.updated else ""


def _within(parts: Sequence[str]) -> str:
    """Whole parts are given up from the middle, longest first; the first and the last two always stay."""
    kept = list(parts)
    while len(text := "\n\n".join(kept)) > LIMIT and len(kept) > 3:
        longest = max(range(1, len(kept) - 2), key=lambda n: len(kept[n]), default=0)
        if not longest:
            break
        del kept[longest]
    return clip(text, LIMIT)
