"""Failures that may cost money all the same, and the end of a chain."""

from typing import TypeVar

from factory.contracts.errors import BadReply, ModelProblem, Stopped, StopReason, Unreachable, Withheld
from factory.contracts.record import Record


class CutOff(Unreachable):
    """The request was sent and the answer never ended: it may be billed."""

    billed = True


class Repeating(BadReply):
    """The answer was stopped because it went round in circles: what was written is billed."""

    kind = "repeating"
    billed = True


P = TypeVar("P", bound=ModelProblem)


def billed(problem: P) -> P:
    """The same problem, after which the worst case stays booked."""
    problem.billed = True
    return problem


class Failure(Record):
    """Why one endpoint gave no answer."""

    endpoint: str
    kind: str  # ModelProblem.kind
    message: str


def unnamed(endpoint: str, message: str) -> str:
    """A problem's message for where the endpoint's name stands already: without it, and without a full stop."""
    rest = message.removeprefix(endpoint)
    return (rest.lstrip(": ") if rest[:1] in (" ", ":") else message).rstrip(". ")


def named(endpoint: str, message: str) -> str:
    """The message with the endpoint's name before it, once, and without a full stop."""
    rest = unnamed(endpoint, message)
    return f"{endpoint} {rest}" if message.startswith(f"{endpoint} ") else f"{endpoint}: {rest}"


def exhausted(role: str, failures: tuple[Failure, ...]) -> Stopped:
    """The stop that a chain without an answer means, with every endpoint's reason in one sentence."""
    kinds = {failure.kind for failure in failures}
    reason: StopReason = "no_model"
    advice = "Check the endpoints with `factory models test`, then run `factory resume`."
    if kinds == {"rate_limited"}:
        reason, advice = "rate_limited", "Wait, or add another endpoint to the chain, then run `factory resume`."
    elif kinds == {Withheld.kind}:
        reason, advice = "egress", "See docs/egress.md, change [egress] or the chain, then run `factory resume`."
    elif kinds & {"bad_reply", "repeating"}:
        reason, advice = "model_unusable", "Try a stronger model for this role."
    listed = "; ".join(named(failure.endpoint, failure.message) for failure in failures)
    return Stopped(reason, f"No model gave a usable answer for the role {role} ({listed}). {advice}")
