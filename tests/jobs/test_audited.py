"""What Athena says of a change, as code scanning gets it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.contracts.errors import HubRefused, Refusal
from factory.contracts.evidence import Evidence
from factory.contracts.finding import Finding, finding
from factory.contracts.run import Repo, Run
from factory.contracts.task import Event, Task
from factory.contracts.verdict import Round, Verdict
from factory.jobs.audited import audited, catch_of, looked
from factory.simulator.hub.code_scanning import alerts_of, analyses_of, without_code_security
from factory.simulator.hub.faults import Rule as Fault
from factory.simulator.hub.nouns import Level
from scripts.workflow_files import FACTORY, jobs
from tests.jobs.handed import FILES, Handed, admitted, handed
from tests.jobs.place import Place, place
from tests.line.targets import git, repository

SCAN: dict[str, Level] = {"contents": "read", "security_events": "write"}
BRANCH = "factory/7-x"


def found(
    source: str, rule: str, path: str = "a.py", fate: str = "", say: str = "It is wrong.", **more: object
) -> Finding:
    made = finding(source, rule, say, path=path, evidence=f"{rule}({path})", start=3, severity="high", **more)
    return made.but(fate=fate)


def run_with(*findings: Finding, said: tuple[Finding, ...] = (), **more: object) -> Run:
    evidence = Evidence(tree="t", base="t", findings=findings)
    repo = Repo(path="/r", ref="main", commit="c", tree="t")
    event = Event(kind="issue", source="s")
    verdict = Verdict(decision="REVISE", confidence=0.4)
    last = Round(n=1, tree="t", findings=said, evidence=evidence, verdict=verdict, decision="stop", why="")
    run = Run(id="r", created="2026-01-01T00:00:00Z", event=event, repo=repo, evidence=evidence, tree="t")
    return Run.model_validate({**run.model_dump(), "rounds": (last,) if said else (), **more})


def test_athenas_open_findings_and_no_others() -> None:
    run = run_with(
        found("athena.rules", "sql-injection", category="CWE-89"), found("tests", "test-failed"),
        found("athena.rules", "path", path="../../etc/passwd"), found("athena.rules", "Not A Rule!"),
        said=(
            found("athena.threat", "no-limit", fate="open"), found("hydra.correctness", "off-by-one"),
            found("athena.threat", "no-log", fate="fixed in fix-1-1"),
            found("athena.injection", "eval", fate="answered in f"),
        ),
    )  # fmt: skip
    catch = catch_of(run, "d" * 40)
    assert {row.finding.rule for row in catch.ranked} == {"sql-injection", "no-limit"}
    assert [row.rank for row in catch.ranked] == sorted((row.rank for row in catch.ranked), reverse=True)


def test_what_the_rules_do_not_find_any_more_is_gone_whatever_the_last_round_says() -> None:
    """The round keeps what was measured before its fixes."""
    run = run_with(said=(found("athena.rules", "sql-injection", fate="open: too many for one round"),))
    assert catch_of(run, "d" * 40).ranked == ()


def test_only_what_was_looked_at_counts_as_looked_at() -> None:
    assert looked(run_with())
    assert not looked(run_with(evidence=None))
    assert not looked(run_with(tree="another"))
    task = Task(number="1", title="t", body="", kind="tidy", digest="0" * 64)
    assert not looked(run_with(task=task))


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda path: repository(path, FILES)) as made:
        git(made.repo.folder, "branch", BRANCH, "main")
        yield made


BAD = found("athena.rules", "sql-injection", path="app.py", category="CWE-89",
            say="Anybody may ask. ![x](https://evil.example/x.png) @octocat AKIAQYLPMN5HHHFPZAM2")  # fmt: skip


def bundle(here: Place, *findings: Finding) -> Handed:
    ticket = admitted(here, here.issue())
    made = handed(here, ticket)
    assert made.run.evidence
    return handed(here, ticket, evidence=made.run.evidence.but(findings=findings))


def scanned(here: Place, made: Handed) -> int:
    assert made.run.ticket
    context = here.job(made.run.ticket, "scan", permissions=SCAN)
    return audited(context, made.into(context.temp), made.digest, here.base_sha, BRANCH, clock=here.clock)


def test_what_stands_is_an_alert_on_the_branch_and_goes_when_it_is_gone(here: Place) -> None:
    assert scanned(here, bundle(here, BAD)) == 0
    (made,) = analyses_of(here.repo).values()
    assert (made.problem, made.ref, made.commit) == ("", f"refs/heads/{BRANCH}", here.base_sha)
    assert made.log["runs"][0]["automationDetails"]["id"] == "dark-factory/audit/"
    (alert,) = alerts_of(here.repo, f"refs/heads/{BRANCH}")
    assert alert["ruleId"] == "sql-injection"
    assert alert["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "app.py"
    assert alerts_of(here.repo, "refs/heads/main") == []
    assert scanned(here, bundle(here)) == 0
    assert alerts_of(here.repo, f"refs/heads/{BRANCH}") == []


def test_what_a_model_says_goes_through_the_filter(here: Place) -> None:
    scanned(here, bundle(here, BAD))
    (alert,) = alerts_of(here.repo, f"refs/heads/{BRANCH}")
    said = alert["message"]["text"]
    assert said.startswith("Anybody may ask.")
    assert "AKIA" not in said
    assert "![" not in said
    assert "@octocat" not in said


def test_a_change_that_nobody_audited_takes_nothing_back(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    scanned(here, bundle(here, BAD))
    ticket = admitted(here, here.issue())
    assert scanned(here, handed(here, ticket, evidence=None)) == 0
    assert len(alerts_of(here.repo, f"refs/heads/{BRANCH}")) == 1
    assert "::notice::This change was not audited" in capsys.readouterr().out


def test_rules_that_could_not_look_are_told_of(here: Place) -> None:
    from factory.app import open_state
    from factory.handover.bundle import pack

    made = bundle(here)
    state = open_state(made.folder.parent / "state")
    state.journal.note(made.run.id, "audit_failed", why="RecursionError")
    again = Handed(made.run, made.folder, pack(made.run, state, made.folder))
    assert scanned(here, again) == 0
    (log,) = (each.log for each in analyses_of(here.repo).values())
    (told,) = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"].startswith("The rules could not look")


@pytest.mark.parametrize("why", ["code security", "permission"])
def test_where_there_is_no_code_scanning_nothing_fails(
    here: Place, capsys: pytest.CaptureFixture[str], why: str
) -> None:
    made = bundle(here, BAD)
    assert made.run.ticket
    held: dict[str, Level] = {"contents": "read"} if why == "permission" else SCAN
    context = here.job(made.run.ticket, "scan", permissions=held)
    if why == "code security":
        without_code_security(here.repo)
    done = audited(context, made.into(context.temp), made.digest, here.base_sha, BRANCH, clock=here.clock)
    said = capsys.readouterr().out
    assert done == 0
    assert "::notice::Code scanning took nothing." in said
    assert "FACTORY_CODE_SCANNING" in said
    assert {"code security": "Code Security must be enabled", "permission": "security_events=write"}[why] in said
    assert not analyses_of(here.repo)


@pytest.mark.parametrize("fault", [Fault("down", "POST", "/code-scanning/", status=503, times=4),
                                   Fault("slow_down", "POST", "/code-scanning/", times=4)])  # fmt: skip
def test_what_github_could_not_take_fails_the_job_and_a_second_run_hands_it_over(
    here: Place, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    """Green would lose it: nobody uploads this commit again."""
    made = bundle(here, BAD)
    here.faults.add(fault)
    assert scanned(here, made) == 1
    said = capsys.readouterr().out
    assert "::error::Code scanning could not be asked just now" in said
    assert "permissions" not in said
    assert "FACTORY_CODE_SCANNING" not in said
    assert not analyses_of(here.repo)
    here.clock.sleep(3600)
    assert scanned(here, made) == 0
    assert len(analyses_of(here.repo)) == 1


def test_no_other_job_comes_after_it() -> None:
    """So the run's end, its money and its last word are what they were when this one fails."""
    found = [job for job in jobs() if job.workflow in FACTORY]
    assert sum(job.name == "scan" for job in found) == 3
    assert all("scan" not in job.body.get("needs", []) for job in found)


