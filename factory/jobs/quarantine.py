"""Quarantine on the issue: the label, one comment that says what happened and what to type, and the way out."""

from collections.abc import Sequence

from factory.contracts.books import Row
from factory.contracts.errors import HubProblem
from factory.contracts.hub import Ship
from factory.forge.effects import Effects
from factory.forge.labels import label
from factory.forge.quarantine import held, lifted
from factory.jobs.wire import Site
from factory.render.text import prose
from factory.settings import Settings

FAILED = "factory:failed"
WORDS = (
    "{n} runs in a row failed here, so nothing starts here by itself any more: no bot's label, no dispatch, no hunt. "
    "The last one, `{run}`, ended so: {why}\n\n`/factory why` says more. `/factory retry` goes on from what is there, "
    "and a label that a person sets anew begins again: either lifts this."
)


def told(effects: Effects, rows: Sequence[Row], row: Row, settings: Settings) -> None:
    """After a failed end: where it is one too many, that is said once for this run. Raises HubProblem."""
    number = row.pull or row.issue
    if not number or not held(rows, row, settings):
        return
    text = WORDS.format(n=settings.alerts.attempts, run=row.run, why=prose(row.why or "nobody knows how.", 600))
    effects.say(number, f"quarantine-{row.run}", text)


def mark(hub: Ship, number: int) -> None:
    """The label of what failed. Raises HubProblem."""
    found = label(FAILED)
    hub.ensure_label(found.name, found.color, found.description)
    hub.add_labels(number, FAILED)


def lift(here: Site, rows: Sequence[Row], lease: Row) -> None:
    """A person took it up: the label goes. No reason to fail."""
    if not here.number or not lifted(rows, lease, here.settings):
        return
    try:
        here.effects.unlabel(here.number, FAILED)
    except HubProblem as problem:
        here.say("warning", f"The label {FAILED} stays: {problem}")
