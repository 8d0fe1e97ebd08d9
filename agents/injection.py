"""The injection auditor (Athena): input followed to the place where it is interpreted."""

from agents.reviewing import review
from factory.contracts.roster import Notes, ReviewFacts
from factory.contracts.seams import Desk


def injection(desk: Desk, facts: ReviewFacts) -> Notes:
    return review("injection/audit", desk, facts, flow=facts.flow)
