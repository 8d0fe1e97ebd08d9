"""What is said while a run is at work: it waits, and is taken up by that run's own last job."""

from typing import Any

from factory.contracts.ticket import Command, Ticket
from factory.forge.postponed import waiting
from factory.jobs.close import close
from factory.jobs.send import A_WORD, send
from factory.jobs.ship import ship
from factory.simulator.hub.nouns import Comment
from tests.jobs.handed import admitted, handed
from tests.jobs.place import Place, outputs
from tests.jobs.test_close import dispatched, needs, opened
from tests.jobs.test_postponed import asked, books, ended, here, run_of
from tests.jobs.test_watch import BOX, looked

__all__ = ["here"]  # the fixture
PULL = 1


def revision(here: Place, event: str, **more: Any) -> Ticket:
    facts: dict[str, Any] = {"purpose": "revise", "pull": PULL, "depth": 1, "seen": here.hub.now(), **more}
    return here.ticket(0, event=f"acme/shop#{PULL} {event}", **facts)


def test_a_review_that_comes_while_a_revision_runs_is_taken_up_when_that_ends(here: Place) -> None:
    assert here.issue() == PULL  # where the comments go
    first = revision(here, "review 1")
    assert asked(here, first, run_of(here, "repository_dispatch", BOX)) == "allowed"
    at = here.ledger()[-1]["github_run"]
    for event in ("review 2", "note 3"):
        here.clock.sleep(5)
        assert asked(here, revision(here, event), run_of(here, "repository_dispatch", BOX)) == "already_running"
    looked(here)
    assert dispatched(here) == [], "it is at work still"
    ended(here, first, at)
    assert [told["client_payload"] for told in dispatched(here)] == [{"pull": PULL, "note": 3}], "the newest hears all"
    looked(here)
    assert len(dispatched(here)) == 1


def put_off(here: Place, number: int, first: Ticket) -> int:
    """`/factory redo api` while `first` is at work; the comment's id."""
    with here.hub.lock:
        said = Comment(here.hub.next_id(), "ann", "/factory redo api", here.hub.now(), here.hub.now(), number)
        here.repo.issues[number].comments.append(said)
    facts: dict[str, Any] = {"command": Command(verb="redo", unit="api"), "depth": 1, "origin": first.run}
    word = admitted(here, number, event=f"acme/shop#{number} comment {said.id}", **facts)
    assert asked(here, word, run_of(here, "repository_dispatch")) == "already_running"
    return said.id


def test_a_word_on_the_plan_waits_for_the_run_at_work(here: Place) -> None:
    """Its comment is pointed at: the gate asks GitHub anew, and the router goes on from what the run has left."""
    number = here.issue()
    first, run = admitted(here, number), run_of(here)
    assert asked(here, first, run) == "allowed"
    key = put_off(here, number, first)
    assert "**At work.**" in here.comments(number)[0], "the comment of the run at work stays its own"
    assert "taken up as soon as that has ended" in here.comments(number)[-1]
    ended(here, first, run.id)
    (told,) = dispatched(here)
    assert told["client_payload"] == {"issue": number, "comment": key}


def test_a_word_that_waited_and_has_begun_does_not_go_on_saying_that_it_waits(here: Place) -> None:
    number = here.issue()
    first, run = admitted(here, number), run_of(here)
    assert asked(here, first, run) == "allowed"
    key = put_off(here, number, first)
    ended(here, first, run.id)
    facts: dict[str, Any] = {"command": Command(verb="redo", unit="api"), "depth": 1, "origin": first.run}
    word = admitted(here, number, event=f"acme/shop#{number} comment {key}", **facts)
    mine = run_of(here, "repository_dispatch")
    for attempt in (1, 2):
        assert asked(here, word, mine, attempt=attempt) == "allowed"
        status, _, said = here.comments(number)
        assert "**At work.**" in status
        assert "Parked" not in said
        assert "waited and has begun" in said
        shown = here.repo.issues[number].comments[0].id
        assert f"/acme/shop/issues/{number}#issuecomment-{shown})" in said


def test_a_swarm_is_not_sent_on_to_the_box_before_a_word_on_its_plan(here: Place) -> None:
    number = here.issue()
    first, run = admitted(here, number), run_of(here)
    bundle = handed(here, first)
    job = here.job(first, "ship", run=run.id, needs=needs(opened(here, first, run.id), bundle))
    assert ship(job, bundle.into(job.temp), bundle.digest, clock=here.clock) == 0
    key = put_off(here, number, first)
    assert send(job, clock=here.clock) == 0
    assert (outputs(job)["sent"], dispatched(here)) == ("false", [])
    assert close(job, clock=here.clock) == 0
    (told,) = dispatched(here)
    assert told["client_payload"] == {"issue": number, "comment": key}
    assert A_WORD in here.comments(number)[0].replace("&#39;", "'")


def test_bud_05_a_label_toggled_while_a_run_is_at_work_waits_for_nothing(here: Place) -> None:
    """BUD-05: one active lease an issue; the others are refused for good."""
    number = here.issue()
    assert asked(here, admitted(here, number), run_of(here)) == "allowed"
    assert asked(here, admitted(here, number, event="labeled again"), run_of(here)) == "already_running"
    assert waiting(books(here), here.hub.now()) == ()
