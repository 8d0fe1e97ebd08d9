"""send on the GitHub double: one errand to the box, signed, with ids and digests only."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.contracts.ticket import Errand, Handover
from factory.jobs.close import close
from factory.jobs.open import open as open_job
from factory.jobs.send import payload_of, send
from factory.jobs.ship import ship
from factory.simulator.hub.faults import Rule
from tests.jobs.handed import FILES, admitted, handed
from tests.jobs.place import Place, place
from tests.jobs.test_close import dispatched, needs, walked
from tests.line.targets import repository


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made
        assert made.hub.violations == []


def test_unsigned_tickets_are_not_sent_on_and_the_remedy_is_said(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number).but(signature="")
    bundle = handed(here, ticket)
    first = here.job(ticket, "open", run=7, FACTORY_GATE_PUBLIC="")
    open_job(first, clock=here.clock)
    job = here.job(ticket, "ship", run=7, needs=needs(first, bundle), FACTORY_GATE_PUBLIC="")
    ship(job, bundle.into(job.temp), bundle.digest, clock=here.clock)
    assert send(job, clock=here.clock) == 0
    assert close(job, clock=here.clock) == 0
    assert dispatched(here) == []
    assert "factory init --keys" in here.comments(number)[0]


def test_gha_02_a_lost_answer_to_the_dispatch_sends_one_errand(here: Place) -> None:
    """GHA-02: whether the dispatch arrived is looked up by the run it started, never sent twice blindly."""
    ticket = admitted(here, here.issue())
    here.faults.add(Rule("dropped", "POST", "/dispatches$"))
    walked(here, ticket, 7, handed(here, ticket))
    assert len(dispatched(here)) == 1


def test_without_a_model_for_hosted_jobs_all_goes_to_the_box(here: Place) -> None:
    """The ladder's second rung, said on the issue."""
    number = here.issue()
    ticket = admitted(here, number)
    stop = {"reason": "no_model", "message": "No endpoint answers.", "stage": "plan"}
    bundle = handed(here, ticket, waves=[], tree="", evidence=None, plan=None, stopped=stop, spent=0)
    first = here.job(ticket, "open", run=7)
    open_job(first, clock=here.clock)
    told = needs(first, plan="failure", generate_1="skipped", collect_1="skipped", prove="skipped")
    told["plan"]["outputs"] = {"digest": bundle.digest, "artifact": "77", "stopped": "no_model"}
    job = here.job(ticket, "ship", run=7, needs=told)
    bundle.into(job.temp)
    assert send(job, clock=here.clock) == 0
    assert close(job, clock=here.clock) == 0
    assert [each["action"] for each in dispatched(here)] == ["factory-local"]
    (text,) = here.comments(number)
    assert "**Parked.** No model answers hosted jobs, so the box does the whole line." in text
    assert "Sent on to the box." in text
    assert here.repo.issues[number].labels == []
    assert [(row.get("state", ""), row.get("spent", 0)) for row in here.ledger()] == [("", 0), ("parked", 0)]


def test_an_errand_is_small_however_long_the_task_is(here: Place) -> None:
    ticket = admitted(here, here.issue(body="x" * 60_000))
    handover = Handover(run_id=2**53, artifact_id=2**53, digest="a" * 64)
    told = payload_of(Errand(ticket=ticket, handover=handover, run=f"{ticket.run}.1"))
    assert len(told) <= 10
    assert len(str(told)) < 2500
