"""The check run on the factory's commit: how it ended, in GitHub's words, with annotations on lines."""

from collections.abc import Sequence
from typing import Literal

from factory.contracts.finding import SEVERITIES, Finding
from factory.contracts.hub import Annotation
from factory.contracts.story import Story
from factory.render import facts, sections
from factory.render.pull import fit
from factory.render.text import clip, line, prose, quiet

NAME = "Dark Factory"
MOST = 50  # annotations: one request
Conclusion = Literal["success", "neutral", "failure"]
_LEVELS: dict[str, Literal["notice", "warning", "failure"]] = {
    "info": "notice", "low": "notice", "medium": "warning", "high": "failure", "critical": "failure",
}  # fmt: skip


def conclusion(story: Story) -> Conclusion:
    """Green only when a judge accepted; red when something is shown to be wrong; else neither."""
    run = story.run
    if run.evidence and run.evidence.red:
        return "failure"
    if run.verdict and run.verdict.decision == "REJECT":
        return "failure"
    return "success" if run.rounds and run.rounds[-1].decision == "accept" else "neutral"


def title(story: Story) -> str:
    state = facts.standing(story.run)
    return quiet(line(f"{state.word}: {state.sentence}", 200))


def summary(story: Story) -> str:
    """Markdown, at most 60,000 characters."""
    state = facts.standing(story.run)
    parts = [
        ("Tests before and after", sections.tests(story), 1),
        ("Acceptance criteria", sections.acceptance(story), 2),
        ("Findings", sections.findings(story), 3),
    ]
    head = f"**{prose(state.word)}**: {prose(state.sentence, 1000)}\n\n"
    return head + fit([part for part in parts if part[1]], 60_000 - len(head))


def annotations(findings: Sequence[Finding]) -> tuple[Annotation, ...]:
    """Open findings that have a line, the worst first. Their text is shown as it is, not as markdown."""
    worst = sorted(findings, key=lambda each: (-SEVERITIES.index(each.severity), each.path, each.start))
    return tuple(
        Annotation(
            path=item.path, start=item.start, end=max(item.start, item.end), level=_LEVELS[item.severity],
            title=quiet(line(f"{item.source}: {item.rule}", 200)), message=clip(quiet(line(item.message, 2000)), 4000),
        )
        for item in worst if item.path and item.start and facts.is_open(item)
    )[:MOST]  # fmt: skip
