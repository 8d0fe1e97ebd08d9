"""Demiurge's part of a round: must-fix findings, one at a time, the checks after each."""

from factory.contracts.errors import Abandoned, FactoryError, Stopped
from factory.contracts.evidence import Evidence
from factory.contracts.finding import SEVERITIES, Finding
from factory.contracts.plan import Unit
from factory.contracts.roster import FixFacts
from factory.contracts.run import Run
from factory.stages.gather import pack_of
from factory.stages.generate import ENDS_THE_RUN
from factory.stages.shop import Shop
from factory.stages.verify import evidence_of
from factory.stages.words import diff_text, evidence_text, log_tail

MOST = 6  # fixes a round
OURS = ("tests", "genesis")  # sources that need no second opinion


def fix_all(run: Run, shop: Shop, n: int, todo: tuple[Finding, ...]) -> tuple[Run, dict[str, str]]:
    """The run with the fixes that held, and the fate of each finding by id."""
    fates = {}
    for k, item in enumerate(todo[:MOST]):
        if k and gone(run, shop, item):
            fates[item.id] = f"fixed with the ones before, in {run.fixes[-1].unit}"
            continue
        run, fates[item.id] = _fix_one(run, shop, f"fix-{n}-{k + 1}", item)
    return run, fates | {item.id: "left open: too many in one round" for item in todo[MOST:]}


def gone(run: Run, shop: Shop, item: Finding) -> bool:
    """Has an earlier fix of this round removed the cause? A failing test passes; a quoted line is no longer there."""
    assert run.evidence
    if not run.fixes:
        return False
    if item.source == "tests":
        return item.id not in {each.id for each in run.evidence.findings}
    entry = shop.trees.entries(run.tree).get(item.path)
    if not item.path or not item.evidence or item.source in ("lint", "types", "genesis"):
        return False
    return entry is None or item.evidence.strip().encode() not in shop.trees.read(entry.oid)


def _fix_one(run: Run, shop: Shop, name: str, item: Finding) -> tuple[Run, str]:
    assert run.task
    assert run.plan
    assert run.evidence
    unit = fix_unit(run, name, item)
    shop.watcher.tell("unit", unit=name, role="demiurge", title=item.message[:80], state="start")
    desk = shop.desk("demiurge", shop.journal.scope(run.id, "refine", name), run)
    seen = f"{evidence_text(run.evidence, shop.blobs)}\n{failing_log(run.evidence, shop)}"
    facts = FixFacts(task=run.task, pack=pack_of(run, shop), plan=run.plan, unit=unit, tree=run.tree, finding=item,
                     diff=diff_text(shop.trees.diff(run.repo.tree, run.tree)), evidence=seen)  # fmt: skip
    try:
        change = shop.roster.demiurge(desk, facts)
    except Stopped as stop:
        if stop.reason in ENDS_THE_RUN:
            raise
        return run, _failed(shop, unit, str(stop))
    except Abandoned:
        raise
    except FactoryError as problem:
        return run, _failed(shop, unit, str(problem))
    tree = shop.trees.overlay(run.tree, change.files) if change.files else run.tree
    if change.error or tree == run.tree:
        return run, _failed(shop, unit, change.error or "the fixer changed nothing")
    fixed = run.but(tree=tree, fixes=(*run.fixes, change.but(unit=name)), fix_trees=(*run.fix_trees, tree))
    evidence = evidence_of(fixed, shop, "refine", f"{name}.checks")
    if worse(run.evidence, evidence):
        return run, _failed(shop, unit, "the fix made the checks worse and was dropped")
    shop.watcher.tell("unit", unit=name, role="demiurge", title=unit.title, state="done")
    return fixed.but(evidence=evidence), f"fixed in {name}"


def _failed(shop: Shop, unit: Unit, why: str) -> str:
    shop.watcher.tell("unit", unit=unit.id, role="demiurge", title=unit.title, state="failed")
    return f"open: {why}"


def fix_unit(run: Run, name: str, item: Finding) -> Unit:
    """A fix may touch what the plan's units own, nothing else."""
    assert run.plan
    owns = tuple(dict.fromkeys(path for unit in run.plan.units for path in unit.owns))[:64]
    reads = (item.path,) if item.path else ()
    title, instructions = f"Fix: {item.message}"[:200], item.message[:20_000]
    return Unit(id=name, role="integration", title=title, instructions=instructions, owns=owns, reads=reads)


def must_fix(findings: tuple[Finding, ...], named: tuple[str, ...]) -> tuple[Finding, ...]:
    """What the judge named, failing tests, and serious findings that a reviewer is sure of; worst first."""
    sure = [item for item in findings if item.serious and (item.source in OURS or item.confidence >= 0.7)]
    chosen = [item for item in findings if item.id in named or (item in sure and item.source != "collect")]
    return tuple(sorted(chosen, key=lambda item: (item.source != "tests", -SEVERITIES.index(item.severity), item.id)))


def worse(before: Evidence, after: Evidence) -> bool:
    """More broken tests than before, or tampering that was not there."""
    count = [sum(len(suite.broken) for suite in evidence.suites) for evidence in (before, after)]
    return count[1] > count[0] or (after.tampered and not before.tampered) or (after.red and not before.red)


def failing_log(evidence: Evidence, shop: Shop) -> str:
    logs = [
        log_tail(suite.candidate.log, shop.blobs)
        for suite in evidence.suites
        if suite.broken or not suite.candidate.ran
    ]
    return "\n".join(log for log in logs if log)
