"""From two runs of every suite to evidence: pure, so that a replay comes to the same words."""

from collections.abc import Sequence
from dataclasses import dataclass

from factory.checks.compare import allowed, file_of
from factory.checks.excuses import deleted, excuse_findings, excuse_notes, let_go, lost
from factory.checks.execute import LIMITS, RUN
from factory.checks.paired import Paired, partner
from factory.checks.reports import clip
from factory.checks.restore import Difference
from factory.checks.tamper import RULE
from factory.contracts.evidence import Evidence, Reproduction, SuiteResult
from factory.contracts.finding import Finding, finding
from factory.contracts.record import Record

OWN = " (the change's own tests)"
MOST_NAMES = 500  # test names of one kind in a record; the cases' blob holds all
MOST_FINDINGS = 20  # of one kind in one suite; one more says how many were left out


class Asked(Record):
    """What was to be proven."""

    base: str
    tree: str
    bug: bool
    may_vanish: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """What one suite contributes."""

    result: SuiteResult | None
    findings: tuple[Finding, ...] = ()
    shown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def conclude(
    asked: Asked,
    pairs: Sequence[Paired],
    difference: Difference,
    static: Sequence[Finding],
    *,
    missing: Sequence[str] = (),
    sandbox: str,
    notes: Sequence[str],
) -> Evidence:
    """Evidence from settled pairs. Findings keep their order: tampering first, then suites by name.

    `missing`: suites that are found with the base's tests put back and not in the candidate as it ships.
    """
    guard, own = ([pair for pair in pairs if pair.role == role] for role in ("suite", "own"))
    parts = [_part(pair, guard, own, difference, asked) for pair in pairs if pair.role != "reproduction"]
    gone = [item for pair in guard for item in _deleted(pair, partner(pair, own), difference, asked)]
    gone += [finding("tests", "tests_not_run", f"{name} is not found any more in the change as it is.", severity="high")
             for name in missing]  # fmt: skip
    findings = [*static, *gone, *(item for part in parts for item in part.findings)]
    shown = tuple(dict.fromkeys(name for part in parts for name in part.shown))
    found = any(_tested(pair) for pair in pairs if pair.role in ("suite", "own"))
    said = [*notes, *difference.notes, *(note for part in parts for note in part.notes)]
    if difference.lint_note and any(pair.role == "lint" for pair in pairs):
        said.append(difference.lint_note)
    if not found:
        said.append("No tests were found: nothing shows that the change works.")
    if asked.bug and not shown:
        said.append("No new test fails on the base and passes on the change: the bug is not shown.")
    return Evidence(
        tree=asked.tree,
        base=asked.base,
        suites=tuple(part.result for part in parts if part.result is not None),
        findings=tuple({item.id: item for item in findings}.values()),
        reproductions=tuple(_reproduction(pair) for pair in pairs if pair.role == "reproduction"),
        bug_shown=bool(shown),
        bug_tests=shown,
        tampered=any(item.rule == RULE for item in findings),
        tests_found=found,
        sandbox=sandbox,
        notes=tuple(dict.fromkeys(said)),
    )


def _tested(pair: Paired) -> bool:
    for outcome in (pair.base.outcome, pair.candidate.outcome):
        if outcome.counts.collected or (outcome.status in ("passed", "failed") and not outcome.counted):
            return True
    return False


def _part(pair: Paired, guard: Sequence[Paired], own: Sequence[Paired], difference: Difference, asked: Asked) -> Part:
    if pair.role == "lint":
        return _lint(pair)
    if pair.role == "own":
        return _own(pair, partner(pair, guard), difference, asked)
    excused = let_go(pair, partner(pair, own), difference, asked.may_vanish) if pair.role == "suite" else {}
    return _suite(pair, excused, asked)


def _suite(pair: Paired, excused: dict[str, str], asked: Asked) -> Part:
    """The base's tests on base and guard, or one verify command. `excused`: test -> what became of it."""
    found = pair.comparison
    broken = tuple(name for name in pair.suspects if name not in pair.flaky and name not in excused)
    gone, skipped = _lost(pair, asked) if pair.role == "suite" else ((), ())
    result = _result(pair, pair.errand.suite.name, broken).but(
        fixed=found.fixed[:MOST_NAMES], vanished=gone[:MOST_NAMES], newly_skipped=skipped[:MOST_NAMES]
    )
    findings = [*_tampered(pair, gone, skipped), *_broken(pair, broken), *_limits(pair, broken), *_imports(pair)]
    findings += [*_shaky(pair), *excuse_findings(pair, excused)]
    return Part(result, tuple(findings), notes=(*excuse_notes(excused), *_remarks(pair)))


