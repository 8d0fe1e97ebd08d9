"""verify: tree -> Evidence. The tests run on an exported copy, of a tree that is fixed before they start."""

from factory.checks.prove import prove
from factory.contracts.errors import Stopped
from factory.contracts.evidence import Evidence
from factory.contracts.run import Run
from factory.forge.hygiene import hidden_in_diff
from factory.stages.athena import with_audit
from factory.stages.commits import accepted
from factory.stages.shop import Shop


def verify(run: Run, shop: Shop) -> Run:
    if run.tree == run.repo.tree and not run.remarks:  # a revision begins with what is there
        raise Stopped("nothing_changed", "The units' changes cancel out: the tree is the same as before.")
    return run.but(evidence=evidence_of(run, shop, "verify", ""))


def evidence_of(run: Run, shop: Shop, stage: str, unit: str) -> Evidence:
    """What the checks say of the run's tree; base outcomes that are known are not measured again."""
    assert run.plan
    assert run.task
    shop.watcher.tell("check", name="tests", state="start", seconds=0.0)
    clock = shop.clock.monotonic()
    changes = accepted(run)
    found = prove(
        shop.bench,
        shop.journal.scope(run.id, stage, unit),
        run.repo.tree,
        run.tree,
        bug=run.task.kind == "bug",
        verify=run.plan.verify,
        reproductions=tuple((change.unit, change.reproduction) for change in changes if change.reproduction),
        may_vanish=tuple(name for each in run.plan.units for name in each.removes),
        known=run.evidence,
    )
    shop.watcher.tell("check", name="tests", state="green" if found.green else "red",
                      seconds=shop.clock.monotonic() - clock)  # fmt: skip
    hidden = hidden_in_diff(shop.trees.diff(run.repo.tree, run.tree))
    found = found.but(findings=(*found.findings, *hidden)) if hidden else found
    return with_audit(found, run, shop, stage, unit)
