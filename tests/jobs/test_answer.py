"""answer on the GitHub double: status, why, stop, budget, and the gate's no, each comment once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.ticket import Command, Ticket
from factory.jobs.answer import answer
from factory.jobs.close import close
from factory.jobs.context import JobContext
from factory.jobs.open import open as open_job
from factory.simulator.hub import runs
from tests.jobs.handed import FILES, admitted, handed
from tests.jobs.place import Place, outputs, place
from tests.jobs.test_close import needs, walked
from tests.line.targets import repository


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made
        assert made.hub.violations == []


def asked(here: Place, number: int, verb: str, n: int = 1, **more: object) -> Ticket:
    command = Command.model_validate({"verb": verb, **more})
    return here.ticket(number, event=f"comment {verb} {n}", purpose="answer", command=command)


def answered(here: Place, ticket: Ticket, code: str = "allowed", say: str = "") -> JobContext:
    told: dict[str, Any] = {"gate": {"result": "success", "outputs": {"code": code, "say": say}}}
    job = here.job(ticket, "answer", needs=told, event="issue_comment")
    assert answer(job, clock=here.clock) == 0
    return job


def at_work(here: Place, number: int) -> tuple[Ticket, runs.Run]:
    """A run that is at work: its lease, and its workflow run."""
    with here.hub.lock:
        made = runs.start_run(here.hub, here.repo, ".github/workflows/dark-factory-swarm.yml", event="issues")
        made.status = "in_progress"
        job = runs.add_job(here.hub, made, "Plan")
        job.status = "in_progress"
    ticket = admitted(here, number)
    open_job(here.job(ticket, "open", run=made.id), clock=here.clock)
    return ticket, made


def test_status_tells_the_run_at_work_and_its_jobs(here: Place) -> None:
    number = here.issue()
    ticket, made = at_work(here, number)
    answered(here, asked(here, number, "status"))
    text = here.comments(number)[-1]
    assert "**At work.**" in text
    assert ticket.run in text
    assert "| ● | Plan | running |" in text
    assert f"/actions/runs/{made.id})" in text
    assert "$2.00 are reserved" in text
    assert "ann started run" in text


def test_status_and_why_after_the_end(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number)
    walked(here, ticket, 7, handed(here, ticket, accepted=True))
    answered(here, asked(here, number, "status"))
    answered(here, asked(here, number, "why"))
    status, why = here.comments(number)[-2:]
    assert "**Ready for a person's review.**" in status
    assert "ACCEPT" in why
    assert "It adds two." in why, "the judge's reasons"
    assert f"The evidence stands in #{number + 1}." in why


@pytest.mark.parametrize("verb", ["status", "why"])
def test_where_nothing_ran_it_says_so(here: Place, verb: str) -> None:
    number = here.issue()
    answered(here, asked(here, number, verb))
    assert "No run of the factory is known here yet." in here.comments(number)[0]


def test_stop_cancels_the_run_frees_the_lease_and_the_money_is_settled_later(here: Place) -> None:
    number = here.issue()
    ticket, made = at_work(here, number)
    answered(here, asked(here, number, "stop"))
    text = here.comments(number)[-1]
    assert "Stopped by ann." in text
    assert "is being cancelled" in text
    assert "What was made so far is kept" in text
    assert made.cancel
    again = here.job(admitted(here, number, event="again"), "open")
    open_job(again, clock=here.clock)
    assert outputs(again)["code"] == "allowed"
    opened = here.job(ticket, "open", run=made.id, temp=f"{made.id}-1-open")
    job = here.job(ticket, "ship", run=made.id, needs=needs(opened, plan="skipped", generate_1="skipped"))
    close(job, clock=here.clock)
    rows = [row for row in here.ledger() if row["run"] == ticket.run]
    assert [(row["kind"], row.get("spent", 0)) for row in rows] == [("open", 0), ("close", 2_000_000), ("close", 0)]
    answered(here, asked(here, number, "budget", amount="1"))
    assert "of which $2.00 are used or reserved" in here.comments(number)[-1], "the new run's; the stopped one's: 0"


def test_stop_where_nothing_is_at_work(here: Place) -> None:
    number = here.issue()
    answered(here, asked(here, number, "stop"))
    assert "Nothing is at work here." in here.comments(number)[0]


def test_budget_raises_the_issue_s_limit_once_a_comment(here: Place) -> None:
    (here.clone / "factory.toml").write_text("[budget]\nrun_usd = 2\nissue_usd = 2\n")
    number = here.issue()
    ticket = admitted(here, number)
    job = here.job(ticket, "open", run=7)
    open_job(job, clock=here.clock)
    close(here.job(ticket, "ship", run=7, needs=needs(job, plan="failure")), clock=here.clock)
    second = here.job(admitted(here, number, event="b"), "open")
    open_job(second, clock=here.clock)
    assert outputs(second)["code"] == "budget"
    for _ in range(2):  # delivered twice
        answered(here, asked(here, number, "budget", amount="1.5"))
    assert "$1.50 more: the limit here is $3.50 now, of which $2.00 are used or reserved." in here.comments(number)[-1]
    assert [row["kind"] for row in here.ledger()].count("note") == 1
    third = here.job(admitted(here, number, event="c"), "open")
    open_job(third, clock=here.clock)
    assert outputs(third)["allowance_usd"] == "1.5"


def test_each_comment_is_answered_once(here: Place) -> None:
    number = here.issue()
    for _ in range(3):
        answered(here, asked(here, number, "status"))
    assert len(here.comments(number)) == 1
    answered(here, asked(here, number, "status", n=2))
    assert len(here.comments(number)) == 2


def test_what_is_not_understood_is_answered_once_and_harmlessly(here: Place) -> None:
    number = here.issue()
    ticket = here.ticket(number, event="comment 5", purpose="answer")
    say = "There is no such command: did you mean `/factory status`? @octocat fixes #1 <img src=x>"
    for _ in range(2):
        answered(here, ticket, "denied:not_understood", say)
    (text,) = here.comments(number)
    assert "did you mean `/factory status`?" in text
    assert "@octocat" not in text
    assert "<img" not in text


def test_bud_04_the_gate_s_limit_is_said_once_an_hour(here: Place) -> None:
    """BUD-04: one comment at most, over all issues."""
    (here.clone / "factory.toml").write_text("[github]\nhourly = 1\n")
    first = here.issue()
    open_job(here.job(admitted(here, first), "open"), clock=here.clock)
    numbers = [here.issue() for _ in range(3)]
    for number in numbers:
        answered(here, here.ticket(number, purpose="answer"), "rate_limited", "ann has started 1 runs within an hour.")
    assert [len(here.comments(number)) for number in numbers] == [1, 0, 0]
