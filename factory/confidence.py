"""Confidence in a verdict: computed from what was seen, never asked for. The formula stands in docs/confidence.md."""

import math

from factory.contracts.finding import Finding, Severity
from factory.contracts.record import Field, Record

WEIGHTS = {"tests": 0.40, "findings": 0.25, "agreement": 0.15, "margin": 0.10, "size": 0.10}
BURDEN: dict[Severity, float] = {"info": 0.02, "low": 0.1, "medium": 0.35, "high": 1.0, "critical": 2.0}
HALF_SIZE = 400  # changed lines at which the size term is one half


class Seen(Record):
    """What the formula looks at."""

    parsed: bool = True  # the judgement could be read
    green: bool  # Evidence.green
    red: bool = False  # Evidence.red; neither = nothing was proven either way
    counted: bool  # every suite reported counts
    tampered: bool = False
    proven: bool = False  # the change brings tests that pass (for a bug: red on the base)
    bug_unshown: bool = False  # the task is a bug and no new test shows it
    findings: tuple[Finding, ...] = ()  # open ones
    agreement: float = Field(default=1.0, ge=0, le=1)  # share of judgements or lenses that say the same
    margin: float | None = None  # log-probability margin of the verdict token
    lines: int = Field(default=0, ge=0)  # added and removed
    security: bool = False
    unshown: int = Field(default=0, ge=0)  # acceptance criteria that nothing shows


def confidence(seen: Seen) -> tuple[float, tuple[tuple[str, float], ...]]:
    """(confidence 0..1 rounded to three digits, the terms it is made of).

    A weighted mean of terms in 0..1 (a missing margin leaves its weight to the others), then caps.
    """
    terms = {
        "tests": _tests(seen),
        "findings": math.exp(-sum(BURDEN[item.severity] * item.confidence for item in seen.findings)),
        "agreement": seen.agreement,
        "size": 1 / (1 + seen.lines / HALF_SIZE),
    }
    if seen.margin is not None:
        terms["margin"] = 2 / (1 + math.exp(-max(seen.margin, 0.0))) - 1
    weight = sum(WEIGHTS[name] for name in terms)
    mean = sum(WEIGHTS[name] * value for name, value in terms.items()) / weight
    value = min(mean * (0.85 if seen.security else 1.0), _cap(seen))
    return round(value, 3), tuple((name, round(term, 3)) for name, term in terms.items())


def _tests(seen: Seen) -> float:
    if seen.red:
        return 0.0
    if not seen.green:
        return 0.3
    if not seen.counted:
        return 0.5
    return 1.0 if seen.proven else 0.85


def _cap(seen: Seen) -> float:
    if not seen.parsed or seen.tampered:
        return 0.0
    if seen.red:
        return 0.3
    if not seen.green:
        return 0.6
    return 0.7 if seen.bug_unshown or seen.unshown else 1.0
