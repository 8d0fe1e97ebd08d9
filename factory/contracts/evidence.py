"""What the checks saw. Nothing here is a model's word."""

from typing import Literal

from factory.contracts.finding import Finding
from factory.contracts.record import Record

Status = Literal["passed", "failed", "error", "timeout", "oom", "enospc", "killed", "none"]
CaseStatus = Literal["passed", "failed", "error", "skipped"]


class Counts(Record):
    collected: int = 0
    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0


class Outcome(Record):
    """One suite, run once on one tree."""

    status: Status
    exit_code: int = 0
    counts: Counts = Counts()
    counted: bool = False  # the runner reported counts; without them a green exit code is weak evidence
    cases: str = ""  # blob: JSON object test id -> CaseStatus ("" when the runner names none)
    log: str = ""  # blob: sanitised output, head and tail
    seconds: float = 0.0
    note: str = ""

    @property
    def ran(self) -> bool:
        """It came to an end of its own and said something about the code."""
        return self.status in ("passed", "failed")

    @property
    def shows(self) -> bool:
        """Something of it passed: a suite that is red from end to end, as before, speaks for no change."""
        return self.status == "passed" or (self.status == "failed" and self.counts.passed > 0)


class SuiteResult(Record):
    """One suite on the base and on the candidate."""

    name: str  # "pytest", "go test", "verify: make lint"
    command: str
    base: Outcome
    candidate: Outcome
    broken: tuple[str, ...] = ()  # green (or absent) on base, red on candidate, red again when run again
    fixed: tuple[str, ...] = ()  # red on base, green on candidate
    preexisting: tuple[str, ...] = ()  # red on both: not blamed on the change
    flaky: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    newly_skipped: tuple[str, ...] = ()


class Reproduction(Record):
    """A command given by a coder or tester, run on base and candidate."""

    unit: str
    command: str
    base_exit: int
    candidate_exit: int
    base_output: str
    candidate_output: str


class Evidence(Record):
    """All that was measured about one tree."""

    tree: str
    base: str
    suites: tuple[SuiteResult, ...] = ()
    findings: tuple[Finding, ...] = ()  # failing tests, new lint messages, tampering, as findings
    reproductions: tuple[Reproduction, ...] = ()
    bug_shown: bool = False  # a new test is red on the base and green on the candidate
    bug_tests: tuple[str, ...] = ()
    tampered: bool = False
    tests_found: bool = False
    sandbox: str = ""  # "bubblewrap (root)", "bubblewrap (user)", "none"
    notes: tuple[str, ...] = ()
    flow: str = ""  # the elements of the changed data flow, one a line, for the auditors

    @property
    def red(self) -> bool:
        """The candidate is shown to be worse than the base."""
        return (
            self.tampered
            or any(suite.broken or (suite.base.ran and not suite.candidate.ran) for suite in self.suites)
            or any(finding.source == "tests" and finding.serious for finding in self.findings)
        )

    @property
    def green(self) -> bool:
        """Tests were found, some passed on the candidate, nothing that the base had is broken; else red or unproven."""
        return self.tests_found and not self.red and any(suite.candidate.shows for suite in self.suites)
