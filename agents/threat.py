"""The threat auditor (Athena): the change as an attacker sees it, by STRIDE."""

from agents.reviewing import review
from factory.contracts.roster import Notes, ReviewFacts
from factory.contracts.seams import Desk


def threat(desk: Desk, facts: ReviewFacts) -> Notes:
    return review("threat/audit", desk, facts, flow=facts.flow)
