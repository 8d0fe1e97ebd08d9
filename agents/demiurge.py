"""Demiurge, the fixer: one finding, the fewest lines."""

from factory.contracts.change import Change
from factory.contracts.roster import FixFacts
from factory.contracts.seams import Desk


def demiurge(desk: Desk, facts: FixFacts) -> Change:
    do = desk.work if facts.loop else desk.write
    return do(
        "demiurge/fix",
        facts.unit,
        facts.tree,
        task=facts.task,
        pack=facts.pack,
        plan=facts.plan,
        diff=facts.diff,
        finding=facts.finding,
        evidence=facts.evidence,
    )
