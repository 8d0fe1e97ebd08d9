"""Demiurge's part of a round: must-fix findings, one at a time, the checks after each."""

from collections.abc import Callable

from factory.contracts.change import Change
from factory.contracts.errors import Abandoned, FactoryError, Stopped
from factory.contracts.evidence import Evidence
from factory.contracts.finding import SEVERITIES, Finding
from factory.contracts.plan import Unit
from factory.contracts.roster import FixFacts
from factory.contracts.run import Run
from factory.edits.merge import merge
from factory.stages.gather import pack_of
from factory.stages.generate import ENDS_THE_RUN, failed
from factory.stages.quotes import MEASURED, still_there
from factory.stages.shop import Shop
from factory.stages.verify import evidence_of
from factory.stages.words import diff_text, evidence_text, log_tail

MOST = 6  # fixes a round
Proposed = Callable[[Run, str, Finding], Change | None]
OURS = ("tests", "genesis")  # sources that need no second opinion


def fix_all(
    run: Run, shop: Shop, n: int, todo: tuple[Finding, ...], most: int = MOST, proposed: Proposed | None = None
) -> tuple[Run, dict[str, str], tuple[Finding, ...]]:
    """(the run with the fixes that held, the fate of each finding by id, what the merge said of the fixes).

    `proposed`: an exact edit that somebody proposed for a finding, tried before the fixer is asked."""
    fates: dict[str, str] = {}
    noted: list[Finding] = []
    begun = len(run.fixes)
    for k, item in enumerate(todo[:most]):
        if len(run.fixes) > begun and not asked_by_person(item) and not still_there(run, shop, item):
            fates[item.id] = f"fixed with the ones before, in {run.fixes[-1].unit}"
            continue
        name = f"fix-{n}-{k + 1}"
        exact = proposed(run, name, item) if proposed else None
        if exact:
            run, fates[item.id], more = _taken(run, shop, fix_unit(run, f"{name}-exact", item), exact, item)
        if not exact or fates[item.id].startswith("open"):
            run, fates[item.id], more = _fix_one(run, shop, name, item)
        noted += more
    return run, fates | {item.id: "open: too many for one round" for item in todo[most:]}, tuple(noted)


def _fix_one(run: Run, shop: Shop, name: str, item: Finding) -> tuple[Run, str, tuple[Finding, ...]]:
    unit = fix_unit(run, name, item)
    shop.watcher.tell("unit", unit=name, role="demiurge", title=item.message[:80], state="start")
    change = written(run, shop, unit, item)
    if change.error and change.summary and not change.files:  # only whom people asked may say no, in words
        shop.watcher.tell("unit", unit=name, role="demiurge", title=unit.title, state="done")
        return run, f"declined: {change.summary}", ()
    return _taken(run, shop, unit, change, item)


def _taken(run: Run, shop: Shop, unit: Unit, change: Change, item: Finding) -> tuple[Run, str, tuple[Finding, ...]]:
    """The run with the change, when the rules of the merge and the checks let it in."""
    assert run.plan
    assert run.evidence
    name = unit.id
    # as strict as with every other unit: lease, paths, modes, symbols, flagged files
    wave = merge(shop.trees, run.tree, run.plan.but(units=(unit,)), (change,), shop.policy, 0)
    said = tuple(each for each in wave.findings if each.rule.startswith("flag"))
    if wave.tree == run.tree:
        return run, _failed(shop, unit, wave.changes[0].error or "the fixer changed nothing"), ()
    fixed = run.but(tree=wave.tree, fixes=(*run.fixes, wave.changes[0]), fix_trees=(*run.fix_trees, wave.tree))
    evidence = evidence_of(fixed, shop, "refine", f"{name}.checks")
    if worse(run.evidence, evidence):
        return run, _failed(shop, unit, "the fix made the checks worse and was dropped"), ()
    shop.watcher.tell("unit", unit=name, role="demiurge", title=unit.title, state="done")
    fixed = fixed.but(evidence=evidence)
    if not still_there(fixed, shop, item):
        return fixed, f"fixed in {name}", said
    measurable = item.source in MEASURED or (item.path and item.evidence and not asked_by_person(item))
    return fixed, f"open: {name} did not remove it" if measurable else f"answered in {name}", said


def written(run: Run, shop: Shop, unit: Unit, item: Finding) -> Change:
    """Demiurge's change; what goes wrong for this fix alone is its error."""
    assert run.task
    assert run.plan
    assert run.evidence
    desk = shop.desk("demiurge", shop.journal.scope(run.id, "refine", unit.id), run)
    seen = f"{evidence_text(run.evidence, shop.blobs)}\n{failing_log(run.evidence, shop)}"
    facts = FixFacts(task=run.task, pack=pack_of(run, shop), plan=run.plan, unit=unit, tree=run.tree, finding=item,
                     diff=diff_text(shop.trees.diff(run.repo.tree, run.tree)), evidence=seen)  # fmt: skip
    try:
        change = shop.roster.demiurge(desk, facts).but(unit=unit.id, role="demiurge")
        return change if change.files or change.error else change.but(error="the fixer changed nothing")
    except Stopped as stop:
        if stop.reason in ENDS_THE_RUN:
            raise
        return failed(unit, run.tree, str(stop))
    except Abandoned:
        raise
    except FactoryError as problem:
        return failed(unit, run.tree, str(problem))


def asked_by_person(item: Finding) -> bool:
    """A remark may be answered elsewhere than on its line."""
    return item.source.startswith(("review.", "ci."))


def _failed(shop: Shop, unit: Unit, why: str) -> str:
    shop.watcher.tell("unit", unit=unit.id, role="demiurge", title=unit.title, state="failed")
    return f"open: {why}"


def fix_unit(run: Run, name: str, item: Finding) -> Unit:
    """A fix may touch what the plan's units own, nothing else."""
    assert run.plan
    owns = tuple(dict.fromkeys(path for unit in run.plan.units for path in unit.owns))[:64]
    reads = (item.path,) if item.path else ()
    title, instructions = f"Fix: {' '.join(item.message.split())}"[:200], item.message[:20_000]
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
