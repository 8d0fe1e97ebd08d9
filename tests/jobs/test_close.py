"""close and send on the GitHub double: one last word whatever happened, money settled, one errand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.ticket import Errand, Ticket
from factory.forge.tickets import verify
from factory.jobs.close import close
from factory.jobs.context import JobContext
from factory.jobs.open import open as open_job
from factory.jobs.send import send
from factory.jobs.ship import ship
from factory.simulator.hub.faults import Rule
from tests.jobs.handed import FILES, Handed, admitted, handed
from tests.jobs.place import Place, outputs, place
from tests.line.targets import repository


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made
        assert made.hub.violations == []


def needs(opened: JobContext, bundle: Handed | None = None, **results: str) -> dict[str, Any]:
    """`toJSON(needs)` of the ship job."""
    found: dict[str, Any] = {
        name: {"result": results.get(name.replace("-", "_"), "success"), "outputs": {}}
        for name in ("gate", "open", "plan", "generate-1", "collect-1", "prove")
    }
    found |= {
        name: {"result": "skipped", "outputs": {}} for name in ("generate-2", "collect-2", "generate-3", "collect-3")
    }
    found["open"]["outputs"] = outputs(opened)
    if bundle:
        found["prove"]["outputs"] = {"digest": bundle.digest, "artifact": "77", "stopped": ""}
    return found


def opened(here: Place, ticket: Ticket, run: int) -> JobContext:
    job = here.job(ticket, "open", run=run)
    assert open_job(job, clock=here.clock) == 0
    return job


def walked(here: Place, ticket: Ticket, run: int, bundle: Handed) -> JobContext:
    """open, ship, send, close of one workflow run; the ship job's surroundings."""
    job = here.job(ticket, "ship", run=run, needs=needs(opened(here, ticket, run), bundle))
    assert ship(job, bundle.into(job.temp), bundle.digest, clock=here.clock) == 0
    if outputs(job)["send"] == "true":
        assert send(job, clock=here.clock) == 0
    assert close(job, clock=here.clock) == 0
    return job


def dispatched(here: Place) -> list[dict[str, Any]]:
    return [each.payload for each in here.hub.events if each.name == "repository_dispatch"]


def test_a_swarm_ends_with_a_draft_its_money_settled_and_an_errand(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number)
    bundle = handed(here, ticket)
    walked(here, ticket, 7, bundle)
    (text,) = here.comments(number)
    assert "**A draft pull request is there.**" in text
    assert "Spent $0.300 of $2.00 reserved." in text
    assert "- [x] `api` Add two (backend)" in text
    assert "Sent on to the box" in text
    assert f"/pull/{number + 1})" in text
    rows = here.ledger()
    assert [(row["kind"], row.get("spent", 0), row.get("state", "")) for row in rows] == [
        ("open", 0, ""), ("note", 0, ""), ("close", 300_000, "draft"),
    ]  # fmt: skip
    assert rows[1]["id"].startswith(f"{rows[0]['id']}.push."), "the books know of a commit before a branch holds it"
    assert "about to be" not in text, "and that is no news to anybody"
    assert json.loads(rows[2]["handover"]) == {"run_id": 7, "artifact_id": 77, "digest": bundle.digest}
    (told,) = dispatched(here)
    assert told["action"] == "factory-refine"
    errand = Errand.model_validate(told["client_payload"])
    verify(errand.ticket, here.public, repo=ticket.repo)
    assert (errand.ticket, errand.run) == (ticket, f"{ticket.run}.1")
    assert len(json.dumps(told["client_payload"])) < 64_000
    assert len(told["client_payload"]) <= 10


def test_the_box_goes_on_with_what_is_left_and_one_comment_tells_it_all(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number)
    walked(here, ticket, 7, handed(here, ticket))
    box = ticket.but(depth=1)
    first = here.job(box, "open", run=8)
    open_job(first, clock=here.clock)
    assert outputs(first)["allowance_usd"] == "2", "the run's whole money, of which 0.30 are spent"
    bundle = handed(here, box, accepted=True, spent=450_000)
    told = {name: {"result": "success", "outputs": {}} for name in ("gate", "work")} | {
        "open": {"result": "success", "outputs": outputs(first)},
    }  # fmt: skip
    told["work"]["outputs"] = {"digest": bundle.digest, "artifact": "88"}
    job = here.job(box, "ship", run=8, needs=told)
    assert ship(job, bundle.into(job.temp), bundle.digest, clock=here.clock) == 0
    assert close(job, clock=here.clock) == 0
    (text,) = here.comments(number)
    assert "**Ready for a person's review.**" in text
    assert "Spent $0.450 of $2.00 reserved." in text
    assert "| ✓ | Work on the box | done |" in text
    assert [row.get("spent", 0) for row in here.ledger() if row["kind"] == "close"] == [300_000, 150_000]
    assert len(dispatched(here)) == 1


def test_a_second_run_of_the_last_jobs_changes_nothing(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number)
    bundle = handed(here, ticket)
    first = walked(here, ticket, 7, bundle)
    before = here.comments(number), here.ledger()
    again = here.job(ticket, "ship", run=7, attempt=2, needs=first.needs)
    ship(again, bundle.into(again.temp), bundle.digest, clock=here.clock)
    close(again, clock=here.clock)
    assert (len(here.comments(number)), here.ledger()) == (len(before[0]), before[1])