def test_a_commit_that_was_never_pushed_is_a_failure(here: Place) -> None:
    made = bundle(here, BAD)
    assert made.run.ticket
    context = here.job(made.run.ticket, "scan", permissions=SCAN)
    with pytest.raises(HubRefused, match="commit not found"):
        audited(context, made.into(context.temp), made.digest, "e" * 40, BRANCH, clock=here.clock)


def test_only_the_bundle_that_a_job_vouches_for_is_read(here: Place) -> None:
    """ART-02: by its digest, and of the ticket's run."""
    made = bundle(here, BAD)
    assert made.run.ticket
    context = here.job(made.run.ticket, "scan", permissions=SCAN)
    folder = made.into(context.temp)
    with pytest.raises(Refusal, match="No digest"):
        audited(context, folder, "", here.base_sha, BRANCH, clock=here.clock)
    with pytest.raises(Refusal, match="not aaaaaaaaaaaa as announced"):
        audited(context, folder, "a" * 64, here.base_sha, BRANCH, clock=here.clock)
    other = here.job(admitted(here, here.issue()), "scan", permissions=SCAN)
    with pytest.raises(Refusal, match="the ticket of"):
        audited(other, folder, made.digest, here.base_sha, BRANCH, clock=here.clock)
    assert not analyses_of(here.repo)
