"""Atlas, the architect: an issue becomes criteria and units with disjoint leases; pull requests are read for fit."""

from agents.reviewing import review
from factory.contracts.plan import Plan
from factory.contracts.roster import Notes, PlanFacts, ReviewFacts
from factory.contracts.seams import Answer, Desk


def atlas(desk: Desk, facts: PlanFacts) -> Answer[Plan]:
    return desk.ask("atlas/plan", Plan, task=facts.task, pack=facts.pack, problems=facts.problems)


def atlas_review(desk: Desk, facts: ReviewFacts) -> Notes:
    """A pull request that others made: does it belong where it is, is it whole, and what else does it touch?"""
    return review("atlas/review", desk, facts)