@pytest.mark.parametrize(
    ("results", "said", "spent"),
    [
        ({"plan": "failure", "generate_1": "skipped", "collect_1": "skipped", "prove": "skipped"},
         "The job Plan failed.", 2_000_000),
        ({"generate_1": "failure", "collect_1": "failure", "prove": "skipped"}, "The job Wave 1 and Collect 1 failed.",
         2_000_000),
        ({"plan": "cancelled", "generate_1": "skipped", "collect_1": "skipped", "prove": "skipped"}, "was cancelled",
         2_000_000),
        ({"plan": "skipped", "generate_1": "skipped", "collect_1": "skipped", "prove": "skipped", "open": "failure"},
         "The job Open failed.", 0),
        ({"prove": "failure"}, "The job Prove failed.", 2_000_000),
        ({}, "ended without a result", 2_000_000),
    ],
)  # fmt: skip
def test_pip_01_a_failed_job_is_named_once_and_its_money_stays_counted(
    here: Place, results: dict[str, str], said: str, spent: int
) -> None:
    """PIP-01, ACT-02: one comment that names job and run; no dispatch; the lease is released."""
    number = here.issue()
    ticket = admitted(here, number)
    job = here.job(ticket, "ship", run=7, needs=needs(opened(here, ticket, 7), **results))
    assert close(job, clock=here.clock) == 0
    (text,) = here.comments(number)
    assert said in text
    assert "/actions/runs/7" in text
    assert [row.get("spent", 0) for row in here.ledger() if row["kind"] == "close"] == [spent]
    assert dispatched(here) == []
    if "cancelled" not in said:
        assert here.repo.issues[number].labels == ["factory:failed"]
    next_one = here.job(admitted(here, number, event="again"), "open", run=9)
    open_job(next_one, clock=here.clock)
    assert outputs(next_one)["code"] == "allowed", "the lease is free"


def test_the_reason_that_a_stage_told_is_in_the_last_word(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number)
    told = needs(opened(here, ticket, 7), collect_1="failure", prove="skipped")
    told["collect-1"]["outputs"] = {"stopped": "units_failed", "digest": "a" * 64, "artifact": "5"}
    close(here.job(ticket, "ship", run=7, needs=told), clock=here.clock)
    assert "Reason: units\\_failed." in here.comments(number)[0] or "Reason: units_failed." in here.comments(number)[0]
    assert json.loads(here.ledger()[1]["handover"])["artifact_id"] == 5, "retry finds what is there"


def test_a_plan_that_was_asked_for_is_shown_as_a_checklist(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number, dry_run=True)
    bundle = handed(here, ticket, waves=[], tree="", evidence=None, spent=50_000)
    told = needs(opened(here, ticket, 7), generate_1="skipped", collect_1="skipped", prove="skipped")
    told["plan"]["outputs"] = {"digest": bundle.digest, "artifact": "77"}
    job = here.job(ticket, "ship", run=7, needs=told)
    bundle.into(job.temp)
    close(job, clock=here.clock)
    (text,) = here.comments(number)
    assert "**A plan waits for a person.**" in text
    assert "- [ ] `api` Add two (backend)" in text
    assert "`/factory approve`" in text
    assert here.ledger()[1]["spent"] == 50_000


def test_a_bundle_that_no_job_vouches_for_is_not_believed(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number)
    bundle = handed(here, ticket, spent=1)
    told = needs(opened(here, ticket, 7), prove="failure")
    job = here.job(ticket, "ship", run=7, needs=told)
    bundle.into(job.temp)
    close(job, clock=here.clock)
    assert here.ledger()[1]["spent"] == 2_000_000


def test_nothing_opened_nothing_closed(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number)
    opened(here, ticket, 7)
    other = here.job(ticket, "ship", run=8)
    assert close(other, clock=here.clock) == 0
    assert [row["kind"] for row in here.ledger()] == ["open"]
    assert len(here.comments(number)) == 1


def test_a_task_without_an_issue_is_told_on_its_pull_request(here: Place) -> None:
    ticket = admitted(here, 0, event="dispatch 1")
    walked(here, ticket, 7, handed(here, ticket))
    (pull,) = [each for each in here.repo.issues.values() if each.pull]
    assert "**A draft pull request is there.**" in pull.comments[0].body


def test_the_first_word_of_an_open_job_that_died_right_after_it_is_found_though_no_list_shows_it_yet(
    here: Place,
) -> None:
    """GHA-02: the last word comes a second later, on the same attempt, and knows of no comment."""
    ticket = admitted(here, here.issue())
    here.faults.add(Rule("unseen", "POST", "/comments$", seconds=8))
    opened(here, ticket, 7)
    told = {"gate": {"result": "success", "outputs": {}}, "open": {"result": "failure", "outputs": {}}}
    assert close(here.job(ticket, "ship", run=7, needs=told), clock=here.clock) == 0
    (said,) = here.comments(1)
    assert "The job Open failed." in said
