"""Which acceptance criteria are shown by something the factory saw itself. A judge's mere claim shows nothing."""

import json

from factory.contracts.finding import Finding
from factory.contracts.run import Commit, Run
from factory.contracts.seams import Blobs
from factory.contracts.verdict import Judgement


def unshown(
    run: Run, judgement: Judgement, commits: tuple[Commit, ...], findings: tuple[Finding, ...], blobs: Blobs
) -> tuple[str, ...]:
    """Ids of criteria for which the judge named no passing test, commit (or its unit) or settled finding."""
    assert run.plan
    named = {item.criterion: item.shown_by for item in judgement.evidence}
    passed = _passed(run, blobs)
    settled = {item.id for item in findings if item.fate.startswith(("fixed", "answered"))}
    units = {commit.unit for commit in commits}

    def proof(name: str) -> bool:
        sha = len(name) >= 7 and any(commit.sha.startswith(name) for commit in commits)
        return name in passed or name in units or name in settled or sha

    return tuple(each.id for each in run.plan.acceptance if not any(map(proof, named.get(each.id, ()))))


def _passed(run: Run, blobs: Blobs) -> frozenset[str]:
    """Ids of the tests that passed on the candidate, from the runners' own records."""
    found: set[str] = set()
    for suite in run.evidence.suites if run.evidence else ():
        found |= {*suite.added, *suite.fixed} - {*suite.broken, *suite.flaky, *suite.newly_skipped}
        if suite.candidate.cases:
            cases = json.loads(blobs.get(suite.candidate.cases))
            found |= {name for name, status in cases.items() if status == "passed"}
    return frozenset(found)
