"""What the renderers have in common: the one place that says how a run stands, so that no two outputs disagree."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from factory.contracts.change import Change
from factory.contracts.evidence import Evidence
from factory.contracts.finding import SEVERITIES, Finding
from factory.contracts.plan import Criterion
from factory.contracts.run import Run
from factory.contracts.story import Story
from factory.render import amount
from factory.render.timeline import elapsed

Tone = Literal["good", "warn", "bad", "calm"]
NO_MODEL = "No model judged this."
_CASE = re.compile(r'("(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-f]{4})*+"): "(passed|failed|error|skipped)"')


@dataclass(frozen=True)
class Standing:
    """How a run ended: one word, one sentence, one tone."""

    word: str
    sentence: str
    tone: Tone


@dataclass(frozen=True)
class Proof:
    """One piece of evidence for a criterion. `known` is false when the factory itself never saw what was named."""

    kind: Literal["test", "commit", "finding", "unknown"]
    name: str
    state: str
    good: bool


@dataclass(frozen=True)
class Shown:
    """A criterion, what shows it, and the units that worked on it (which is no evidence)."""

    criterion: Criterion
    proofs: tuple[Proof, ...]
    units: tuple[str, ...]

    @property
    def shown(self) -> bool:
        return any(proof.good for proof in self.proofs)


@dataclass(frozen=True)
class Failed:
    """A unit that brought nothing in, and why."""

    unit: str
    role: str
    title: str
    why: str


@dataclass(frozen=True)
class Totals:
    """Sums over a story. Micro-dollars, tokens, seconds of model time, seconds of wall clock."""

    calls: int
    cost: int
    recorded: bool  # by files, at least in part
    tokens_in: int
    tokens_out: int
    model_seconds: float
    seconds: float


def standing(run: Run) -> Standing:
    """The decision if there is one, else the reason to stop; a stop after a verdict is said as well."""
    verdict, stopped = run.verdict, run.stopped
    if stopped and stopped.reason == "nothing_to_do":
        return Standing("nothing to do", stopped.message, "calm")
    if stopped:
        word = f"{verdict.decision}, then stopped" if verdict else "stopped"
        return Standing(word, f"Stopped in {stopped.stage} ({stopped.reason}): {stopped.message}", "bad")
    if verdict is None and not run.evidence:
        return Standing("no verdict", "The run has no verdict yet.", "warn")
    if verdict is None or not verdict.model:
        green = run.evidence is not None and run.evidence.green
        return Standing("not judged", NO_MODEL, "calm" if green else "warn")
    last = run.rounds[-1] if run.rounds else None
    if last and last.decision != "accept":
        word = "ACCEPT, not confirmed" if verdict.decision == "ACCEPT" else verdict.decision
        why = f" The line stopped here: {last.why}" if last.why else ""
        return Standing(word, judged(run) + why, "bad" if verdict.decision == "REJECT" else "warn")
    tone: dict[str, Tone] = {"ACCEPT": "good", "REVISE": "warn", "REJECT": "bad"}
    return Standing(verdict.decision, judged(run), tone[verdict.decision])


def judged(run: Run) -> str:
    """Who judged, with which confidence: one sentence with untrusted names in it."""
    verdict = run.verdict
    if verdict is None and not run.evidence:
        return "Nobody judged this: the run did not get that far."
    if verdict is None or not verdict.model:
        return NO_MODEL
    place = ", ".join(
        part for part in (verdict.tier, f"endpoint {verdict.endpoint}" if verdict.endpoint else "") if part
    )
    who = f"{verdict.model} ({place})" if place else verdict.model
    return f"Judged by {who} with confidence {verdict.confidence:.2f}."


def escalation(run: Run) -> str:
    """Who judged first and why another was asked; '' when nobody else was."""
    verdict = run.verdict
    if verdict is None or not verdict.escalated_from:
        return ""
    return f"Escalated from {verdict.escalated_from}: {verdict.escalated_because or 'no reason was recorded'}"


def unsafe(run: Run) -> bool:
    """Did the repository's code run without a sandbox?"""
    return run.sandbox == "none" or (run.evidence is not None and run.evidence.sandbox == "none")


def ran_in(run: Run) -> str:
    """Where the repository's code ran: one sentence."""
    kind = (run.evidence.sandbox if run.evidence else "") or run.sandbox
    return "Ran WITHOUT a sandbox." if kind == "none" else f"Ran in {kind}."


def changes(run: Run) -> tuple[Change, ...]:
    return tuple(change for wave in run.waves for change in wave.changes) + run.fixes


def findings(run: Run) -> tuple[Finding, ...]:
    """Each finding once with its latest fate, the most severe first."""
    last = {finding.id for finding in run.evidence.findings} if run.evidence else set()
    found: dict[str, Finding] = {}
    for finding, checked in _all_findings(run):
        fate = finding.fate
        if is_open(finding) and checked and run.evidence is not None and finding.id not in last:
            fate = "gone: the last checks no longer see it"
        known = found[finding.id].fate if finding.id in found else ""
        still = fate in ("", "open")
        found[finding.id] = finding.but(fate=known if still and known.startswith("open") else fate or "open")
    return tuple(sorted(found.values(), key=lambda item: (-SEVERITIES.index(item.severity), item.path, item.start)))