def _own(pair: Paired, guard: Paired | None, difference: Difference, asked: Asked) -> Part:
    """The candidate's own tests: new ones must be green, none may be lost, none bent to fit."""
    if pair.candidate.outcome.status == "none" and not pair.base_cases:
        return Part(None, notes=(f"{pair.errand.suite.name}: the changed test files hold no tests.",))
    broken = tuple(name for name in pair.suspects if name not in pair.flaky)
    gone, skipped = _lost(pair, asked)
    guilty = set(guard.suspects) - guard.flaky if guard else set()
    bent = tuple(
        name for name in sorted(guilty)
        if pair.candidate_cases.get(name) == "passed" and not _named(name, pair, asked)
    )  # fmt: skip
    findings = [*_tampered(pair, gone, skipped)]
    findings += [_tamper(name, f"{name} is red as the base has it and green only as the change rewrote it.")
                 for name in bent[:MOST_FINDINGS]]  # fmt: skip
    findings += [*_broken(pair, broken), *_limits(pair, broken), *_shaky(pair)]
    start = f"{pair.errand.suite.folder}/" if pair.errand.suite.folder else ""
    shown = tuple(name for name in pair.shows if name not in pair.flaky and (
        start + file_of(name) in difference.files or not file_of(name)))  # fmt: skip
    result = _result(pair, pair.errand.suite.name + OWN, broken)
    return Part(
        result.but(vanished=gone[:MOST_NAMES], newly_skipped=skipped[:MOST_NAMES], fixed=shown[:MOST_NAMES]),
        tuple(findings),
        shown if asked.bug else (),
        tuple(_remarks(pair)),
    )


def _result(pair: Paired, name: str, broken: tuple[str, ...]) -> SuiteResult:
    found = pair.comparison
    return SuiteResult(
        name=name,
        command=pair.errand.suite.shown,
        base=pair.base.outcome,
        candidate=pair.candidate.outcome,
        broken=broken[:MOST_NAMES],
        preexisting=found.preexisting[:MOST_NAMES],
        flaky=tuple(sorted(pair.flaky)),
        added=tuple(name for name in found.added if name != RUN)[:MOST_NAMES],
    )


def _named(name: str, pair: Paired, asked: Asked) -> bool:
    return allowed(name, asked.may_vanish, pair.errand.suite.folder)


def _lost(pair: Paired, asked: Asked) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(vanished, newly skipped) without the plan's leave."""
    gone, skipped = (tuple(name for name in names if not _named(name, pair, asked)) for names in lost(pair))
    return gone, skipped


def _deleted(pair: Paired, own: Paired | None, difference: Difference, asked: Asked) -> list[Finding]:
    names = [name for name in deleted(pair, own, difference) if not _named(name, pair, asked)]
    return [_tamper(name, f"{name} is deleted, and the plan did not say so.") for name in names[:MOST_FINDINGS]]


def _tampered(pair: Paired, gone: Sequence[str], skipped: Sequence[str]) -> list[Finding]:
    before, after = pair.base.outcome.counts.collected, pair.candidate.outcome.counts.collected
    found = [_tamper(name, f"{name} ran on the base and is gone on the change ({before} tests before, {after} now).")
             for name in gone[:MOST_FINDINGS]]  # fmt: skip
    found += [
        _tamper(name, f"{name} ran on the base and is skipped on the change.") for name in skipped[:MOST_FINDINGS]
    ]
    return found


def _tamper(name: str, message: str) -> Finding:
    return finding("tests", RULE, message, path=file_of(name), evidence=name, severity="high", category="T")


def _broken(pair: Paired, broken: Sequence[str]) -> list[Finding]:
    rule = "verify_failed" if pair.role == "verify" else "test_broken"
    suite, found = pair.errand.suite.name, []
    for name in broken[:MOST_FINDINGS]:
        before = {"passed": "passed on the base", "skipped": "was skipped on the base"}.get(
            pair.base_cases.get(name, ""), "is new"
        )
        message = f"{name} {before} and is red on the change, also when run again."
        if name == RUN:
            outcome = pair.candidate.outcome
            message = f"{suite}: {outcome.note or 'The command failed.'} (exit code {outcome.exit_code})"
        text = pair.candidate.details.get(name) or (pair.candidate.text if name == RUN or len(broken) == 1 else "")
        item = finding(
            "tests", rule, message, path=file_of(name), evidence=f"{name}\n{clip(text, 2000)}", severity="high"
        )
        found.append(item.but(id=finding("tests", rule, message, path=file_of(name), evidence=name).id))
    if len(broken) > MOST_FINDINGS:
        more = len(broken) - MOST_FINDINGS
        found.append(finding("tests", rule, f"{suite}: {more} more tests are red on the change.", severity="high"))
    return found


