"""Run suites in the sandbox, two at a time, as one journalled step: the only place here that runs anything."""

import json
from collections.abc import Sequence
from functools import partial

from factory.checks.bench import Bench, Errand
from factory.checks.compare import WHOLE_RUN
from factory.checks.discover import kind_of
from factory.checks.environment import Environment, environment_of, install_all
from factory.checks.inside import script
from factory.checks.kind import Kind, Report, Suite
from factory.checks.reports import clip, counts_of
from factory.contracts.evidence import CaseStatus, Outcome, Status
from factory.contracts.record import Record, digest
from factory.contracts.sandbox import Job, JobResult, Limits
from factory.contracts.seams import Blobs, Scope
from factory.fanout import side_by_side

RUN = WHOLE_RUN
ENV = {"CI": "1", "TZ": "UTC", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
THREADS = 2
LIMITS = ("timeout", "oom", "enospc", "killed")


class One(Record):
    """All inputs of one run, for the journal: what the same digest means the same result for."""

    suite: Suite
    tree: str
    deps: str
    limits: Limits
    overlay: dict[str, str]  # path -> sha256
    absent: tuple[str, ...]


class Batch(Record):
    runs: tuple[One, ...]
    driver: str  # sha256 of the script that runs inside


class Ran(Record):
    """What one run gave. `details`: red test -> its message; `imports`: package -> the file it came from."""

    outcome: Outcome
    details: dict[str, str] = {}
    imports: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    text: str = ""  # tail of the output, for people and models


class Results(Record):
    runs: tuple[Ran, ...]
    sandbox: str
    notes: tuple[str, ...] = ()


def run_all(bench: Bench, scope: Scope, errands: Sequence[Errand]) -> Results:
    """Every errand once, in order; answered from the journal when the same batch was finished before."""
    needed = [environment_of(bench, errand) for errand in errands]
    request = Batch(
        runs=tuple(_request(bench, *pair) for pair in zip(errands, needed, strict=True)),
        driver=digest(script("suite")),
    )

    def work() -> Results:
        bench.admit(scope.place[0])
        ready, notes = install_all(bench, needed)
        keys = [ready.get(each.setup.key, "") if each else "" for each in needed]
        jobs = [partial(_run, bench, errand, key) for errand, key in zip(errands, keys, strict=True)]
        runs = side_by_side(jobs, THREADS)
        return Results(runs=runs, sandbox=bench.sandbox.describe(), notes=notes)

    return scope.step("check", request, work, Results)


def _request(bench: Bench, errand: Errand, needed: Environment | None) -> One:
    return One(
        suite=errand.suite,
        tree=errand.source.tree,
        deps=needed.setup.key if needed else "",
        limits=bench.settings.limits,
        overlay={path: digest(data) for path, data in sorted(errand.source.overlay.items())},
        absent=errand.source.absent,
    )


def _run(bench: Bench, errand: Errand, deps: str) -> Ran:
    suite = errand.suite
    plan = {
        "folder": suite.folder,
        "argv": suite.argv,
        "env": suite.env,
        "editable": suite.editable,
        "python": suite.group == "python",
        "reports": suite.reports,
    }
    job = Job(
        tree=errand.source.tree,
        command=("python3", "-I", "-c", script("suite"), json.dumps(plan)),
        env={**ENV, "SOURCE_DATE_EPOCH": _epoch(bench.when)},
        limits=bench.settings.limits,
        deps=deps,
        overlay=dict(errand.source.overlay),
        absent=errand.source.absent,
    )
    result = bench.sandbox.run(job)
    kind = kind_of(suite)
    outcome, report = judge(result, kind, bench.blobs)
    return Ran(
        outcome=outcome,
        details=report.details if report else {},
        imports=_strings(result.files.get("factory-imports.json"), suite.imports),
        notes=tuple(_list(result.files.get("factory-notes.json"))),
        text=clip(result.output, 4000),
    )


def judge(result: JobResult, kind: Kind, blobs: Blobs) -> tuple[Outcome, Report | None]:
    """Outcome from the exit code and the counts together: neither alone makes a run green."""
    report = kind.read(result)
    cases: dict[str, CaseStatus] = dict(report.cases) if report else {}
    counts = counts_of(cases.values())
    red = counts.failed + counts.errors
    status, note = _status(result, kind, report is not None, counts.collected, red)
    if status in ("failed", "error") and report and not red:
        cases[RUN] = "error"
    outcome = Outcome(
        status=status,
        exit_code=result.exit_code,
        counts=counts,
        counted=report is not None,
        cases=blobs.put(json.dumps(cases, ensure_ascii=False, sort_keys=True).encode()) if cases else "",
        log=blobs.put(result.output.encode("utf-8", errors="replace")),
        seconds=round(result.seconds, 3),
        note=note,
    )
    return outcome, report


WORDS: dict[str, str] = {
    "timeout": "The tests did not end within the time limit and were stopped.",
    "oom": "The tests needed more memory than the sandbox gives.",
    "enospc": "The tests filled the sandbox's disk; nothing outside it was touched.",
    "killed": "The tests were killed: they went over a limit of the sandbox.",
}


def _status(result: JobResult, kind: Kind, counted: bool, collected: int, red: int) -> tuple[Status, str]:
    """Status and one sentence about anything that is not plain."""
    code = result.exit_code
    if result.status != "exited":
        return result.status, WORDS[result.status]
    if not counted:
        if code == kind.none_code:
            return "none", "No tests were collected."
        if code in (126, 127):
            return "error", "The command is not installed in the sandbox."
        if kind.must_count:
            return "error", f"The runner ended with exit code {code} and left no report: nothing is proven by that."
        return ("failed" if code else "passed"), "The runner gave no counts: only the exit code is known."
    if not collected:
        return ("none" if kind.must_count else "passed" if code == 0 else "error"), ""
    if code == 0 and red:
        return "failed", f"The exit code says success, but {red} tests are red."
    if code and not red:
        return "error", f"All counted tests are green, but the exit code is {code}."
    return ("failed" if red else "passed"), ""


def cases_of(outcome: Outcome, blobs: Blobs) -> dict[str, CaseStatus]:
    """Test id -> status; a run without named cases is one case."""
    if outcome.cases:
        cases: dict[str, CaseStatus] = json.loads(blobs.get(outcome.cases))
        return cases
    if outcome.status == "none" or (outcome.counted and outcome.status == "passed"):
        return {}
    return {RUN: "passed" if outcome.status == "passed" else "failed" if outcome.status == "failed" else "error"}


def _epoch(when: str) -> str:
    from datetime import datetime

    try:
        return str(int(datetime.fromisoformat(when).timestamp()))
    except ValueError:
        return "0"


def _list(data: bytes | None) -> list[str]:
    try:
        found = json.loads(data or b"[]")
    except ValueError:
        return []
    return [str(item)[:500] for item in found[:10]] if isinstance(found, list) else []


def _strings(data: bytes | None, names: Sequence[str]) -> dict[str, str]:
    try:
        found = json.loads(data or b"{}")
    except ValueError:
        return {}
    return {name: str(found[name])[:500] for name in names if name in found} if isinstance(found, dict) else {}
