"""Mending by rules: each finding is a unit, its coder a codemod, and the tests decide what stays. No model.

`--task tidy` is the same without findings: one unit, whose coder is ruff in the sandbox (tidy.py).
"""

import difflib
from collections.abc import Callable, Mapping, Sequence

from factory.checks.prove import prove
from factory.contracts.change import Change, FileChange
from factory.contracts.errors import Stopped
from factory.contracts.evidence import Evidence
from factory.contracts.finding import Finding
from factory.contracts.plan import Criterion, Plan, Unit
from factory.contracts.record import digest
from factory.contracts.run import Run
from factory.contracts.seams import Scope
from factory.contracts.task import Event, Task
from factory.hunt.detectors import all_detectors
from factory.hunt.fixes import codemods, mended
from factory.hunt.themes import exact
from factory.stages.shop import Shop
from factory.stages.tidy import tidy_change

PREFIX = "mend-"  # of a unit's id, before the finding's: the commit's trailer names both
TRIALS = 40  # times that the tests may run to find the fixes that break them
DONE: Mapping[str, str] = {
    "except-exception": "Let Ctrl-C and exits through",
    "none-default": "Give each call a default of its own",
    "ruff": "Remove what is not used",
}


def mend_task(event: Event) -> Task:
    """What its findings have in common: the title of the pull request."""
    rules = {each.rule for each in event.findings}
    titles = [each.title for each in all_detectors() if each.id in rules]
    what = titles[0] if len(titles) == 1 else "What the hunt found"
    where = f" in {event.source}" if event.source else ""
    ids = " ".join(sorted(each.id for each in event.findings))
    return Task(number=event.number or "local", title=f"{what}: {len(event.findings)} mended{where}"[:250], body="",
                kind="mend", effort=1, digest=digest(ids))  # fmt: skip


def mend_plan(run: Run, shop: Shop) -> Run:
    """A unit for each finding that can be mended without making a test worse; the others are named in the task's notes.

    Raises Stopped('nothing_to_do') when none can.
    """
    assert run.task
    able = [each for each in run.event.findings if _file(run, shop, run.repo.tree, each, each.start)]
    good = _harmless(run, shop, able) if able else []
    notes = [_left(each, "the fix is not certain to be right here") for each in run.event.findings if each not in able]
    notes += [_left(each, "the tests are worse with its fix") for each in able if each not in good]
    for note in notes:
        shop.watcher.tell("note", text=note)
    if not good:
        raise Stopped("nothing_to_do", f"Nothing was mended. {'; '.join(notes[:5])}")
    return run.but(plan=_plan(run.task, good), task=run.task.but(notes=(*run.task.notes, *notes)))


def _left(item: Finding, why: str) -> str:
    return f"not fixed: {item.rule} at {item.path}:{item.start}: {why}"


def _plan(task: Task, findings: Sequence[Finding]) -> Plan:
    """Units on the same file one after the other: each sees what the one before left."""
    last: dict[str, str] = {}
    units = []
    for each in findings:
        name = f"{PREFIX}{each.id}"
        units.append(
            Unit(id=name, role="integration", title=_title(each), owns=(each.path,), acceptance=("tests-hold",),
                 after=(last[each.path],) if each.path in last else (), instructions=each.message[:2000] or each.rule)
        )  # fmt: skip
        last[each.path] = name
    return Plan(
        summary=f"{task.title}. Each finding is a commit of its own; no model wrote any of it.",
        effort=1,
        acceptance=(Criterion(id="tests-hold", text="The repository's own tests pass as they did before."),),
        units=tuple(units),
    )


def _title(item: Finding) -> str:
    """`Let Ctrl-C and exits through (bare-except, shop/cart.py:12)`."""
    done = DONE.get(codemods().get(item.rule, ""), "Mend")
    return f"{done} ({item.rule}, {item.path}:{item.start})"[:200]


