"""What to do after a judgement: a pure function with its own table of tests."""

from typing import Literal

from factory.contracts.record import Record
from factory.contracts.verdict import Decision

Action = Literal["go_on", "accept", "stop", "escalate"]


class Situation(Record):
    decision: Decision  # what Genesis says
    confidence: float
    threshold: float
    readable: bool = True  # the judgement could be parsed
    red: bool  # the evidence is red: a model's ACCEPT does not help
    must_fix: int  # open findings that must be fixed
    unshown: int = 0  # acceptance criteria that nothing shows
    security: bool  # the plan or the paths are security-critical
    escalated: bool  # the next tier has been asked in this round
    next_tier: bool  # there is a further endpoint to ask within the ceiling
    round: int
    rounds: int  # the cap
    flapping: bool  # a tree seen before, or most of the last fix reverted
    stuck: bool  # the last round's fixes changed nothing


def decide(seen: Situation) -> tuple[Action, str]:
    """(what to do, why). Red evidence outranks an ACCEPT; a REJECT outranks everything but a second opinion."""
    unsure = seen.security or seen.unshown > 0 or seen.confidence < seen.threshold
    work = _work_left(seen)
    if work and seen.readable and seen.decision != "REJECT":
        return _another_round(seen, work)
    if unsure and seen.next_tier and not seen.escalated:
        low = f"confidence {seen.confidence:.2f} is below {seen.threshold:.2f}"
        if seen.unshown:
            low = f"{seen.unshown} acceptance criteria are shown by nothing"
        return "escalate", "the change is security-critical" if seen.security else low
    if seen.decision == "REJECT":
        return "stop", "the judge rejects the change"
    if not seen.readable or seen.red:
        return "stop", "no readable judgement: a person should look" if not seen.readable else "the checks are red"
    if seen.unshown:
        return "stop", f"{seen.unshown} acceptance criteria are shown by nothing: a person should look"
    if seen.confidence < seen.threshold:
        return "stop", f"confidence {seen.confidence:.2f} is below {seen.threshold:.2f}: a person should look"
    if seen.security and not seen.escalated:
        return "stop", "the change is security-critical and there is no second judge to ask: a person should look"
    return "accept", "nothing that must be fixed is open, and the judge accepts"


def _work_left(seen: Situation) -> str:
    if seen.red:
        return "the checks are red"
    if seen.must_fix:
        return f"{seen.must_fix} finding{'s' if seen.must_fix > 1 else ''} must be fixed"
    return "the judge asks for a revision" if seen.decision == "REVISE" else ""


def _another_round(seen: Situation, work: str) -> tuple[Action, str]:
    if seen.flapping:
        return "stop", f"{work}, but the fixes go back and forth: a person should look"
    if seen.stuck:
        return "stop", f"{work}, but the last round changed nothing: a person should look"
    if seen.round >= seen.rounds:
        return "stop", f"{work} after {seen.rounds} rounds: a person should look"
    return "go_on", work


def reverted_share(before: frozenset[str], after: frozenset[str]) -> float:
    """Share of an earlier diff's lines (`path:+text`) that a later diff of the same base no longer has."""
    return len(before - after) / len(before) if before else 0.0
