"""Hydra, the reviewer: one lens, one prompt. One lens at a time, since a look at everything finds style only."""

from agents.reviewing import review
from factory.contracts.roster import Notes, ReviewFacts
from factory.contracts.seams import Desk


def correctness(desk: Desk, facts: ReviewFacts) -> Notes:
    return review("hydra/correctness", desk, facts)


def tests(desk: Desk, facts: ReviewFacts) -> Notes:
    return review("hydra/tests", desk, facts)


def design(desk: Desk, facts: ReviewFacts) -> Notes:
    return review("hydra/design", desk, facts)
