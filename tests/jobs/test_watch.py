"""watch on the GitHub double: who waits for the box is told once, moved where that is allowed, and nobody else's run
is touched. Lost runs get their last word."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.errors import HubUnreachable
from factory.contracts.ticket import Errand, Handover, Ticket
from factory.jobs.close import close
from factory.jobs.context import JobContext
from factory.jobs.open import open as open_job
from factory.jobs.watch import watch
from factory.simulator.hub import runs
from factory.simulator.hub.faults import Rule
from factory.simulator.hub.nouns import Label
from tests.jobs.handed import FILES, admitted
from tests.jobs.place import Place, outputs, place
from tests.jobs.test_close import dispatched
from tests.line.targets import repository

BOX = ".github/workflows/factory-local.yml"
GIVEN = Handover(run_id=7, artifact_id=77, digest="a" * 64)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made
        assert made.hub.violations == []


def waiting(here: Place, number: int, *, workflow: str = BOX, event: str = "issues", title: str = "",
            handover: str = "", **ticket: Any) -> tuple[Ticket, runs.Run, runs.Job]:  # fmt: skip
    """A workflow run that holds the lease, and whose job waits for the box."""
    with here.hub.lock:
        run = runs.start_run(here.hub, here.repo, workflow, event=event, title=title)
        run.status = "in_progress"
        job = runs.add_job(here.hub, run, "call / Work", ("self-hosted", "gpu"))
    admitted_ = admitted(here, number, purpose="local", **ticket)
    told = {"gate": {"result": "success", "outputs": {"handover": handover}}}
    opened = here.job(admitted_, "open", run=run.id, needs=told)
    assert open_job(opened, clock=here.clock) == 0
    assert outputs(opened)["go"] == "true"
    return admitted_, run, job


def looked(here: Place, offline: str = "park", permissions: Any = None, public: bool = True) -> JobContext:
    """One look of the hourly watchdog, which has no ticket."""
    more: dict[str, Any] = {} if public else {"FACTORY_GATE_PUBLIC": ""}
    job = here.job(here.ticket(1), "watch", permissions=permissions, event="schedule",
                   FACTORY_GITHUB__BOX_OFFLINE=offline, **more)  # fmt: skip
    assert watch(job, clock=here.clock) == 0
    return job


def later(here: Place, minutes: float) -> None:
    here.clock.sleep(minutes * 60)


def test_a_box_that_does_not_come_is_said_once_long_before_a_day(here: Place) -> None:
    number = here.issue()
    waiting(here, number)
    later(here, 20)
    looked(here)
    assert len(here.comments(number)) == 1, "twenty minutes are not too long"
    later(here, 15)
    for _ in range(3):
        job = looked(here)
        later(here, 60)
    assert outputs(job)["offline"] == "1"
    _, text = here.comments(number)
    assert "`call / Work` for 35 minutes: the box seems to be offline" in text
    assert "/factory stop" in text
    assert dispatched(here) == []


def test_with_box_offline_cloud_hosted_runners_get_what_the_box_was_sent(here: Place) -> None:
    number = here.issue()
    ticket, run, _ = waiting(here, number, handover=GIVEN.to_json(), depth=1)
    later(here, 40)
    looked(here, "cloud")
    assert run.cancel
    (told,) = dispatched(here)
    errand = Errand.model_validate(told["client_payload"])
    assert (told["action"], errand.where, errand.handover) == ("factory-refine", "cloud", GIVEN)
    assert (errand.ticket, errand.run) == (ticket, f"{ticket.run}.2")
    assert "Hosted jobs do its part now" in here.comments(number)[-1]


def test_money_reserved_for_a_job_that_never_began_is_there_for_the_next_leg(here: Place) -> None:
    """Without it the next rung finds nothing left and is refused, for work that nobody has done."""
    number = here.issue()
    ticket, run, _ = waiting(here, number)
    later(here, 40)
    looked(here, "cloud")
    last = here.job(ticket, "ship", run=run.id, needs=cancelled())
    assert close(last, clock=here.clock) == 0, "the cancelled run says its last word after that"
    following = here.job(ticket.but(depth=1), "open")
    assert open_job(following, clock=here.clock) == 0
    made = outputs(following)
    assert (made["go"], made["code"], made["allowance_usd"]) == ("true", "allowed", "2")


def cancelled() -> dict[str, Any]:
    return {"gate": {"result": "success", "outputs": {}}, "open": {"result": "success", "outputs": {}},
            "work": {"result": "cancelled", "outputs": {}}}  # fmt: skip


@pytest.mark.parametrize(("runner", "spent"), [("", 0), ("box", 2_000_000)])
def test_a_cancelled_job_costs_what_was_reserved_only_when_a_runner_had_it(
    here: Place, runner: str, spent: int
) -> None:
    """Also without the watchdog: stopped by a person, or given up by GitHub after a day."""
    ticket, run, job = waiting(here, here.issue())
    job.status, job.conclusion, job.runner = "completed", "cancelled", runner
    last = here.job(ticket, "ship", run=run.id, needs=cancelled())
    assert close(last, clock=here.clock) == 0
    (row,) = [row for row in here.ledger() if row["kind"] == "close"]
    assert row.get("spent", 0) == spent


def test_what_the_look_before_said_does_not_hide_what_is_done_now(here: Place) -> None:
    """The owner switches to the cloud after a first word: the next look moves it and says so."""
    number = here.issue()
    waiting(here, number)
    later(here, 40)
    looked(here, "park")
    looked(here, "cloud")
    first, second = here.comments(number)[-2:]
    assert "as soon as the box is back" in first
    assert "Hosted jobs do its part now" in second


def test_a_look_that_may_not_cancel_leaves_it_to_the_hourly_one(here: Place) -> None:
    """The look at every opening reads Actions only."""
    number = here.issue()
    _, run, _ = waiting(here, number)
    later(here, 40)
    looked(here, "cloud", {"actions": "read", "contents": "write", "issues": "write"})
    assert not run.cancel
    assert dispatched(here) == []
    assert len(here.comments(number)) == 1, "nothing was said that is not so"
    looked(here, "cloud")
    assert run.cancel
    assert len(dispatched(here)) == 1


@pytest.mark.parametrize("label", ["private", "privacy:local"])
def test_work_that_is_to_stay_on_the_box_waits_for_it(here: Place, label: str) -> None:
    number = here.issue()
    _, run, _ = waiting(here, number)
    with here.hub.lock:
        here.repo.labels[label] = Label(here.hub.next_id(), label)
        here.repo.issues[number].labels.append(label)
    later(here, 40)
    looked(here, "cloud")
    assert not run.cancel
    assert "as soon as the box is back" in here.comments(number)[-1]


@pytest.mark.parametrize("why", ["unsigned", "too deep", "no key"])
def test_what_no_other_run_would_believe_is_not_cancelled(here: Place, why: str) -> None:
    number = here.issue()
    with here.hub.lock:
        run = runs.start_run(here.hub, here.repo, BOX, event="issues")
        run.status = "in_progress"
        runs.add_job(here.hub, run, "Work", ("self-hosted", "gpu"))
    ticket = admitted(here, number, purpose="local", depth=3 if why == "too deep" else 0)
    bare = why in ("unsigned", "no key")
    more: dict[str, Any] = {"FACTORY_GATE_PUBLIC": ""} if bare else {}
    if why == "unsigned":
        ticket = ticket.but(signature="")
    assert open_job(here.job(ticket, "open", run=run.id, **more), clock=here.clock) == 0
    later(here, 40)
    looked(here, "cloud", public=why != "no key")
    assert not run.cancel
    assert dispatched(here) == []
    assert "as soon as the box is back" in here.comments(number)[-1]


def test_a_box_at_work_is_not_offline(here: Place) -> None:
    """One box, two tasks: the second waits its turn, whatever the settings say about a box that is gone."""
    number = here.issue()
    _, run, _ = waiting(here, number)
    with here.hub.lock:
        other = runs.start_run(here.hub, here.repo, BOX, event="issues")
        other.status = "in_progress"
        job = runs.add_job(here.hub, other, "Work", ("self-hosted", "gpu"))
        job.status, job.runner = "in_progress", "box"
    later(here, 40)
    looked(here, "cloud")
    assert not run.cancel
    assert "the box is at work on something else" in here.comments(number)[-1]


@pytest.mark.parametrize(
    ("workflow", "event"), [(".github/workflows/ci.yml", "pull_request"), (BOX, "pull_request_review")]
)
def test_a_stranger_s_run_that_bears_a_run_s_name_moves_nothing(here: Place, workflow: str, event: str) -> None:
    """A pull request chooses its title, and so the name of its runs: they are neither looked into nor cancelled."""
    number = here.issue()
    ticket = admitted(here, number)
    assert open_job(here.job(ticket, "open", run=7), clock=here.clock) == 0
    with here.hub.lock:
        run = runs.start_run(here.hub, here.repo, workflow, event=event, title=f"Fix {ticket.run}.0")
        run.status = "in_progress"
        runs.add_job(here.hub, run, "tests", ("self-hosted", "gpu"))
    later(here, 40)
    looked(here, "cloud")
    assert not run.cancel
    assert here.sent("GET", f"/runs/{run.id}/jobs") == 0
    assert len(here.comments(number)) == 1


def test_a_dispatch_that_fails_after_the_cancel_is_said_with_what_to_write(here: Place) -> None:
    number = here.issue()
    _, run, _ = waiting(here, number)
    later(here, 40)
    here.faults.add(Rule("dropped", "POST", "/dispatches$", times=0))
    looked(here, "cloud")
    assert run.cancel
    assert "`/factory retry` goes on from there" in here.comments(number)[-1]


def test_a_run_that_was_never_heard_of_again_is_closed_and_said_once(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number)
    assert open_job(here.job(ticket, "open", run=7), clock=here.clock) == 0
    later(here, 60 * 47)
    assert outputs(looked(here))["lost"] == "0"
    later(here, 60 * 2)
    assert [outputs(looked(here))["lost"] for _ in range(2)] == ["1", "0"]
    assert [text for text in here.comments(number) if "has not been heard of for two days" in text]
    (row,) = [row for row in here.ledger() if row["kind"] == "close"]
    assert (row["state"], row["spent"]) == ("failed", 2_000_000)


def test_an_end_that_the_last_job_could_not_say_is_said_once(here: Place) -> None:
    """GHA-02: the job died between the books and the comment, and nobody ran it again."""
    number = here.issue()
    ticket, run, _ = waiting(here, number)
    here.faults.add(Rule("down", "PATCH", "/comments/", times=0))
    with pytest.raises(HubUnreachable):
        close(here.job(ticket, "ship", run=run.id, needs=cancelled()), clock=here.clock)
    here.faults.clear()
    run.status = "completed"
    looked(here)
    assert len(here.comments(number)) == 1, "it may still be at work"
    for _ in range(3):
        later(here, 60)
        looked(here)
    _, text = here.comments(number)
    assert f"Run `{ticket.run}` is over: stopped." in text
    assert "`/factory retry`" in text


def test_an_end_that_was_said_is_not_said_again(here: Place) -> None:
    number = here.issue()
    ticket, run, _ = waiting(here, number)
    assert close(here.job(ticket, "ship", run=run.id, needs=cancelled()), clock=here.clock) == 0
    run.status = "completed"
    later(here, 60)
    looked(here)
    assert len(here.comments(number)) == 1
