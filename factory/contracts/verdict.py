"""Judgement (what Genesis says) and verdict (judgement plus computed confidence)."""

from typing import Literal

from factory.contracts.evidence import Evidence
from factory.contracts.finding import Finding
from factory.contracts.record import Field, Record

Decision = Literal["ACCEPT", "REVISE", "REJECT"]


class CriterionEvidence(Record):
    """Which test, commit or finding shows one criterion."""

    criterion: str
    shown_by: tuple[str, ...] = ()


class Judgement(Record):
    """The fields stand in the order in which a model should think: what it saw first, the decision last."""

    evidence: tuple[CriterionEvidence, ...] = Field(default=(), max_length=64)
    reasons: tuple[str, ...] = Field(default=(), max_length=20)
    must_fix: tuple[str, ...] = Field(default=(), max_length=50)  # finding ids
    decision: Decision


class Verdict(Record):
    decision: Decision
    confidence: float = Field(ge=0, le=1)
    reasons: tuple[str, ...] = ()
    must_fix: tuple[str, ...] = ()
    evidence: tuple[CriterionEvidence, ...] = ()
    model: str = ""  # "" = no model judged it
    endpoint: str = ""
    tier: str = ""
    escalated_from: str = ""  # model that judged first
    escalated_because: str = ""
    unshown: tuple[str, ...] = ()  # criteria for which nothing that the factory saw was named
    terms: tuple[tuple[str, float], ...] = ()  # the confidence's own terms, docs/confidence.md


class Round(Record):
    """One turn of refine: what was found, what was fixed, what the checks then said, how it was judged."""

    n: int
    tree: str  # the tree that was judged
    findings: tuple[Finding, ...] = ()
    silent: tuple[str, ...] = ()  # reviewers that gave no readable answer
    fixes: tuple[str, ...] = ()  # units of the fix changes made before judging
    evidence: Evidence | None = None
    verdict: Verdict | None = None
    decision: Literal["go_on", "accept", "stop", "escalate"] = "go_on"
    why: str = ""