def _limits(pair: Paired, broken: Sequence[str]) -> list[Finding]:
    """A run that ended at a limit, or that nothing can be concluded from on either side."""
    outcome, suite = pair.candidate.outcome, pair.errand.suite.name
    if outcome.status in LIMITS:
        return [finding("tests", f"tests_{outcome.status}", f"{suite}: {outcome.note}", severity="high",
                        evidence=clip(pair.candidate.text, 2000))]  # fmt: skip
    if outcome.status == "error" and not broken and pair.role != "verify":
        return [finding("tests", "tests_not_run", f"{suite} proves nothing on the change: {outcome.note}",
                        severity="high", evidence=clip(pair.candidate.text, 2000))]  # fmt: skip
    return []


def _imports(pair: Paired) -> list[Finding]:
    wrong = {name: file for name, file in pair.candidate.imports.items() if not file.startswith("/work/")}
    return [finding("tests", "imports_elsewhere", f"The tests imported {name} from {file}, not from the change.",
                    severity="high") for name, file in sorted(wrong.items())]  # fmt: skip


def _shaky(pair: Paired) -> list[Finding]:
    return [finding("tests", "test_flaky", f"{name} gives different results on the same tree.", path=file_of(name),
                    evidence=name, severity="low") for name in sorted(pair.flaky)[:MOST_FINDINGS]]  # fmt: skip


def _remarks(pair: Paired) -> list[str]:
    suite = pair.errand.suite.name
    notes = [f"{suite}: {note}" for note in (*pair.base.notes, *pair.candidate.notes)]
    notes += [f"{suite}: {name} is flaky: it gave different results on the same tree." for name in sorted(pair.flaky)]
    if pair.base.outcome.status in ("error", *LIMITS):
        notes.append(f"{suite} on the base: {pair.base.outcome.note}")
    if pair.candidate.outcome.status in ("passed", "failed") and not pair.candidate.outcome.counted:
        notes.append(f"{suite}: the command names no tests; only its exit code was compared.")
    return notes


def _lint(pair: Paired) -> Part:
    """Messages that the base did not have, whatever their line."""
    suite, outcome = pair.errand.suite, pair.candidate.outcome
    source, tool = suite.name.split(":")[0], suite.kind.split(":")[-1]
    if not outcome.counted:
        words = f"{suite.name} ran on the base and came to no end on the change: nothing is known of its messages."
        silent = finding(source, f"{tool}:lint_not_run", words, evidence=clip(pair.candidate.text, 2000))
        note = f"{suite.name} is configured but could not run here."
        return Part(None, (silent,) if pair.base.outcome.counted else (), notes=(note,))
    fresh = pair.comparison.suspects if pair.base.outcome.counted else ()
    found = []
    for name in fresh[:MOST_FINDINGS]:
        path, _, text = name.partition(": ")
        code, _, words = text.partition(" ")
        line = int(pair.candidate.details.get(name, "0") or 0)
        where = f"{suite.folder}/{path}" if suite.folder else path
        severity = "low" if source == "lint" else "medium"
        words = words.split(" #")[0]
        found.append(
            finding(source, f"{tool}:{code}", words, path=where, evidence=words, start=line, severity=severity)
        )
    more = len(fresh) > MOST_FINDINGS
    notes = (f"{suite.name}: {len(fresh)} new messages, {MOST_FINDINGS} are shown.",) if more else ()
    result = SuiteResult(name=suite.name, command=suite.shown, base=pair.base.outcome, candidate=outcome,
                         added=fresh[:MOST_NAMES])  # fmt: skip
    return Part(result, tuple(found), notes=notes)


def _reproduction(pair: Paired) -> Reproduction:
    return Reproduction(
        unit=pair.errand.suite.name.partition(":")[2],
        command=pair.errand.suite.shown,
        base_exit=pair.base.outcome.exit_code,
        candidate_exit=pair.candidate.outcome.exit_code,
        base_output=pair.base.text,
        candidate_output=pair.candidate.text,
    )
