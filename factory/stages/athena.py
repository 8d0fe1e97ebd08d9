"""The audit by rules as a step of a run: the change's data flow, journalled like everything that was measured."""

from collections.abc import Mapping

from factory.audit.audit import audit
from factory.audit.change import Change, added_lines
from factory.audit.elements import listed
from factory.codegraph.graph.links import Links
from factory.contracts.audit import Audited
from factory.contracts.errors import FactoryError
from factory.contracts.evidence import Evidence
from factory.contracts.record import Record
from factory.contracts.run import Run
from factory.contracts.seams import Entry
from factory.stages.gather import base_view
from factory.stages.shop import Shop

MOST_NEAR = 40  # files around the changed ones


class Asked(Record):
    """What the audit is journalled under."""

    audit: int = 1
    base: str
    tree: str


def with_audit(evidence: Evidence, run: Run, shop: Shop, stage: str, unit: str) -> Evidence:
    """The evidence with what the rules found in the change, and with the elements of its data flow."""
    if run.task and run.task.mechanical:
        return evidence
    scope = shop.journal.scope(run.id, stage, f"{unit}.audit" if unit else "audit")
    asked = Asked(base=run.repo.tree, tree=run.tree)
    found = scope.step("audit", asked, lambda: _audited(run, shop), Audited)
    return evidence.but(findings=(*evidence.findings, *found.findings), flow=listed(found))


def _audited(run: Run, shop: Shop) -> Audited:
    """Nothing that a change holds may end a run here: then it is audited by models alone, and that is said."""
    try:
        return audit(_change(run, shop))
    except (FactoryError, OSError):
        raise
    except Exception as problem:  # noqa: BLE001 (the code of strangers is read: whatever it does costs the audit only)
        shop.watcher.tell("note", text=f"the rules of the audit could not look: {type(problem).__name__}")
        shop.journal.note(run.id, "audit_failed", why=f"{type(problem).__name__}: {problem}"[:500])
        return Audited()


def _change(run: Run, shop: Shop) -> Change:
    before, after = shop.trees.entries(run.repo.tree), shop.trees.entries(run.tree)

    def read(entries: Mapping[str, Entry], path: str) -> bytes | None:
        entry = entries.get(path)
        return shop.trees.read(entry.oid) if entry is not None and entry.mode.startswith("100") else None

    added = added_lines(shop.trees.diff(run.repo.tree, run.tree))
    return Change(lambda path: read(before, path), lambda path: read(after, path), added, _near(run, shop, added))


def _near(run: Run, shop: Shop, changed: "dict[str, frozenset[int]]") -> tuple[str, ...]:
    """Files that import a changed one, or are imported by it, as the code graph of the base has it."""
    view = base_view(run, shop)
    if view is None:
        return ()
    links = Links(view)
    found: dict[str, None] = {}
    for path in changed:
        if path in view.docs:
            found |= dict.fromkeys(other for link in links.of(path) for other in link.paths)
            found |= dict.fromkeys(links.importers(path)[0])
    return tuple(path for path in found if path not in changed)[:MOST_NEAR]
