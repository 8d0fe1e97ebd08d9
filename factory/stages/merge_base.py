"""A pull request that conflicts with its base: git merges what it can, the fixer the rest, file by file, both sides
shown. What comes out is one merge commit; nothing of either side is dropped in silence, and the tests run on it."""

import re

from factory.codegraph.parse.outline import outline
from factory.contracts.change import Change
from factory.contracts.errors import EditProblem, GitProblem
from factory.contracts.finding import Finding, finding
from factory.contracts.run import Merge, Run
from factory.edits.draft import Draft
from factory.edits.merge import merge
from factory.git import Store
from factory.handover.replay import Merged, merged
from factory.handover.trees import MERGE
from factory.render.amount import many
from factory.stages.fix import fix_unit, worse, written
from factory.stages.shop import Shop
from factory.stages.verify import evidence_of

MOST = 10  # files that conflict; more than these are a person's
SHOWN = 3_000  # characters of the conflicts of one file
_OPEN, _END = re.compile(r"^<{7} ", re.MULTILINE), re.compile(r"^>{7} ", re.MULTILINE)


def merge_base(run: Run, shop: Shop) -> tuple[Run, str]:
    """(the run on the merge, the fate of the conflict); the run as it was when it cannot be done well."""
    assert run.ticket
    assert run.evidence
    store, base = shop.trees, run.ticket.base_sha
    assert isinstance(store, Store)
    try:
        found = merged(store, run.repo.commit, base)
        now, files = _resolved(run, shop, found, base)
    except (EditProblem, GitProblem) as problem:
        return run, f"open: {problem}"
    title = f"Merge {run.ticket.base} into {run.ticket.head}"[:200]
    models = tuple(dict.fromkeys(model for each in files for model in each.models))
    change = Change(unit=MERGE, role="demiurge", title=title, base=run.tree, models=models,
                    files=tuple(file for each in files for file in each.files),
                    summary=" ".join(each.summary for each in files)[:2000])  # fmt: skip
    done = run.but(tree=now.tree, merge=Merge(base=base, conflicts=found.conflicts), fixes=(*run.fixes, change),
                   fix_trees=(*run.fix_trees, now.tree))  # fmt: skip
    evidence = evidence_of(done, shop, "refine", f"{MERGE}.checks")
    if worse(run.evidence, evidence):
        return run, "open: the branch and its base can be merged, but then the checks fail: a person must look"
    return done.but(evidence=evidence), f"fixed in {MERGE}"


def _resolved(run: Run, shop: Shop, found: Merged, base: str) -> tuple[Run, list[Change]]:
    """The run on git's own merge with every conflict resolved. Raises EditProblem with the file that is not."""
    if len(found.conflicts) > MOST:
        raise EditProblem(f"{len(found.conflicts)} files conflict with the base: a person must merge them")
    now, changes = run.but(tree=found.tree), []
    for k, path in enumerate(found.conflicts, start=1):
        text = _text(shop, found.tree, path)
        if not _OPEN.search(text):
            raise EditProblem(f"{path} was deleted or moved on one side, or is no text: a person must merge it", path)
        unit = fix_unit(run, f"{MERGE}-{k}", item := _conflict(path, text)).but(owns=(path,))
        assert run.plan
        change = written(now, shop, unit, item)
        wave = merge(shop.trees, now.tree, run.plan.but(units=(unit,)), (change,), shop.policy, 0)
        if wave.tree == now.tree:
            raise EditProblem(f"the conflict in {path} was not resolved: {wave.changes[0].error}", path)
        _keeps_both(run, shop, wave.tree, path, base)
        now = now.but(tree=wave.tree)
        changes.append(wave.changes[0])
    return now, changes


def _conflict(path: str, text: str) -> Finding:
    """What the fixer is asked: the file with git's markers, both sides between them."""
    starts = [text[: match.start()].count("\n") + 1 for match in _OPEN.finditer(text)]
    ends = [text[: match.start()].count("\n") + 1 for match in _END.finditer(text)]
    hunks = "\n[…]\n".join(_hunk(text, a, b) for a, b in zip(starts, ends, strict=False))
    message = (
        f"{path} conflicts with the base: {many(len(starts), 'place')}. Between <<<<<<< and ======= stands what this "
        "branch says, between ======= and >>>>>>> what the base says. Write each place so that it does what both sides "
        f"want, and take the markers out. Drop nothing of either side.\n{hunks[:SHOWN]}"
    )
    return finding("merge.base", "conflict", message, path=path, evidence=text.splitlines()[starts[0] - 1][:200],
                   start=starts[0], end=ends[-1] if ends else starts[-1], severity="high")  # fmt: skip


def _hunk(text: str, start: int, end: int) -> str:
    return "\n".join(text.splitlines()[start - 1 : end])


def _keeps_both(run: Run, shop: Shop, tree: str, path: str, base: str) -> None:
    """Every top-level symbol that both sides have, or that one of them added, is still there. Raises EditProblem."""
    text = _text(shop, tree, path)
    if _OPEN.search(text) or _END.search(text):
        raise EditProblem(f"the conflict in {path} was not resolved: its markers are still there", path)
    store = shop.trees
    assert isinstance(store, Store)
    fork = store.git("merge-base", run.repo.commit, base).decode().split()[0]
    sides = [_symbols(path, _text(shop, _tree(store, each), path)) for each in (fork, run.repo.commit, base)]
    after = outline(path, text)
    if after is None or None in sides:
        return
    before, ours, theirs = (each or frozenset() for each in sides)
    wanted = (ours & theirs) | (ours - before) | (theirs - before)
    lost = sorted(wanted - after.symbols - after.imported)
    if lost:
        raise EditProblem(f"the merge of {path} would lose {', '.join(lost[:10])}", path, "symbol_loss")


def _symbols(path: str, text: str) -> frozenset[str] | None:
    found = outline(path, text)
    return frozenset(found.symbols) if found else None


def _tree(store: Store, commit: str) -> str:
    return store.git("rev-parse", "--verify", f"{commit}^{{tree}}").decode().strip()


def _text(shop: Shop, tree: str, path: str) -> str:
    """ "" for what is not there, or no text."""
    try:
        return Draft(shop.trees, tree, (), shop.policy).read(path)
    except EditProblem:
        return ""
