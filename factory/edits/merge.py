"""Collect: one wave's changes merged by lease. A change that breaks a rule is rejected whole, the others go on."""

import re
from collections.abc import Mapping, Sequence

from factory.contracts.change import Change, FileChange, Wave
from factory.contracts.errors import EditProblem, GitProblem
from factory.contracts.finding import Finding, finding
from factory.contracts.plan import Plan, Unit
from factory.contracts.seams import Trees
from factory.edits.leases import covers
from factory.edits.loss import check_loss
from factory.edits.paths import PathPolicy
from factory.edits.places import Places
from factory.edits.text import MAX_BYTES

_OID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_MODES = ("100644", "100755")


def merge(trees: Trees, tree: str, plan: Plan, changes: Sequence[Change], policy: PathPolicy, n: int) -> Wave:
    """Put the changes of wave `n` on top of `tree`, in the plan's order whatever order they came in.

    Every change is checked again as if it came from a stranger: its unit, lease, paths, modes, blobs, the state it
    started from, lost symbols. A rejected one carries the reason in `error`, and there is a finding for it
    (source "collect"). Files that a person should look at get a finding of severity low.
    """
    units = {unit.id: unit for unit in plan.units}
    order = {unit.id: at for at, unit in enumerate(plan.units)}
    findings: list[Finding] = []
    merged: list[Change] = []
    after: list[str] = []
    taken: set[str] = set()
    for change in sorted(changes, key=lambda item: (order.get(item.unit, len(order)), item.unit, item.to_json())):
        try:
            tree = _added(trees, tree, _unit(units, change, taken), change, policy)
            taken.add(change.unit)
            merged.append(change)
            findings.extend(_flags(change, policy))
        except EditProblem as problem:
            findings.append(finding("collect", problem.rule, str(problem), path=problem.path, severity="high"))
            merged.append(change.but(error=change.error or str(problem)))
        after.append(tree)
    return Wave(n=n, changes=tuple(merged), trees=tuple(after), tree=tree, findings=tuple(findings))


def _unit(units: Mapping[str, Unit], change: Change, taken: set[str]) -> Unit:
    """The unit a change belongs to. Raises EditProblem when there is nothing to merge for one."""
    if change.error:
        raise EditProblem(f"Unit {change.unit} made no change: {change.error}", rule="unit_failed")
    if change.unit not in units:
        raise EditProblem(f"The plan has no unit {change.unit!r}: its change was left out.", rule="unknown_unit")
    if change.unit in taken:
        raise EditProblem(f"Unit {change.unit} delivered two changes: only one was taken.", rule="second_change")
    return units[change.unit]


def _added(trees: Trees, tree: str, unit: Unit, change: Change, policy: PathPolicy) -> str:
    """The tree with one change on top. Raises EditProblem."""
    paths = [file.path for file in change.files]
    if len(set(paths)) != len(paths) or not _OID.fullmatch(change.base):
        raise EditProblem(f"Unit {unit.id} delivered a malformed change: it was left out.", rule="malformed")
    for file in change.files:
        _lawful(unit, file, policy)
    try:
        _fits(trees, tree, change, unit)
        return trees.overlay(tree, change.files) if change.files else tree
    except GitProblem as problem:
        raise EditProblem(f"Unit {unit.id}: git refused its change ({problem}).", rule="broken_objects") from None


def _lawful(unit: Unit, file: FileChange, policy: PathPolicy) -> None:
    """What can be said of one path without looking at any tree."""
    reason = policy.refuse(file.path)
    if reason:
        raise EditProblem(f"Unit {unit.id} changed {file.path!r}, which {reason}.", file.path, "refused_path")
    if not covers(unit.owns, file.path):
        lease = ", ".join(unit.owns)
        raise EditProblem(
            f"Unit {unit.id} changed {file.path}, outside its lease ({lease}).", file.path, "outside_lease"
        )
    if file.op == "write" and (file.mode not in _MODES or not _OID.fullmatch(file.oid)):
        raise EditProblem(f"Unit {unit.id} made {file.path} something else than a file.", file.path, "not_a_file")


def _fits(trees: Trees, tree: str, change: Change, unit: Unit) -> None:
    """Each path is in `tree` as the unit found it, stays a regular file, and keeps its symbols."""
    started, now = trees.entries(change.base), trees.entries(tree)
    gone = {file.path for file in change.files if file.op == "delete"}
    places: Places | None = None
    for file in change.files:
        here, path = now.get(file.path), file.path
        if here != started.get(path):
            raise EditProblem(f"Unit {unit.id}: {path} has changed since it started.", path, "stale")
        if here is not None and here.mode not in _MODES:
            raise EditProblem(f"Unit {unit.id} changed {path}, a link or submodule.", path, "not_a_file")
        if file.op == "delete":
            continue
        data = _blob(trees, unit, file)
        if here is not None:
            check_loss(path, trees.read(here.oid), data, unit.removes)
        else:
            places = places or Places(name for name in now if name not in gone)
            _stands(places, unit, path)


def _blob(trees: Trees, unit: Unit, file: FileChange) -> bytes:
    if file.size > MAX_BYTES:
        raise EditProblem(
            f"Unit {unit.id}: {file.path} has {file.size} bytes, over {MAX_BYTES}.", file.path, "too_large"
        )
    return trees.read(file.oid)


def _stands(places: Places, unit: Unit, path: str) -> None:
    reason = places.clash(path)
    if reason:
        raise EditProblem(f"Unit {unit.id}: {reason}", path, "clash")
    places.add(path)


def _flags(change: Change, policy: PathPolicy) -> list[Finding]:
    flagged = ((file.path, policy.flag(file.path)) for file in change.files)
    return [
        finding("collect", "flagged_path", f"{path} {why}: a person should look at it.", path=path, severity="low")
        for path, why in flagged
        if why
    ]
