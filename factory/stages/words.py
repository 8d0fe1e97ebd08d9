"""Evidence and diffs as text for a model: deterministic (no times, no paths of this machine), capped."""

from factory.contracts.evidence import Evidence, SuiteResult
from factory.contracts.seams import Blobs

MAX_DIFF = 80_000  # characters
MAX_LOG = 4_000


def diff_text(diff: str) -> str:
    if len(diff) <= MAX_DIFF:
        return diff
    return diff[:MAX_DIFF] + f"\n[the diff goes on for {len(diff) - MAX_DIFF:,} more characters that are not shown]\n"


def evidence_text(evidence: Evidence, blobs: Blobs) -> str:
    """What the checks saw, in a form that a 27B model reads without effort."""
    lines = ["no tests were found in this repository"] if not evidence.tests_found else []
    for suite in evidence.suites:
        lines += suite_lines(suite)
    if evidence.bug_shown:
        lines.append(f"the bug is shown: red on the base, green on the candidate: {', '.join(evidence.bug_tests)}")
    if evidence.tampered:
        lines.append("TAMPERED: tests vanished, were skipped, or could not be counted")
    for item in evidence.findings:
        place = f"{item.path}:{item.start}: " if item.path else ""
        lines.append(f"[{item.id}] {item.severity} {item.source}/{item.rule}: {place}{item.message}")
    for case in evidence.reproductions:
        lines.append(f"reproduction `{case.command}`: exit {case.base_exit} on the base, {case.candidate_exit} now")
    return "\n".join([*lines, *evidence.notes])


def suite_lines(suite: SuiteResult) -> list[str]:
    counts = suite.candidate.counts
    lines = [
        f"suite {suite.name}: base {suite.base.status} ({suite.base.counts.passed} passed, {suite.base.counts.failed} "
        f"failed), candidate {suite.candidate.status} ({counts.passed} passed, {counts.failed} failed, "
        f"{counts.errors} errors, {counts.skipped} skipped)"
    ]
    for word in ("broken", "fixed", "preexisting", "flaky", "added", "vanished", "newly_skipped"):
        names: tuple[str, ...] = getattr(suite, word)
        if names:
            more = f" and {len(names) - 20} more" if len(names) > 20 else ""
            lines.append(f"  {word.replace('_', ' ')}: {', '.join(names[:20])}{more}")
    return lines


def log_tail(key: str, blobs: Blobs) -> str:
    """The end of a check's log, without the durations that differ from run to run."""
    import re

    if not key:
        return ""
    text = blobs.get(key).decode(errors="replace")
    return re.sub(r"\b\d+(\.\d+)?\s?(s|ms|seconds)\b", "", text)[-MAX_LOG:]
