"""collect: the wave's changes -> one tree, by lease."""

from factory.contracts.errors import Stopped
from factory.contracts.run import Run
from factory.edits.merge import merge
from factory.stages.shop import Shop


def collect(run: Run, shop: Shop) -> Run:
    """Merge the wave in flight. A partial success goes on and says so; no success at all stops the run."""
    assert run.plan
    tree = run.tree or run.repo.tree
    wave = merge(shop.trees, tree, run.plan, run.pending, shop.policy, len(run.waves) + 1)
    run = run.but(waves=(*run.waves, wave), pending=(), tree=wave.tree)
    for item in wave.findings:
        shop.watcher.tell("note", text=item.message)
    written = [change for each in run.waves for change in each.changes if change.files and not change.error]
    if not written:
        reasons = "; ".join(f"{change.unit}: {change.error or 'rejected'}" for change in wave.changes)
        if run.task and run.task.mechanical and not any(change.error for change in wave.changes):
            raise Stopped("nothing_to_do", _nothing(run, shop, tree))
        raise Stopped("units_failed", f"No unit brought a usable change: {reasons}.")
    return run


def _nothing(run: Run, shop: Shop, tree: str) -> str:
    """Why the rules wrote nothing. A tidy reads Python alone: of other code it must not say that it is well."""
    python = any(path.endswith((".py", ".pyi")) for path in shop.trees.entries(tree))
    if run.event.kind == "tidy" and not python:
        return "There is no Python here, and this task mends nothing else."
    return "The code is as it should be already: there was nothing to mend by rules."
