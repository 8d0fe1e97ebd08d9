"""The judge's part of a round: Genesis says ACCEPT, REVISE or REJECT; the confidence is computed here."""

import re
from collections import Counter

from factory.confidence import Seen, confidence
from factory.contracts.errors import Stopped
from factory.contracts.evidence import Evidence
from factory.contracts.finding import Finding
from factory.contracts.model import Endpoint, within
from factory.contracts.roster import JudgeFacts
from factory.contracts.run import Run
from factory.contracts.seams import Answer
from factory.contracts.verdict import Decision, Judgement, Verdict
from factory.stages.commits import commits_of
from factory.stages.generate import ENDS_THE_RUN
from factory.stages.lessons import lessons_on_change
from factory.stages.shop import Shop
from factory.stages.shown import unshown
from factory.stages.words import diff_text, evidence_text

STRICTEST: tuple[Decision, ...] = ("REJECT", "REVISE", "ACCEPT")  # a tie goes to the stricter word
_CRITICAL = re.compile(
    r"(^|[/_.-])(auth|authn|authz|authenticat\w*|authori[sz]\w*|crypt\w*|encrypt\w*|decrypt\w*|logins?|oauth2?|"
    r"passw\w*|payments?|permissions?|sandbox|secrets?|sessions?|tokens?)([/_.-]|$)",
    re.IGNORECASE,
)


def judge(run: Run, shop: Shop, n: int, findings: tuple[Finding, ...]) -> Verdict:
    """The verdict of the first endpoint of the chain; unreadable answers count as REVISE with confidence 0."""
    answers = []
    for k in range(shop.settings.line.judge_samples):
        scope = shop.journal.scope(run.id, "refine", f"r{n}.genesis.{k}")
        desk = shop.desk("genesis", scope, run, sample=k)
        try:
            answers.append(shop.roster.genesis(desk, facts(run, shop, n, findings)))
        except Stopped as stop:
            if stop.reason in ENDS_THE_RUN:
                raise
            shop.watcher.tell("note", text=f"genesis: {stop}")
            return Verdict(decision="REVISE", confidence=0.0, reasons=(f"no readable judgement: {stop}",))
    return _verdict(run, shop, findings, answers)


def second_opinion(run: Run, shop: Shop, n: int, findings: tuple[Finding, ...], first: Verdict, why: str) -> Verdict:
    """The next tier's verdict, with who judged before. No answer leaves the first one, marked as not confirmed."""
    chain = shop.settings.endpoints_for("genesis", effort(run))
    allowed = {endpoint.name for endpoint in further(run, shop, first)}
    avoid = tuple(endpoint.name for endpoint in chain if endpoint.name not in allowed)
    scope = shop.journal.scope(run.id, "refine", f"r{n}.genesis.escalated")
    desk = shop.desk("genesis", scope, run, ceiling=shop.highest, avoid=avoid, escalation=True)
    judged = first.model or "no readable judge"
    try:
        answer = shop.roster.genesis(desk, facts(run, shop, n, findings))
    except Stopped as stop:
        if stop.reason in ("disk_full", "interrupted", "state_unusable"):
            raise
        return first.but(
            confidence=0.0, escalated_because=why,
            reasons=(*first.reasons, f"the second judge could not be asked, so this is not confirmed: {stop}"),
        )  # fmt: skip
    return _verdict(run, shop, findings, [answer]).but(escalated_from=judged, escalated_because=why)


def further(run: Run, shop: Shop, verdict: Verdict) -> tuple[Endpoint, ...]:
    """The endpoints of the judge's chain after the one that judged, within the escalation ceiling."""
    chain = shop.settings.endpoints_for("genesis", effort(run))
    names = [endpoint.name for endpoint in chain]
    start = names.index(verdict.endpoint) + 1 if verdict.endpoint in names else 1
    return tuple(endpoint for endpoint in chain[start:] if within(endpoint.tier, shop.highest))


def effort(run: Run) -> int:
    return run.plan.effort if run.plan else 5


def security_critical(run: Run, paths: tuple[str, ...]) -> bool:
    assert run.plan
    return run.plan.risk == "security" or any(_CRITICAL.search(path) for path in paths)


def facts(run: Run, shop: Shop, n: int, findings: tuple[Finding, ...]) -> JudgeFacts:
    """Evidence, findings, criteria, lessons and the diff; never a word of the author's."""
    assert run.task
    assert run.plan
    assert run.evidence
    commits = tuple(f"{each.sha[:12]} {each.unit}: {each.title}" for each in commits_of(run, shop.trees))
    diff = diff_text(shop.trees.diff(run.repo.tree, run.tree))
    return JudgeFacts(task=run.task, criteria=run.plan.acceptance, evidence=run.evidence, findings=findings, diff=diff,
                      commits=commits, evidence_text=evidence_text(run.evidence, shop.blobs),
                      lessons=lessons_on_change(run, shop, n))  # fmt: skip


def _verdict(run: Run, shop: Shop, findings: tuple[Finding, ...], answers: list[Answer[Judgement]]) -> Verdict:
    assert run.evidence
    assert run.task
    votes = Counter(answer.value.decision for answer in answers)
    decision = max(STRICTEST, key=lambda word: (votes[word], -STRICTEST.index(word)))
    chosen = next(answer for answer in answers if answer.value.decision == decision)
    changed = shop.trees.diff(run.repo.tree, run.tree)
    missing = unshown(run, chosen.value, commits_of(run, shop.trees), findings, shop.blobs)
    value, terms = confidence(Seen(
        green=run.evidence.green, red=run.evidence.red, counted=_counted(run.evidence),
        tampered=run.evidence.tampered, proven=run.evidence.bug_shown or any(s.added for s in run.evidence.suites),
        bug_unshown=run.task.kind == "bug" and not run.evidence.bug_shown, findings=findings,
        agreement=votes[decision] / len(answers), margin=chosen.margin, unshown=len(missing), lines=_lines(changed),
        security=security_critical(run, tuple(change.path for change in shop.trees.changed(run.repo.tree, run.tree))),
    ))  # fmt: skip
    return Verdict(decision=decision, confidence=value, terms=terms, reasons=chosen.value.reasons,
                   must_fix=chosen.value.must_fix, evidence=chosen.value.evidence, unshown=missing, model=chosen.model,
                   endpoint=chosen.endpoint, tier=chosen.tier)  # fmt: skip


def _counted(evidence: Evidence) -> bool:
    return all(suite.candidate.counted for suite in evidence.suites)


def _lines(diff: str) -> int:
    return sum(1 for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---"))
