"""Prove: measure a candidate against its base. What comes out is evidence; nothing in it is a model's word.

Four trees can be run: the base; the guard (the candidate with the base's tests and test configuration put back); the
candidate with its own tests, where those differ; and, for a bug, the base with the candidate's tests.
"""

from dataclasses import replace
from typing import NamedTuple

from factory.checks.bench import Bench, Errand
from factory.checks.compare import RED, in_files
from factory.checks.conclude import OWN, Asked, conclude
from factory.checks.discover import discover, kind_of
from factory.checks.execute import Ran, cases_of, run_all
from factory.checks.kind import Suite
from factory.checks.kinds.command import shell
from factory.checks.linters import find_linters
from factory.checks.paired import Cases, Paired
from factory.checks.rerun import settle
from factory.checks.restore import Difference, compare_tests
from factory.checks.source import Source
from factory.checks.tamper import tampering
from factory.checks.try_tests import Tried, try_tests
from factory.contracts.evidence import Evidence, Outcome
from factory.contracts.seams import Scope

__all__ = ["Bench", "Tried", "prove", "try_tests"]

NONE = Ran(outcome=Outcome(status="none"))


class Slot(NamedTuple):
    """Where a run's result goes."""

    role: str  # "suite", "own", "verify", "lint", "reproduction"
    name: str
    side: str  # "base" or "candidate"


def prove(
    bench: Bench,
    scope: Scope,
    base: str,
    tree: str,
    *,
    bug: bool,
    verify: tuple[str, ...] = (),
    reproductions: tuple[tuple[str, str], ...] = (),
    may_vanish: tuple[str, ...] = (),
    known: Evidence | None = None,
) -> Evidence:
    """Run everything that can be run on base and candidate, and say what it shows.

    `base`, `tree`: git tree ids. `verify`: the plan's commands, in addition to the settings' own. `reproductions`:
    (unit, shell command) pairs. `may_vanish`: tests (`path:name`) the plan allows to change or go.
    `known`: earlier evidence on the same base, whose base outcomes are reused. Raises SandboxProblem and
    Stopped('sandbox_unavailable'); whatever the tests do, from failing to filling the disk, is evidence.
    """
    bench = replace(bench, base=base)
    before, after = Source(bench.trees, base), Source(bench.trees, tree)
    difference = compare_tests(before, after)
    work = _errands(bench, before, after, difference, (*bench.settings.verify, *verify), reproductions, bug)
    remembered = _remembered(known, base)
    todo = {slot: errand for slot, errand in work.items() if _key(slot, errand) not in remembered}
    results = run_all(bench, scope, list(todo.values()))
    runs = dict(zip(todo, results.runs, strict=True))
    runs |= {slot: remembered[_key(slot, errand)] for slot, errand in work.items() if slot not in runs}
    pairs = settle(bench, scope, _paired(bench, work, runs))
    return conclude(
        Asked(base=base, tree=tree, bug=bug, may_vanish=may_vanish),
        pairs,
        difference,
        tampering(before, after, difference),
        missing=_missing(bench, after, difference),
        sandbox=results.sandbox,
        notes=results.notes,
    )


def _errands(
    bench: Bench,
    before: Source,
    after: Source,
    difference: Difference,
    verify: tuple[str, ...],
    reproductions: tuple[tuple[str, str], ...],
    bug: bool,
) -> dict[Slot, Errand]:
    """Every run that this proof needs, in the order they are started: the base first."""
    settings, guard = bench.settings, difference.guard
    work: dict[Slot, Errand] = {}
    for suite in discover(before, settings):
        work[Slot("suite", suite.name, "base")] = Errand(suite, before, before)
    for suite in discover(guard, settings):
        work[Slot("suite", suite.name, "candidate")] = Errand(suite, guard, after)
    if difference.touched:
        work |= _own(bench, after, difference, bug)
    for command in dict.fromkeys(verify):
        for side, source in (("base", before), ("candidate", after)):
            work[Slot("verify", f"verify: {command}", side)] = Errand(
                shell(source, f"verify: {command}", command), source, source
            )
    for suite in find_linters(before, settings, difference.changed):
        work[Slot("lint", suite.name, "base")] = Errand(suite, before, before)
        work[Slot("lint", suite.name, "candidate")] = Errand(suite, difference.lint, difference.lint)
    for number, (unit, command) in enumerate(reproductions):
        for side, source in (("base", before), ("candidate", after)):
            name = f"{number}:{unit}"
            work[Slot("reproduction", name, side)] = Errand(shell(source, name, command), source, source)
    return work


