"""What reviewers and auditors share: one look at the change through one prompt, a few findings."""

from factory.contracts.roster import Notes, ReviewFacts
from factory.contracts.seams import Desk

MOST_FINDINGS = 5  # more drown the ones that count


def review(template: str, desk: Desk, facts: ReviewFacts, **more: str) -> Notes:
    """At most five findings, in the reviewer's order: the worst first. `more`: what only this one is shown."""
    answer = desk.ask(
        template, Notes, task=facts.task, plan=facts.plan, diff=facts.diff, evidence=facts.evidence, known=facts.known,
        lessons=facts.lessons, **more,
    )  # fmt: skip
    return Notes(findings=answer.value.findings[:MOST_FINDINGS])
