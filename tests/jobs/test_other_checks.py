"""What other apps and services say of the factory's pull requests: heard as a log is, at once where GitHub tells."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.feedback import CheckJob, Feedback, Remark
from factory.contracts.tables import GithubSettings
from factory.forge.ci import running
from factory.forge.connect import connect
from factory.forge.github import GitHub
from factory.jobs.heard import heard
from factory.jobs.route import route
from factory.render.check import NAME
from factory.simulator.hub import checks
from factory.simulator.hub.nouns import Level
from tests.jobs.handed import FILES
from tests.jobs.place import REPO, Place, place
from tests.jobs.test_close import dispatched
from tests.jobs.test_look_after import BRANCH, check, look, pull
from tests.line.targets import repository

LOOK: dict[str, Level] = {"actions": "read", "checks": "read", "contents": "write", "pull_requests": "read",
                          "statuses": "read"}  # fmt: skip
LINT = {"path": "web.py", "start_line": 1, "end_line": 1, "annotation_level": "failure", "title": "S1192",
        "message": "The literal ghp_0123456789abcdef is said twice."}  # fmt: skip


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made
        assert made.hub.violations == []


def head(here: Place, number: int) -> str:
    half = here.repo.issues[number].pull
    assert half
    return half.head_sha


def app_says(here: Place, number: int, conclusion: str = "failure", slug: str = "sonar", name: str = "Quality gate",
             **output: Any) -> checks.CheckRun:  # fmt: skip
    now = here.hub.now()
    with here.hub.lock:
        made = checks.CheckRun(
            here.hub.next_id(), name, head(here, number), f"{slug}[bot]", now, started=now, conclusion=conclusion,
            status="completed" if conclusion else "in_progress", completed=now if conclusion else "",
            title=output.get("title", "Failed"), summary=output.get("summary", ""),
            annotations=output.get("annotations", []),
        )  # fmt: skip
        checks.checks_of(here.repo)[made.id] = made
    return made


def service_says(here: Place, number: int, state: str, words: str = "", context: str = "ci/elsewhere") -> None:
    token = here.hub.token("ann", REPO)
    hub = connect(REPO, here.served.url, {"GITHUB_TOKEN": token}, here.clock)
    body = {"state": state, "context": context, "description": words, "target_url": "https://elsewhere.test/1"}
    hub.caller._wire.send("POST", f"/repos/{REPO}/statuses/{head(here, number)}", {}, body, "application/json", token)


def reading(here: Place, permissions: dict[str, Level] = LOOK) -> GitHub:
    job = here.job(here.ticket(0), "x", permissions={**permissions, "issues": "read"})
    return connect(REPO, here.served.url, job.environment, here.clock)


def listen(here: Place, number: int, permissions: dict[str, Level] = LOOK) -> Feedback:
    ticket = here.ticket(0, purpose="revise", pull=number, event="x", head=BRANCH, head_sha=head(here, number),
                         seen=here.hub.now())  # fmt: skip
    return heard(ticket, reading(here, permissions), (), GithubSettings(),
                 lambda text: text.replace("ghp_0123456789abcdef", "***"))  # fmt: skip


def told(remarks: tuple[Remark, ...]) -> list[tuple[str, str, int, str]]:
    return [(each.author, each.path, each.end, each.text.rpartition("\n")[2]) for each in remarks]


def test_annotations_words_and_statuses_are_heard_and_no_address_is_asked(here: Place) -> None:
    number = pull(here)
    app_says(here, number, annotations=[LINT, {**LINT, "annotation_level": "notice", "message": "By the way."}])
    app_says(here, number, name="Types", summary="web.py:1: error: No such name  [name-defined]")
    app_says(here, number, name="Taste", title="It is ugly.", summary="Line after line.")
    service_says(here, number, "pending")
    service_says(here, number, "failure", "The build broke.")
    found = listen(here, number).remarks
    assert sorted(told(found)) == [
        ("Quality gate", "web.py", 1, "The literal *** is said twice."),
        ("Taste", "", 0, "Line after line."),
        ("Types", "web.py", 1, "No such name"),
        ("ci/elsewhere", "", 0, "The build broke."),
    ]
    assert all(each.must and each.kind == "check" for each in found)
    assert any("It is ugly." in each.text for each in found)


def test_the_factory_s_own_actions_own_green_and_flaky_ones_are_left_alone(here: Place) -> None:
    number = pull(here)
    app_says(here, number, slug="github-actions")  # a job's, or one that a workflow made: its job is what counts
    app_says(here, number, slug="our-app", name=NAME)
    app_says(here, number, "neutral")
    app_says(here, number, "success", name="Now and then")
    app_says(here, number, name="Now and then")
    service_says(here, number, "error", context="other")
    service_says(here, number, "success", context="other")
    found = listen(here, number)
    assert found.remarks == ()
    assert found.notices == ("the check Now and then fails now and then: it was green on the same commit",)


def test_a_token_that_may_not_look_says_so_and_still_hears_actions(here: Place) -> None:
    number = pull(here)
    check(here, number, "failure")
    service_says(here, number, "failure")
    found = listen(here, number, {name: level for name, level in LOOK.items() if name != "statuses"})
    assert [each.author for each in found.remarks] == ["test"]
    assert "checks of other apps could not be looked at" in found.notices[0]


def test_an_app_that_never_ends_is_waited_for_an_hour(here: Place) -> None:
    number = pull(here)
    app_says(here, number, "", name="Waits for a click")
    app_says(here, number)
    found = list(reading(here).other_checks(head(here, number)))
    assert running(found, here.hub.now())
    here.clock.sleep(3601)
    assert not running(found, here.hub.now())


def said(number: int, conclusion: str = "", began: str = "", completed: str = "", app: bool = False) -> CheckJob:
    return CheckJob(id=number, workflow="app:sonar" if app else ".github/workflows/ci.yml", name="test",
                    conclusion=conclusion, began=began, completed=completed)  # fmt: skip


@pytest.mark.parametrize("app", [False, True])
def test_a_run_that_is_queued_again_counts_though_it_has_no_start(app: bool) -> None:
    older = said(1, "failure", "2026-11-20T12:00:00Z", "2026-11-20T12:10:00Z", app)
    assert running([older, said(2, app=app)], "2026-11-20T12:11:00Z")
    assert not running([older, said(2, "failure", app=app)], "2026-11-20T12:11:00Z")
    late = "2026-11-20T13:10:01Z"
    assert running([older, said(2, app=app)], late) == (not app), "an app is waited for an hour"


def test_two_runs_of_one_job_are_both_waited_for() -> None:
    """`on: [push, pull_request]`: the newer may end first."""
    ended = said(2, "success", "2026-11-20T12:01:00Z", "2026-11-20T12:02:00Z")
    assert running([said(1, began="2026-11-20T12:00:00Z"), ended], "2026-11-20T12:03:00Z")


def test_the_hourly_look_sees_them_too(here: Place) -> None:
    number = pull(here)
    app_says(here, number)
    assert look(here) == ["sent"]
    assert look(here) == []


def event(here: Place, number: int, name: str) -> dict[str, Any]:
    sha = head(here, number)
    if name == "status":
        return {"sha": sha, "state": "failure", "branches": [{"name": BRANCH}]}
    return {"action": "completed", name: {"head_sha": sha, "head_branch": BRANCH}}


def ended(here: Place, name: str, payload: dict[str, Any]) -> list[Any]:
    here.hub.events.clear()
    job = here.job(here.ticket(1), "look", event=name, payload=payload, permissions=LOOK, FACTORY_TICKET="")
    assert route(job, clock=here.clock) == 0
    return [each["client_payload"] for each in dispatched(here)]


@pytest.mark.parametrize("name", ["check_suite", "check_run", "status", "workflow_run"])
def test_a_check_that_has_ended_is_looked_at_at_once_and_once(here: Place, name: str) -> None:
    """Nothing of the event but the commit is used; the permissions are those of the job in pr-feedback.yml."""
    number = pull(here)
    told = event(here, number, name)
    assert ended(here, name, told) == [], "nothing fails"
    if name == "workflow_run":
        check(here, number, "failure")
    else:
        app_says(here, number)
    (sent,) = ended(here, name, told)
    assert (sent["pull"], sent["checks"]) == (number, head(here, number))
    assert ended(here, name, told) == []
    assert look(here) == [], "the hourly look knows of it"


def test_the_last_of_several_is_what_sends_it(here: Place) -> None:
    number = pull(here)
    app_says(here, number)
    check(here, number, "")
    assert ended(here, "check_suite", event(here, number, "check_suite")) == []


@pytest.mark.parametrize("payload", [
    {"action": "requested", "check_suite": {"head_sha": "a" * 40}}, {"action": "completed", "check_suite": {}},
    {"action": "completed", "check_suite": {"head_sha": "../../x"}}, {},
])  # fmt: skip
def test_an_event_that_tells_of_no_commit_asks_github_nothing(here: Place, payload: dict[str, Any]) -> None:
    before = len(here.hub.requests)
    assert ended(here, "check_suite", payload) == []
    assert len(here.hub.requests) == before