def _all_findings(run: Run) -> Iterator[tuple[Finding, bool]]:
    """Every finding in the order it was made, and whether it came from a check."""
    for wave in run.waves:
        yield from ((finding, False) for finding in wave.findings)
    evidence: list[tuple[Evidence | None, tuple[Finding, ...]]] = [
        (turn.evidence, turn.findings) for turn in run.rounds
    ]
    for seen, noted in [*evidence, (run.evidence, ())]:
        checked = {finding.id for finding in seen.findings} if seen else set()
        yield from ((finding, True) for finding in (seen.findings if seen else ()))
        yield from ((finding, finding.id in checked) for finding in noted)


def is_open(finding: Finding) -> bool:
    return not finding.fate or finding.fate.startswith(("open", "left open"))


def flagged(run: Run) -> tuple[Finding, ...]:
    """Paths that a person must look at."""
    return tuple(finding for finding in findings(run) if finding.rule.startswith("flag"))


def failed(run: Run) -> tuple[Failed, ...]:
    """Units without a change and units whose change was rejected."""
    rows = []
    before = ""
    for wave in run.waves:
        for index, change in enumerate(wave.changes):
            after = wave.trees[index] if index < len(wave.trees) else ""
            rejected = bool(after) and after == (before or change.base) and bool(change.files)
            before = after or before
            if change.error or rejected:
                why = change.error or "the change was rejected when it was merged"
                rows.append(Failed(change.unit, change.role, change.title, why))
    rows += [Failed(fix.unit, fix.role, fix.title, fix.error) for fix in run.fixes if fix.error]
    return tuple(rows)


def totals(story: Story) -> Totals:
    costs, spans = story.costs, story.spans
    return Totals(
        calls=sum(row.calls for row in costs),
        cost=sum(row.cost for row in costs),
        recorded=any(row.recorded for row in costs),
        tokens_in=sum(row.tokens_in for row in costs),
        tokens_out=sum(row.tokens_out for row in costs),
        model_seconds=sum(row.seconds for row in costs),
        seconds=elapsed(spans),
    )


def left(story: Story) -> str:
    """What rented and frontier endpoints were sent, in one sentence. Of several, the shares are added: it is a most."""
    cloud = [row for row in story.sent if row.tier != "local"]
    if not cloud:
        return "Nothing was sent to a rented or frontier model."
    shares = [row.share for row in cloud if row.share is not None]
    part = f", at most {amount.percent(min(1.0, sum(shares)))} of the repository" if shares else ""
    return f"Rented and frontier models were sent {amount.size(sum(row.bytes for row in cloud))} in all{part}."


def criteria(story: Story) -> tuple[Shown, ...]:
    """Each acceptance criterion with what shows it, looked up in what the factory itself saw."""
    run = story.run
    if run.plan is None:
        return ()
    named = {item.criterion: item.shown_by for item in run.verdict.evidence} if run.verdict else {}
    seen = cases(story)
    held = _held(run) if run.task and run.task.mechanical else ()
    return tuple(
        Shown(
            criterion,
            tuple(_proof(run, seen, name) for name in named.get(criterion.id, ())) or held,
            tuple(unit.id for unit in run.plan.units if criterion.id in unit.acceptance),
        )
        for criterion in run.plan.acceptance
    )


def _held(run: Run) -> tuple[Proof, ...]:
    """What shows that the tests hold where no judge names anything: each suite that ran on the candidate."""
    evidence = run.evidence
    tests = [suite for suite in evidence.suites if not suite.name.startswith(("lint: ", "types: "))] if evidence else []
    return tuple(
        Proof("test", suite.name, f"{suite.candidate.status}, {len(suite.broken)} broken by the change",
              bool(evidence and evidence.green and not suite.broken))
        for suite in tests if suite.candidate.ran
    )  # fmt: skip


def _proof(run: Run, seen: dict[str, str], name: str) -> Proof:
    if name in seen:
        return Proof("test", name, seen[name], seen[name] == "passed")
    for commit in run.delivery.commits if run.delivery else ():
        if name == commit.unit or (len(name) >= 7 and commit.sha.startswith(name)):
            return Proof("commit", commit.sha[:12], f"unit {commit.unit}", True)
    for finding in findings(run):
        if finding.id == name:
            return Proof("finding", name, finding.fate, not is_open(finding))
    return Proof("unknown", name, "named by the judge, not seen by any check", False)


def cases(story: Story) -> dict[str, str]:
    """Test id to its status on the candidate, from the runners' own records, as far as they are at hand."""
    found: dict[str, str] = {}
    evidence = story.run.evidence
    for suite in evidence.suites if evidence else ():
        found |= dict.fromkeys((*suite.fixed, *suite.added), "passed")
        found |= dict.fromkeys((*suite.broken, *suite.preexisting), "failed")
        found |= dict.fromkeys(suite.newly_skipped, "skipped") | dict.fromkeys(suite.flaky, "flaky")
        found |= _recorded(story.logs.get(suite.candidate.cases, ""))
    return found | dict.fromkeys(evidence.bug_tests if evidence and evidence.bug_shown else (), "passed")


def _recorded(text: str) -> dict[str, str]:
    """The pairs of a JSON object of strings, also when only the end of a long one is at hand."""
    return {json.loads(name): status for name, status in _CASE.findall(text)}
