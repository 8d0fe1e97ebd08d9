"""`/factory VERB …` in comments: a pure parser, and the table of verbs that docs/commands.md is generated from.

A command is the first token of a comment's first line, ASCII and exact. Quoted, fenced, indented or commented text
never starts with it, so nothing there is one. What follows on later lines is for people and models.
"""

import difflib
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple

from factory.contracts.record import Record
from factory.contracts.ticket import ROLES, Command, Purpose, RoleName, Verb

TOKEN = "/factory"  # noqa: S105  what a comment begins with, no secret
SKIPPABLE = ("verify", "refine")  # the line cannot go on without what the other stages make
_INDENTED = re.compile(r"^(?: {4}| {0,3}\t)")  # a block of code in markdown
_BLANK = re.compile(r"\A(?:[ \t]*\r?\n)+")
_UNIT = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_AMOUNT = re.compile(r"\+\$?(\d{1,4}(?:\.\d{1,2})?)")
MOST = Decimal(1000)  # dollars one comment may add

Place = Literal["issue", "pull"]


class NotUnderstood(Record):
    """It was meant for the factory and is not a command. `reason` is one sentence that says what to write."""

    reason: str


class VerbRow(NamedTuple):
    """One verb: how it is written, what it does, and what it starts on an issue and on a pull request."""

    form: str
    does: str
    issue: Purpose | None
    pull: Purpose | None
    role: RoleName | None = None  # lowest role; None: the setting github.role


VERBS: dict[Verb, VerbRow] = {
    "plan": VerbRow("plan", "Makes a plan, shows it and waits for `approve`.", "swarm", None),
    "approve": VerbRow("approve", "Goes on with the plan that was shown last.", "swarm", None),
    "fix": VerbRow(
        "fix",
        "On an issue: one unit, fixed on the box. On a pull request: revises its branch after the comments.",
        "demiurge",
        "revise",
    ),
    "review": VerbRow("review", "Hydra and Atlas review the pull request; nothing is changed.", None, "review"),
    "security": VerbRow("security", "Athena audits the pull request; nothing is changed.", None, "review"),
    "retry": VerbRow("retry", "Takes up the last run where it stopped.", "swarm", "revise"),
    "redo": VerbRow(
        "redo UNIT [with frontier]",
        "Writes one unit again, when asked with the frontier model (if the settings allow that tier).",
        "swarm",
        None,
    ),
    "only": VerbRow("only UNIT", "Ships this unit and leaves the others out.", "swarm", None),
    "skip": VerbRow("skip STEP", f"Goes on without a step: {' or '.join(f'`{s}`' for s in SKIPPABLE)}.", "swarm", None),
    "budget": VerbRow("budget +AMOUNT", "Adds dollars to what the issue's runs may spend.", "answer", "answer"),
    "why": VerbRow("why", "Says what the last run decided and on what evidence.", "answer", "answer"),
    "status": VerbRow("status", "Says what is going on and what it cost so far.", "answer", "answer"),
    "stop": VerbRow("stop", "Stops what is at work; what is there stays.", "answer", "answer", "triage"),
}


def parse(body: str) -> Command | NotUnderstood | None:
    """What a comment asks for. None: it is not for the factory."""
    text = _BLANK.sub("", body)
    if _INDENTED.match(text):
        return None
    line = re.split(r"\r\n|\r|\n", text, maxsplit=1)[0]
    words = [word for word in re.split(r"[ \t]+", line) if word]
    if not words or words[0] != TOKEN:
        return None
    if len(words) == 1:
        return NotUnderstood(reason=f"`{TOKEN}` needs a verb: {_all_verbs()}.")
    verb = next((name for name in VERBS if name == words[1]), None)
    if verb is None:
        return NotUnderstood(reason=f"There is no such command{_nearest(words[1])}")
    return _whole(verb, words[2:])


def _whole(verb: Verb, words: list[str]) -> Command | NotUnderstood:
    """A verb with its words: all of them must be understood, a rest of a sentence is none."""
    if verb in ("redo", "only"):
        return _unit(verb, words)
    if verb == "skip" and len(words) == 1 and words[0] in SKIPPABLE:
        return Command(verb=verb, step=words[0])
    if verb == "budget" and len(words) == 1:
        return _budget(words[0])
    if words or verb in ("skip", "budget"):
        return _form(verb)
    return Command(verb=verb)


def _unit(verb: Verb, words: list[str]) -> Command | NotUnderstood:
    frontier = verb == "redo" and words[1:] == ["with", "frontier"]
    if not words or not _UNIT.fullmatch(words[0]) or (words[1:] and not frontier):
        return _form(verb)
    return Command(verb=verb, unit=words[0], frontier=frontier)


def _budget(word: str) -> Command | NotUnderstood:
    match = _AMOUNT.fullmatch(word) if word.isascii() else None
    try:
        amount = Decimal(match.group(1)) if match else Decimal(0)
    except InvalidOperation:
        amount = Decimal(0)
    if not 0 < amount <= MOST:
        return NotUnderstood(
            reason=f"Write `{TOKEN} budget +2.50`: dollars to add, more than 0 and at most {MOST:,}, in whole cents."
        )
    return Command(verb="budget", amount=amount)


def _form(verb: Verb) -> NotUnderstood:
    rest = "" if verb in ("skip", "redo", "only", "budget") else " and nothing else on that line"
    extra = f" STEP is {' or '.join(f'`{step}`' for step in SKIPPABLE)}." if verb == "skip" else ""
    return NotUnderstood(reason=f"Write `{TOKEN} {VERBS[verb].form}`{rest}.{extra}")


def _nearest(word: str) -> str:
    """Never the word itself: it is a stranger's text."""
    near = difflib.get_close_matches(word.lower()[:40], [str(verb) for verb in VERBS], n=1, cutoff=0.5)
    form = next((row.form for verb, row in VERBS.items() if verb in near), "")
    return f": did you mean `{TOKEN} {form}`?" if form else f". There are {_all_verbs()}."


def _all_verbs() -> str:
    return ", ".join(f"`{verb}`" for verb in VERBS)


def purpose(command: Command, place: Place) -> Purpose | None:
    """What a command starts there. None: it does not stand there."""
    row = VERBS[command.verb]
    return row.issue if place == "issue" else row.pull


def misplaced(verb: Verb) -> str:
    """One sentence for a command that stands where it means nothing."""
    return f"`{TOKEN} {verb}` works on {'issues' if VERBS[verb].issue else 'pull requests'} only."


def role_for(verb: Verb | None, role: RoleName, roles: Mapping[Verb, RoleName]) -> RoleName:
    """The lowest role that may give a command (None: a label or a dispatch); `none` counts as `read`."""
    wanted = role if verb is None else roles.get(verb) or VERBS[verb].role or role
    return max(wanted, "read", key=ROLES.index)