def _own(bench: Bench, after: Source, difference: Difference, bug: bool) -> dict[Slot, Errand]:
    """The candidate's own tests on the candidate and, for a bug, on the base."""
    work: dict[Slot, Errand] = {}
    for suite in discover(after, bench.settings):
        mine = narrowed(suite, difference, after)
        if mine is not None:
            work[Slot("own", suite.name, "candidate")] = Errand(mine, after, after)
    if bug and difference.files:
        for suite in discover(difference.new_on_base, bench.settings):
            mine = narrowed(suite, difference, difference.new_on_base)
            if mine is not None:
                work[Slot("own", suite.name, "base")] = Errand(mine, difference.new_on_base, after)
    return work


def _missing(bench: Bench, after: Source, difference: Difference) -> tuple[str, ...]:
    """Suites of the guard that the candidate by itself no longer has, under no other kind either."""
    if not difference.touched:
        return ()
    here = {(suite.group, suite.folder) for suite in discover(after, bench.settings)}
    suites = discover(difference.guard, bench.settings)
    return tuple(suite.name for suite in suites if (suite.group, suite.folder) not in here)


def narrowed(suite: Suite, difference: Difference, source: Source) -> Suite | None:
    """The suite on the changed test files, the whole suite when more than files changed, None when it has none."""
    kind = kind_of(suite)
    start = f"{suite.folder}/" if suite.folder else ""
    mine = [path for path in (*difference.files, *difference.deleted, *difference.support) if path.startswith(start)]
    if not any(path.endswith(kind.suffixes or "") or path in difference.support for path in mine):
        return None
    files = [path for path in difference.files if path in mine and path.endswith(kind.suffixes) and source.has(path)]
    if kind.narrow is None or any(path in difference.support for path in mine):
        return suite
    return kind.narrow(suite, files) if files else None


def _key(slot: Slot, errand: Errand) -> tuple[str, str]:
    return (slot.name, errand.suite.shown) if slot.side == "base" and slot.role != "own" else ("", "")


def _remembered(known: Evidence | None, base: str) -> dict[tuple[str, str], Ran]:
    """Base outcomes of an earlier proof, by suite name and command."""
    if known is None or known.base != base:
        return {}
    found = {
        (suite.name, suite.command): Ran(outcome=suite.base)
        for suite in known.suites
        if suite.base.status != "none" and not suite.name.endswith(OWN)
    }
    for number, item in enumerate(known.reproductions):
        outcome = Outcome(status="failed" if item.base_exit else "passed", exit_code=item.base_exit)
        found[(f"{number}:{item.unit}", item.command)] = Ran(outcome=outcome, text=item.base_output)
    return found


def _paired(bench: Bench, work: dict[Slot, Errand], runs: dict[Slot, Ran]) -> list[Paired]:
    """Base and candidate of each suite side by side; `own` is compared with the base's tests of the same files."""
    cases: dict[Slot, Cases] = {slot: cases_of(run.outcome, bench.blobs) for slot, run in runs.items()}
    pairs = []
    for role, name in dict.fromkeys((slot.role, slot.name) for slot in work):
        first, second = Slot(role, name, "base"), Slot(role, name, "candidate")
        errand = work.get(second) or work[first]
        before: Cases = cases.get(first, {})
        proof: Cases = {}
        red: frozenset[str] = frozenset()
        if role == "own":
            whole, proof = cases.get(Slot("suite", name, "base"), {}), before
            suite = errand.suite
            before = in_files(whole, suite.only, suite.folder) if suite.only else whole
            guard = cases.get(Slot("suite", name, "candidate"), {})
            red = frozenset(test for test, status in guard.items() if status in RED)
        pair = Paired(
            role, errand, work.get(first), runs.get(first, NONE), runs.get(second, NONE), before,
            cases.get(second, {}), proof, red,
        )  # fmt: skip
        pairs.append(pair)
    return pairs
