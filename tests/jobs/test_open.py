"""open on the GitHub double: one lease an event, one run an issue, one comment, within every limit."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from factory.contracts.errors import HubForbidden, Refusal
from factory.jobs.open import open as open_job
from factory.simulator.hub.faults import Kind, Rule
from tests.jobs.place import Place, outputs, place


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path) as made:
        yield made
        assert made.hub.violations == []


def test_the_first_word_is_said_with_two_api_calls(here: Place) -> None:
    """The gate needs three at most: five in all until the first status comment."""
    number = here.issue()
    job = here.job(here.ticket(number))
    assert open_job(job, clock=here.clock) == 0
    made = outputs(job)
    assert (made["go"], made["code"], made["allowance_usd"]) == ("true", "allowed", "2")
    (text,) = here.comments(number)
    assert "**At work.**" in text
    assert f"run={made['run']} kind=status mac=" in text
    assert here.repo.issues[number].comments[0].id == int(made["comment"])
    calls = [(verb, path) for verb, path, _, _ in here.hub.requests]
    assert [verb for verb, _ in calls] == ["POST", "POST"]
    assert calls[0][1].endswith(f"/issues/{number}/comments")
    assert [each.content for each in here.repo.issues[number].reactions] == ["eyes"]
    assert "At work" in (job.temp / "summary.md").read_text()


def test_idm_02_two_jobs_within_a_second(here: Place) -> None:
    """IDM-02: the same event in two GitHub runs at once: one goes, the other ends with 0 as a duplicate, silently."""
    number = here.issue()
    ticket = here.ticket(number)
    jobs = [here.job(ticket), here.job(ticket)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda job: open_job(job, clock=here.clock), jobs)) == [0, 0]
    assert sorted((outputs(job)["go"], outputs(job)["code"]) for job in jobs) == [
        ("false", "duplicate"), ("true", "allowed"),
    ]  # fmt: skip
    assert len(here.comments(number)) == 1
    assert len(here.ledger()) == 1


def test_idm_04_a_second_run_of_the_job_changes_nothing(here: Place) -> None:
    number = here.issue()
    ticket = here.ticket(number)
    first = here.job(ticket, run=7)
    open_job(first, clock=here.clock)
    before = here.comments(number), here.ledger()
    second = here.job(ticket, run=7, attempt=2)
    open_job(second, clock=here.clock)
    assert outputs(second) == outputs(first)
    assert (len(here.comments(number)), here.ledger()) == (len(before[0]), before[1])


@pytest.mark.parametrize("kind", ["lost", "down_after", "dropped", "down"])
def test_gha_02_a_lost_answer_makes_no_second_comment(here: Place, kind: Kind) -> None:
    """GHA-02, IDM-04: the connection ends after the comment (or the reaction) was made: it is found, not repeated."""
    here.faults.add(Rule(kind, "POST", "/comments$"))
    number = here.issue()
    job = here.job(here.ticket(number))
    assert open_job(job, clock=here.clock) == 0
    assert len(here.comments(number)) == 1
    assert outputs(job)["comment"] == str(here.repo.issues[number].comments[0].id)


def test_bud_05_a_label_toggled_starts_one_run_and_says_so_once(here: Place) -> None:
    """BUD-05: one active lease an issue; the others exit already_running, one comment in all."""
    number = here.issue()
    codes = []
    for n in range(6):
        job = here.job(here.ticket(number, f"labeled {n}"))
        assert open_job(job, clock=here.clock) == 0
        codes.append(outputs(job)["code"])
    assert codes == ["allowed", *["already_running"] * 5]
    texts = here.comments(number)
    assert len(texts) == 2
    assert "**Not started.**" in texts[1]
    assert "is at work on this" in texts[1]


def test_bud_04_the_hourly_limit_is_said_once_over_all_issues(here: Place) -> None:
    """BUD-04: at most github.hourly runs a person and hour: the rest rate_limited, one comment at most."""
    (here.clone / "factory.toml").write_text("[github]\nhourly = 3\n[budget]\nrun_usd = 1\n")
    numbers = [here.issue() for _ in range(7)]
    codes = []
    for number in numbers:
        job = here.job(here.ticket(number))
        assert open_job(job, clock=here.clock) == 0
        codes.append(outputs(job)["code"])
    assert codes == ["allowed"] * 3 + ["rate_limited"] * 4
    assert [len(here.comments(number)) for number in numbers] == [1, 1, 1, 1, 0, 0, 0]


def test_bud_08_the_day_s_money_is_gone(here: Place) -> None:
    """BUD-08: what the day leaves is reserved, and when it leaves nothing the run is refused with the remedy."""
    (here.clone / "factory.toml").write_text("[budget]\nrun_usd = 2\nday_usd = 3\n")
    found = []
    for _ in range(3):
        number = here.issue()
        job = here.job(here.ticket(number))
        open_job(job, clock=here.clock)
        found.append((outputs(job)["code"], outputs(job)["allowance_usd"]))
    assert found == [("allowed", "2"), ("allowed", "1"), ("budget", "")]
    assert "00:00 UTC" in here.comments(number)[0]


def test_no_limit_is_an_empty_allowance(here: Place) -> None:
    (here.clone / "factory.toml").write_text("[budget]\nrun_usd = 0\n")
    job = here.job(here.ticket(here.issue()))
    open_job(job, clock=here.clock)
    assert (outputs(job)["go"], outputs(job)["allowance_usd"]) == ("true", "0"), "local models cost nothing"


def test_a_task_without_an_issue_has_no_comment(here: Place) -> None:
    job = here.job(here.ticket(0, "workflow_dispatch 1"))
    assert open_job(job, clock=here.clock) == 0
    assert outputs(job)["comment"] == "0"
    assert here.hub.requests == []


def test_idm_06_a_ticket_that_was_changed_is_not_acted_on(here: Place) -> None:
    """IDM-06: the signature covers repository, issue and commit."""
    ticket = here.ticket(here.issue())
    for changed in (
        ticket.but(issue=99),
        ticket.but(repo="acme/other"),
        ticket.but(signature=""),
        ticket.but(actor="eve"),
    ):
        with pytest.raises(Refusal) as caught:
            open_job(here.job(changed), clock=here.clock)
        assert caught.value.code == "bad_signature"
    assert here.hub.requests == []


def test_a_token_without_the_right_fails_with_the_reason(here: Place) -> None:
    number = here.issue()
    with pytest.raises(HubForbidden, match=r"refuses"):
        open_job(here.job(here.ticket(number), permissions={"contents": "read", "issues": "write"}), clock=here.clock)
    job = here.job(here.ticket(number), permissions={"contents": "write", "issues": "read"})
    with pytest.raises(HubForbidden, match=r"permission"):
        open_job(job, clock=here.clock)
    assert outputs(job)["go"] == "true", "close must settle what was reserved"