def mechanical_change(run: Run, shop: Shop, unit: Unit, tree: str, name: str) -> Change:
    """One unit's change, made by rules. Raises SandboxProblem when ruff fails in the sandbox."""
    if run.task and run.task.kind == "tidy":
        return tidy_change(shop, shop.journal.scope(run.id, "generate", name), unit, tree)
    change = Change(unit=unit.id, role=unit.role, title=unit.title, base=tree)
    item = next((each for each in run.event.findings if f"{PREFIX}{each.id}" == unit.id), None)
    file = _file(run, shop, tree, item, _moved(run, shop, tree, item)) if item else None
    if file is None:
        return change.but(notes=("nothing was left to do: a fix beside it did this too",))
    return change.but(files=(file,))


def _file(run: Run, shop: Shop, tree: str, item: Finding, line: int) -> FileChange | None:
    """The finding's file without it, in `tree`, where it stands at `line`; None when that is not certain."""
    entry = shop.trees.entries(tree).get(item.path)
    if entry is None or not entry.mode.startswith("100") or not line or shop.policy.refuse(item.path):
        return None
    text = exact(shop.trees.read(entry.oid))
    here = item.but(start=line, end=line + max(0, item.end - item.start))
    new = mended(text, here, codemods().get(item.rule, "")) if text is not None else None
    if new is None:
        return None
    data = new.encode()
    return FileChange(path=item.path, op="write", mode=entry.mode, oid=shop.trees.blob(data), size=len(data))


def _moved(run: Run, shop: Shop, tree: str, item: Finding) -> int:
    """The line of `tree` at which the base's line stands now, 0 when it is not there any more."""
    before, now = (shop.trees.entries(each).get(item.path) for each in (run.repo.tree, tree))
    if before is None or now is None:
        return 0
    if before.oid == now.oid:
        return item.start
    old, new = (exact(shop.trees.read(each.oid)) or "" for each in (before, now))
    return moved(old.split("\n"), new.split("\n"), item.start)


def moved(old: Sequence[str], new: Sequence[str], line: int) -> int:
    """Where a 1-based line of `old` is in `new`: by the equal lines around it; a line that was rewritten in place
    counts as the same. 0 = gone."""
    for what, start, end, there, till in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if start < line <= end:
            at = there + line - start
            return at if what == "equal" or (what == "replace" and at <= till) else 0
    return 0


def _harmless(run: Run, shop: Shop, findings: list[Finding]) -> list[Finding]:
    """Those whose fixes together leave the tests as good as they were: all, or what halving finds."""
    scope = shop.journal.scope(run.id, "plan")
    if shop.tests(scope, _tree(run, shop, findings)).outcome.status == "passed":
        return findings
    seen: list[Evidence] = []

    def holds(some: list[Finding]) -> bool:
        tree = _tree(run, shop, some)
        if tree == run.repo.tree:
            return True
        if len(seen) >= TRIALS:
            return False
        seen.append(_proven(shop, scope, run.repo.tree, tree, seen[0] if seen else None))
        return not seen[-1].red

    return _holding(findings, holds)


def _holding(some: list[Finding], holds: Callable[[list[Finding]], bool]) -> list[Finding]:
    """Those that hold alone, found by halving; of fixes that only break things together the later ones go."""
    if holds(some):
        return some
    kept = _alone(some, holds)
    while kept and not holds(kept):
        kept = kept[: len(kept) // 2]
    return kept


def _alone(some: list[Finding], holds: Callable[[list[Finding]], bool]) -> list[Finding]:
    """Of a list that does not hold as a whole."""
    half = len(some) // 2
    parts = [some[:half], some[half:]] if half else []
    return [each for part in parts for each in (part if holds(part) else _alone(part, holds))]


def _proven(shop: Shop, scope: Scope, base: str, tree: str, known: Evidence | None) -> Evidence:
    return prove(shop.bench, scope, base, tree, bug=False, known=known)


def _tree(run: Run, shop: Shop, findings: Sequence[Finding]) -> str:
    """The base with these fixes, one after the other, as the units make them."""
    tree = run.repo.tree
    for each in findings:
        file = _file(run, shop, tree, each, _moved(run, shop, tree, each))
        tree = shop.trees.overlay(tree, (file,)) if file else tree
    return tree
