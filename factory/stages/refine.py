"""refine: review -> judge -> fix -> verify, one round at a time, until accepted, stopped, or the rounds are used up."""

from factory.contracts.finding import Finding, finding
from factory.contracts.run import Run
from factory.contracts.verdict import Round, Verdict
from factory.stages.decide import Situation, decide, reverted_share
from factory.stages.fix import fix_all, must_fix
from factory.stages.judge import further, judge, second_opinion, security_critical
from factory.stages.quotes import MEASURED, still_there
from factory.stages.review import athena, hydra, review
from factory.stages.revise import revise
from factory.stages.shop import Shop

FLAPPING = 0.7  # share of a diff that a later round takes back


def settled(run: Run) -> bool:
    by_rules = run.task is not None and run.task.mechanical and run.evidence is not None
    return by_rules or (bool(run.rounds) and run.rounds[-1].decision in ("accept", "stop"))


def refine(run: Run, shop: Shop) -> Run:
    """One round. The record of it is saved before the next begins, so that a stop loses no finished round."""
    assert run.evidence
    if settled(run):
        return run
    if run.remarks and not run.rounds:
        return revise(run, shop)
    n = len(run.rounds) + 1
    known = carried(run, shop)
    reviewed, silent = review(run, shop, n, known, hydra(shop.roster) | athena(shop.roster))
    findings = _all_findings(run, known, reviewed)
    verdict = judge(run, shop, n, findings)
    todo = must_fix(findings, verdict.must_fix) or _as_findings(verdict)
    action, why = decide(_situation(run, shop, n, verdict, len(todo), escalated=False))
    if action == "escalate":
        verdict = second_opinion(run, shop, n, findings, verdict, why)
        todo = must_fix(findings, verdict.must_fix) or _as_findings(verdict)
        action, why = decide(_situation(run, shop, n, verdict, len(todo), escalated=True))
    judged, evidence, before = run.tree, run.evidence, len(run.fixes)
    fates: dict[str, str] = {}
    if action == "go_on":
        run, fates, more = fix_all(run, shop, n, todo)
        findings = tuple(dict.fromkeys((*findings, *todo, *more)))
    noted = tuple(item.but(fate=fates.get(item.id, "open")) for item in findings)
    fixes = tuple(change.unit for change in run.fixes[before:])
    done = Round(n=n, tree=judged, findings=noted, silent=silent, fixes=fixes, evidence=evidence, verdict=verdict,
                 decision=action, why=why)  # fmt: skip
    shop.watcher.tell("round", n=n, decision=action)
    return run.but(rounds=(*run.rounds, done), verdict=verdict)


def finished_units(run: Run) -> tuple[str, ...]:
    """How the journal's names of finished work begin: rounds, their fixes, and units of merged waves."""
    rounds = tuple(name for each in run.rounds for name in (f"r{each.n}.", f"fix-{each.n}-"))
    return (*rounds, *(change.unit for wave in run.waves for change in wave.changes))


def carried(run: Run, shop: Shop) -> tuple[Finding, ...]:
    """Findings of the round before that nobody has settled: a reviewer who looks again need not say them again."""
    if not run.rounds:
        return ()
    return tuple(
        item for item in run.rounds[-1].findings
        if item.source not in (*MEASURED, "genesis") and item.fate.startswith("open") and still_there(run, shop, item)
    )  # fmt: skip


def _all_findings(run: Run, known: tuple[Finding, ...], reviewed: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The checks' findings first, then what the merge said, then what is open from before, then the reviewers'."""
    assert run.evidence
    merged = tuple(item for wave in run.waves for item in wave.findings)
    return tuple({item.id: item for item in (*run.evidence.findings, *merged, *known, *reviewed)}.values())


def _as_findings(verdict: Verdict) -> tuple[Finding, ...]:
    """A REVISE that names no finding: its reasons become one, so that the fixer hears them."""
    if verdict.decision != "REVISE" or not verdict.model or not verdict.reasons:
        return ()
    return (finding("genesis", "revise", " ".join(verdict.reasons)[:1000], severity="high", confidence=0.7),)


def _situation(run: Run, shop: Shop, n: int, verdict: Verdict, todo: int, escalated: bool) -> Situation:
    assert run.evidence
    paths = tuple(change.path for change in shop.trees.changed(run.repo.tree, run.tree))
    return Situation(
        decision=verdict.decision, confidence=verdict.confidence, threshold=shop.settings.line.accept_at,
        readable=bool(verdict.model), red=run.evidence.red, must_fix=todo, unshown=len(verdict.unshown),
        security=security_critical(run, paths), escalated=escalated, next_tier=bool(further(run, shop, verdict)),
        round=n, rounds=shop.settings.line.rounds, flapping=flapping(run, shop),
        stuck=bool(run.rounds) and run.rounds[-1].tree == run.tree,
    )  # fmt: skip


def flapping(run: Run, shop: Shop) -> bool:
    """The tree was judged before the last round already, or the last fixes took most of the diff back."""
    trees = [each.tree for each in run.rounds]
    if run.tree in trees[:-1]:
        return True
    if not trees or trees[-1] == run.tree:
        return False
    before, after = (frozenset(_added(shop.trees.diff(run.repo.tree, tree))) for tree in (trees[-1], run.tree))
    return reverted_share(before, after) > FLAPPING


def _added(diff: str) -> list[str]:
    path, found = "", []
    for line in diff.splitlines():
        if line.startswith("+++ "):
            path = line[4:]
        elif line.startswith("+") and line[1:].strip():
            found.append(f"{path}:{line}")
    return found
