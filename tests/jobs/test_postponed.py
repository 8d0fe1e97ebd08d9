"""What could not begin waits and is taken up by itself, once: money of a day, the hour's limit, a run at work."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from factory.contracts.books import Row
from factory.contracts.ticket import Command, Ticket
from factory.forge.postponed import TRIES, waiting
from factory.jobs.answer import answer
from factory.jobs.close import close
from factory.jobs.gate import gate
from factory.jobs.open import open as open_job
from factory.jobs.route import route
from factory.simulator.hub import runs
from tests.jobs.handed import FILES, admitted
from tests.jobs.place import Place, outputs, place
from tests.jobs.test_gate import READ, labeled
from tests.jobs.test_watch import later, looked
from tests.line.targets import repository

SWARM = ".github/workflows/factory-swarm.yml"
MONEY = "[budget]\nrun_usd = 2\nday_usd = 3\n[github]\nhourly = 50\n"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        (made.clone / "factory.toml").write_text(MONEY)
        yield made
        assert made.hub.violations == []


def run_of(here: Place, event: str = "issues", workflow: str = SWARM) -> runs.Run:
    """A workflow run that has ended, as one does that was refused."""
    with here.hub.lock:
        run = runs.start_run(here.hub, here.repo, workflow, event=event)
        run.status, run.conclusion = "completed", "success"
    return run


def asked(here: Place, ticket: Ticket, run: runs.Run, attempt: int = 1) -> str:
    job = here.job(ticket, "open", run=run.id, attempt=attempt)
    assert open_job(job, clock=here.clock) == 0
    return outputs(job)["code"]


def ended(here: Place, ticket: Ticket, run: int) -> None:
    told = {"open": {"result": "success", "outputs": {"go": "true"}}, "plan": {"result": "failure"}}
    assert close(here.job(ticket, "ship", run=run, needs=told), clock=here.clock) == 0


def midnight(here: Place) -> None:
    now = datetime.fromtimestamp(here.clock.epoch(), UTC)
    here.clock.sleep(24 * 3600 - (now.hour * 3600 + now.minute * 60 + now.second) + 60)


def spend_the_day(here: Place) -> None:
    """Two runs at work, which reserve all of it."""
    for _ in range(2):
        ticket = admitted(here, here.issue())
        run = run_of(here)
        assert asked(here, ticket, run) == "allowed"
        ended(here, ticket, run.id)  # what it used is not known: all counts


def wait(here: Place, number: int) -> tuple[Ticket, runs.Run]:
    spend_the_day(here)
    ticket, run = admitted(here, number), run_of(here)
    assert asked(here, ticket, run) == "budget"
    return ticket, run


def books(here: Place) -> list[Row]:
    return [Row.model_validate(row) for row in here.ledger()]


def test_bud_08_what_the_day_s_money_held_starts_by_itself_tomorrow_and_once(here: Place) -> None:
    """BUD-08: said in the comment that later shows the run; taken up when the day is over, not before, not twice."""
    number = here.issue()
    ticket, run = wait(here, number)
    (text,) = here.comments(number)
    assert "**Parked.**" in text
    assert "It waits for tomorrow's money" in text
    assert "kind=status" in text
    looked(here)
    assert run.attempt == 1, "the day is not over"
    midnight(here)
    looked(here)
    looked(here)
    assert (run.attempt, run.rerun) == (2, "all")
    again = here.ticket(number, issued=here.hub.now(), text=ticket.text)  # the gate that runs again signs anew
    assert again.run == ticket.run
    assert asked(here, again, run, attempt=2) == "allowed"
    (text,) = here.comments(number)
    assert "**At work.**" in text
    later(here, 120)
    run.status, run.conclusion = "completed", "success"
    looked(here)
    assert run.attempt == 2


def test_no_more_are_taken_up_than_the_day_has_money_for(here: Place) -> None:
    spend_the_day(here)
    held = []
    for _ in range(3):
        run = run_of(here)
        assert asked(here, admitted(here, here.issue()), run) == "budget"
        held.append(run)
    midnight(here)
    looked(here)
    assert [run.attempt for run in held] == [2, 2, 1], "the oldest first"


def test_what_gets_lost_is_tried_again_a_few_times_and_then_said_to_be_over(here: Place) -> None:
    number = here.issue()
    _, run = wait(here, number)
    midnight(here)
    for _ in range(TRIES + 3):
        looked(here)
        run.status, run.conclusion = "completed", "failure"
        run.attempt = 4  # so that nobody else runs it again
        later(here, 40)
    assert sum(row.id.startswith("wait.") and ".try." in row.id for row in books(here)) == TRIES
    (text,) = here.comments(number)
    assert "It waited as long as it may" in text
    assert waiting(books(here), here.hub.now()) == ()


def test_what_waited_three_days_is_over_and_said(here: Place) -> None:
    number = here.issue()
    _, run = wait(here, number)
    later(here, 73 * 60)
    looked(here)
    assert run.attempt == 1
    (text,) = here.comments(number)
    assert "**Stopped.**" in text


def test_stop_forgets_what_waits(here: Place) -> None:
    number = here.issue()
    _, run = wait(here, number)
    word = here.ticket(number, "comment 5", purpose="answer", command=Command(verb="stop"))
    assert answer(here.job(word, "answer", event="issue_comment"), clock=here.clock) == 0
    first, second = here.comments(number)
    assert "Stopped by ann" in first
    assert "waited: it is forgotten" in second
    midnight(here)
    looked(here)
    assert run.attempt == 1


def test_status_says_what_waits(here: Place) -> None:
    number = here.issue()
    wait(here, number)
    word = here.ticket(number, "comment 5", purpose="answer", command=Command(verb="status"))
    answer(here.job(word, "answer", event="issue_comment"), clock=here.clock)
    assert "**Waits**, and starts by itself" in here.comments(number)[-1]


def retried(here: Place, number: int, n: int = 6) -> None:
    word = here.ticket(number, f"comment {n}", command=Command(verb="retry"))
    assert route(here.job(word, "route", event="issue_comment"), clock=here.clock) == 0


def test_retry_on_what_waits_takes_it_up_as_soon_as_it_may(here: Place) -> None:
    number = here.issue()
    _, run = wait(here, number)
    retried(here, number)
    assert run.attempt == 1
    assert "waits and starts by itself: nothing to retry yet" in here.comments(number)[-1]
    midnight(here)
    retried(here, number, 7)
    retried(here, number, 8)
    assert run.attempt == 2


def test_retry_after_more_money_for_an_issue_that_never_began(here: Place) -> None:
    """Its limit is no matter of time: it is left to the person who adds to it."""
    (here.clone / "factory.toml").write_text("[budget]\nrun_usd = 2\nissue_usd = 2\n[github]\nhourly = 50\n")
    number = here.issue()
    first, run = admitted(here, number), run_of(here)
    assert asked(here, first, run) == "allowed"
    ended(here, first, run.id)
    other = run_of(here)
    assert asked(here, admitted(here, number, event="labeled again"), other) == "budget"
    midnight(here)
    looked(here)
    assert other.attempt == 1
    retried(here, number)
    assert other.attempt == 1
    assert "Nothing is tried again before there is more" in here.comments(number)[-1]
    assert "issue_usd" in here.comments(number)[-1]
    more = here.ticket(number, "comment 7", purpose="answer", command=Command(verb="budget", amount=Decimal(2)))
    answer(here.job(more, "answer", event="issue_comment"), clock=here.clock)
    retried(here, number, 8)
    assert other.attempt == 2
    retried(here, number, 9)
    assert "being tried again already" in here.comments(number)[-1]
    assert asked(here, admitted(here, number, event="labeled again"), other, attempt=2) == "allowed"
    retried(here, number, 10)
    assert "is at work on this" in here.comments(number)[-1]
    assert "no earlier run" not in "".join(here.comments(number))


def test_the_same_asked_anew_counts_in_its_place(here: Place) -> None:
    number = here.issue()
    _, run = wait(here, number)
    newer = run_of(here)
    assert asked(here, admitted(here, number, event="labeled again"), newer) == "budget"
    before, now = here.comments(number)
    assert "The same was asked anew" in before
    assert "It waits for tomorrow's money" in now
    midnight(here)
    looked(here)
    assert (run.attempt, newer.attempt) == (1, 2)


def test_the_same_asked_anew_and_let_in_at_once_is_said_where_it_waited(here: Place) -> None:
    number = here.issue()
    _, run = wait(here, number)
    midnight(here)
    newer = run_of(here)
    assert asked(here, admitted(here, number, event="labeled again"), newer) == "allowed"
    before, now = here.comments(number)
    assert "The same was asked anew" in before
    assert "It waits" not in before
    assert "**At work.**" in now
    looked(here)
    assert run.attempt == 1


def test_a_line_of_somebody_s_hand_runs_nothing_but_the_factory_s_own_workflows(here: Place) -> None:
    spend_the_day(here)
    for workflow, event in ((".github/workflows/deploy.yml", "issues"), (SWARM, "pull_request")):
        run = run_of(here, event, workflow)
        assert asked(here, admitted(here, here.issue()), run) == "budget"
        midnight(here)
        looked(here)
        assert run.attempt == 1
        spend_the_day(here)


def test_bud_04_the_hour_s_limit_holds_at_the_gate_and_lets_go_by_itself(here: Place) -> None:
    """BUD-04: one comment at most, at most github.hourly runs an hour; what is over waits its turn."""
    (here.clone / "factory.toml").write_text("[github]\nhourly = 2\n[budget]\nrun_usd = 0\n")
    for _ in range(2):
        assert asked(here, admitted(here, here.issue()), run_of(here)) == "allowed"
    held = []
    for number in (here.issue(), here.issue(), here.issue()):
        run = run_of(here)
        job = here.job(here.ticket(1), "gate", run=run.id, event="issues", payload=labeled(here, number, "ann"),
                       permissions=READ, FACTORY_GATE_KEY=here.seed)  # fmt: skip
        assert gate(job, "swarm", job.temp / "gate", config=here.clone / "factory.toml", clock=here.clock) == 0
        told = outputs(job)
        assert (told["allowed"], told["code"]) == ("false", "rate_limited")
        saying = here.job(Ticket.from_json(told["ticket"]), "refuse", run=run.id, event="issues",
                          needs={"gate": {"outputs": told}})  # fmt: skip
        assert answer(saying, clock=here.clock) == 0
        held.append((number, run))
    assert [len(here.comments(number)) for number, _ in held] == [1, 0, 0]
    assert "starts by itself when the hour allows it" in here.comments(held[0][0])[0]
    looked(here)
    assert [run.attempt for _, run in held] == [1, 1, 1]
    later(here, 61)
    looked(here)
    assert [run.attempt for _, run in held] == [2, 2, 1]
