"""What coders, testers and the scribe share: one unit, worked on in the loop or written in one shot."""

from factory.contracts.change import Change
from factory.contracts.roster import UnitFacts
from factory.contracts.seams import Desk


def code(template: str, desk: Desk, facts: UnitFacts) -> Change:
    """The unit's change, by the prompt `template`."""
    do = desk.work if facts.loop else desk.write
    return do(template, facts.unit, facts.tree, task=facts.task, pack=facts.pack, plan=facts.plan, error=facts.error)
