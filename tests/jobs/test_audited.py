"""What Athena says of a change, as code scanning gets it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.contracts.evidence import Evidence
from factory.contracts.finding import Finding, finding
from factory.contracts.run import Repo, Run
from factory.contracts.task import Event
from factory.jobs.audited import catch_of
from factory.jobs.scan import told
from factory.jobs.wire import site
from factory.simulator.hub.code_scanning import analyses_of
from tests.jobs.place import Place, place


def found(source: str, rule: str, path: str = "a.py", fate: str = "", **more: object) -> Finding:
    made = finding(
        source, rule, "It is wrong.", path=path, evidence=f"{rule}({path})", start=3, severity="high", **more
    )
    return made.but(fate=fate)


def run_with(*findings: Finding) -> Run:
    evidence = Evidence(tree="t", base="t", findings=findings)
    repo = Repo(path="/r", ref="main", commit="c", tree="t")
    event = Event(kind="issue", source="s")
    return Run(id="r", created="2026-01-01T00:00:00Z", event=event, repo=repo, evidence=evidence)


def test_athenas_open_findings_and_no_others() -> None:
    run = run_with(
        found("athena.rules", "sql-injection", category="CWE-89"), found("athena.threat", "no-limit"),
        found("tests", "test-failed"), found("athena.rules", "eval", fate="fixed in fix-1-1"),
        found("athena.injection", "path", path="../../etc/passwd"), found("athena.injection", "Not A Rule!"),
    )  # fmt: skip
    catch = catch_of(run, "d" * 40)
    assert {row.finding.rule for row in catch.ranked} == {"sql-injection", "no-limit"}
    assert [row.rank for row in catch.ranked] == sorted((row.rank for row in catch.ranked), reverse=True)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path) as made:
        yield made


def test_it_goes_the_way_of_the_hunt_under_its_own_name(here: Place) -> None:
    context = here.job(here.ticket(7), "scan", permissions={"contents": "read", "security_events": "write"})
    catch = catch_of(run_with(found("athena.rules", "sql-injection", category="CWE-89")), here.base_sha)
    assert told(site(context, context.temp / "none.toml", here.clock), catch, "factory/7-x", "audit") == 0
    (made,) = analyses_of(here.repo).values()
    assert (made.problem, made.ref) == ("", "refs/heads/factory/7-x")
    assert made.log["runs"][0]["automationDetails"]["id"] == "dark-factory/audit/"
