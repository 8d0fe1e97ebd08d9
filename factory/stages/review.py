"""The reviewers' part of a round: Hydra's lenses and Athena's two auditors, then a validator that believes no quote."""

from collections.abc import Mapping
from functools import partial

from factory.contracts.errors import Stopped
from factory.contracts.finding import SEVERITIES, Finding, finding
from factory.contracts.roster import Note, Notes, Reviewer, ReviewFacts, Roster
from factory.contracts.run import Run
from factory.fanout import side_by_side
from factory.stages.generate import ENDS_THE_RUN
from factory.stages.lessons import lessons_on_change
from factory.stages.quotes import places
from factory.stages.shop import Shop
from factory.stages.words import diff_text, evidence_text


def review(
    run: Run, shop: Shop, n: int, known: tuple[Finding, ...], who: Mapping[str, Reviewer]
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """(valid findings of all of `who`, worst first, one per fingerprint; who gave no readable answer).

    `who` maps `role.lens` to the reviewer.
    """
    assert run.task
    assert run.plan
    assert run.evidence
    facts = ReviewFacts(task=run.task, plan=run.plan, diff=diff_text(shop.trees.diff(run.repo.tree, run.tree)),
                        evidence=evidence_text(run.evidence, shop.blobs), flow=run.evidence.flow, known=known,
                        lessons=lessons_on_change(run, shop, n))  # fmt: skip
    jobs = [partial(_look, run, shop, n, name, agent, facts) for name, agent in who.items()]
    notes = dict(zip(who, side_by_side(jobs, shop.settings.line.threads), strict=True))
    silent = tuple(name for name, given in notes.items() if given is None)
    found: dict[str, Finding] = {}
    for name, given in notes.items():
        for item in given.findings if given else ():
            valid = validated(name, item, run, shop)
            if valid:
                found.setdefault(valid.id, valid)
    worst_first = sorted(found.values(), key=lambda item: (-SEVERITIES.index(item.severity), item.path, item.start))
    return tuple(worst_first), silent


def hydra(roster: Roster) -> dict[str, Reviewer]:
    return {f"hydra.{lens}": agent for lens, agent in roster.hydra.items()}


def athena(roster: Roster) -> dict[str, Reviewer]:
    """The two auditors."""
    return {"athena.threat": roster.threat, "athena.injection": roster.injection}


def _look(run: Run, shop: Shop, n: int, name: str, agent: Reviewer, facts: ReviewFacts) -> Notes | None:
    first, _, lens = name.partition(".")
    role = lens if first == "athena" else first
    desk = shop.desk(role, shop.journal.scope(run.id, "refine", f"r{n}.{name}"), run)
    try:
        return agent(desk, facts)
    except Stopped as stop:
        if stop.reason in ENDS_THE_RUN:
            raise
        shop.watcher.tell("note", text=f"{name} gave no readable answer: {stop}")
        return None


def validated(source: str, note: Note, run: Run, shop: Shop) -> Finding | None:
    """The note as a finding at the line that really holds its quote; None when no line of the candidate does."""
    lines = places(shop, run.tree, note.path, note.quote)
    if not lines:
        shop.journal.note(run.id, "finding_dropped", source=source, path=note.path, why="no line holds its quote")
        return None
    line = min(lines, key=lambda number: abs(number - note.line))
    severity = note.severity if note.severity in SEVERITIES else "medium"
    return finding(source, note.rule, note.message, path=note.path, evidence=note.quote, start=line, end=line,
                   severity=severity, confidence=note.confidence, category=note.category, fix=note.fix)  # fmt: skip
