"""Run the tests of one tree, for the tool loop and for the choice among candidates."""

from factory.checks.bench import Bench, Errand
from factory.checks.compare import RED
from factory.checks.discover import discover, kind_of
from factory.checks.execute import Ran, cases_of, run_all
from factory.checks.kind import Suite
from factory.checks.reports import clip
from factory.checks.source import Source
from factory.contracts.evidence import Counts, Outcome, Status
from factory.contracts.record import Record
from factory.contracts.seams import Scope

MOST = 6000  # characters of the text
ORDER: tuple[Status, ...] = ("killed", "enospc", "oom", "timeout", "error", "failed", "none", "passed")


class Tried(Record):
    """One outcome for all suites of a tree, and what to tell a model about it."""

    outcome: Outcome
    text: str


def try_tests(bench: Bench, scope: Scope, tree: str, selection: str = "") -> Tried:
    """Run the tree's own tests as they are. `selection`: test files or ids, separated by white space; "" = all."""
    source = Source(bench.trees, tree)
    suites = discover(source, bench.settings)
    names = [name for name in selection.split() if not name.startswith("-")]
    chosen = [suite for suite in (_chosen(suite, names, source) for suite in suites) if suite is not None]
    if not chosen:
        words = f"No test suite knows {selection!r}." if names else "No tests were found in this repository."
        return Tried(outcome=Outcome(status="none", note=words), text=words)
    results = run_all(bench, scope, [Errand(suite, source, source) for suite in chosen])
    text = "\n\n".join(_words(bench, suite, run) for suite, run in zip(chosen, results.runs, strict=True))
    notes = "\n".join(f"note: {note}" for note in results.notes)
    return Tried(outcome=_together(results.runs), text=clip(f"{text}\n{notes}", MOST))


def _chosen(suite: Suite, names: list[str], source: Source) -> Suite | None:
    """The suite on the selection; suites that cannot be narrowed run whole when the selection is theirs."""
    if not names:
        return suite
    kind = kind_of(suite)
    start = f"{suite.folder}/" if suite.folder else ""
    mine = [
        name
        for name in names
        if name.startswith(start) and any(path.startswith(name.split("::")[0]) for path in source.paths)
    ]
    if not mine:
        return None
    return kind.narrow(suite, mine) if kind.narrow else suite


def _words(bench: Bench, suite: Suite, run: Ran) -> str:
    counts, outcome = run.outcome.counts, run.outcome
    lines = [f"{suite.shown}: {outcome.status}, exit code {outcome.exit_code}. {outcome.note}".rstrip()]
    if outcome.counted:
        lines.append(
            f"{counts.collected} tests: {counts.passed} passed, {counts.failed} failed, "
            f"{counts.errors} errors, {counts.skipped} skipped."
        )
    red = [name for name, status in cases_of(outcome, bench.blobs).items() if status in RED]
    for name in red[:10]:
        lines.append(f"RED {name}\n{run.details.get(name, '')}".rstrip())
    if len(red) > 10:
        lines.append(f"… and {len(red) - 10} more.")
    if outcome.status != "passed" and not run.details:
        lines.append(run.text)
    return "\n".join((*lines, *(f"note: {note}" for note in run.notes)))


def _together(runs: tuple[Ran, ...]) -> Outcome:
    """The worst status, the counts added up."""
    if len(runs) == 1:
        return runs[0].outcome
    outcomes = [run.outcome for run in runs]
    worst = min(outcomes, key=lambda outcome: ORDER.index(outcome.status))
    total = Counts(**{name: sum(getattr(o.counts, name) for o in outcomes) for name in Counts.model_fields})
    return worst.but(counts=total, counted=all(o.counted for o in outcomes), seconds=sum(o.seconds for o in outcomes))
