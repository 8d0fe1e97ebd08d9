"""Atlas, the architect: an issue becomes criteria, and units with disjoint leases."""

from factory.contracts.plan import Plan
from factory.contracts.roster import PlanFacts
from factory.contracts.seams import Answer, Desk


def atlas(desk: Desk, facts: PlanFacts) -> Answer[Plan]:
    return desk.ask("atlas/plan", Plan, task=facts.task, pack=facts.pack, problems=facts.problems)
