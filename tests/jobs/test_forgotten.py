"""What waited and was forgotten, stopped or taken up elsewhere: nobody is told that it still waits."""

from factory.contracts.ticket import Command
from factory.forge.postponed import MOST
from factory.jobs.answer import answer
from tests.jobs.handed import admitted
from tests.jobs.place import Place
from tests.jobs.test_postponed import asked, here, midnight, run_of, spend_the_day, wait
from tests.jobs.test_watch import later, looked

__all__ = ["here"]


def test_stop_also_holds_for_what_is_just_being_taken_up(here: Place) -> None:
    number = here.issue()
    ticket, run = wait(here, number)
    midnight(here)
    looked(here)
    assert run.attempt == 2, "it is on its way to its lease"
    word = here.ticket(number, "comment 5", purpose="answer", command=Command(verb="stop"))
    answer(here.job(word, "answer", event="issue_comment"), clock=here.clock)
    assert "waited: it is forgotten" in here.comments(number)[-1]
    assert asked(here, ticket, run, attempt=2) == "stale_input"
    later(here, 61)
    assert asked(here, ticket, run, attempt=3) == "allowed", "a person runs it again"


def test_what_was_forgotten_and_is_run_again_by_hand_is_not_said_to_wait(here: Place) -> None:
    number = here.issue()
    ticket, run = wait(here, number)
    word = here.ticket(number, "comment 5", purpose="answer", command=Command(verb="stop"))
    answer(here.job(word, "answer", event="issue_comment"), clock=here.clock)
    assert asked(here, ticket, run, attempt=2) == "budget"
    assert not [text for text in here.comments(number) if "It waits" in text]
    assert "the day's is free again at 00:00 UTC" in here.comments(number)[-1]


def test_what_another_workflow_run_has_taken_up_is_no_business_of_the_first(here: Place) -> None:
    number = here.issue()
    ticket, run = wait(here, number)
    midnight(here)
    assert asked(here, ticket, run_of(here)) == "allowed"
    before = here.comments(number)
    assert asked(here, ticket, run, attempt=2) == "duplicate"
    assert here.comments(number) == before


def test_what_the_hour_holds_takes_the_place_of_what_waited_and_says_so(here: Place) -> None:
    number = here.issue()
    wait(here, number)
    (here.clone / "factory.toml").write_text("[github]\nhourly = 1\n")
    told = {"gate": {"outputs": {"allowed": "false", "code": "rate_limited", "say": ""}}}
    newer = here.ticket(number, f"acme/shop#{number} label agent:swarm by ann at now", purpose="answer")
    for attempt in (1, 2):
        answer(here.job(newer, "refuse", run=909, attempt=attempt, needs=told), clock=here.clock)
        before, now = here.comments(number)
        assert "The same was asked anew" in before
        assert "It waits" not in before
        assert "starts by itself when the hour allows it" in now


def test_the_last_of_those_that_may_wait_is_not_told_that_it_was_refused(here: Place) -> None:
    """Its own line takes the last place: taken up and refused again it waits still."""
    spend_the_day(here)
    held = []
    for _ in range(MOST):
        number, run = here.issue(), run_of(here)
        ticket = admitted(here, number)
        assert asked(here, ticket, run) == "budget"
        held.append((number, ticket, run))
    assert asked(here, held[-1][1], held[-1][2], attempt=2) == "budget"
    (said,) = here.comments(held[-1][0])
    assert "**Parked.**" in said
    more = here.issue()
    assert asked(here, admitted(here, more), run_of(here)) == "budget"
    assert "**Not started.**" in here.comments(more)[0]


def test_what_the_hour_held_and_a_person_forgot_is_not_said_to_wait(here: Place) -> None:
    (here.clone / "factory.toml").write_text("[github]\nhourly = 1\n[budget]\nrun_usd = 0\n")
    assert asked(here, admitted(here, here.issue()), run_of(here)) == "allowed"
    number, run = here.issue(), run_of(here)
    told = {"gate": {"outputs": {"allowed": "false", "code": "rate_limited", "say": ""}}}
    ticket = here.ticket(number, purpose="answer")
    answer(here.job(ticket, "refuse", run=run.id, needs=told), clock=here.clock)
    assert "It waits and starts by itself" in here.comments(number)[0]
    word = here.ticket(number, "comment 5", purpose="answer", command=Command(verb="stop"))
    answer(here.job(word, "answer", event="issue_comment"), clock=here.clock)
    answer(here.job(ticket, "refuse", run=run.id, attempt=2, needs=told), clock=here.clock)
    assert not [text for text in here.comments(number) if "It waits" in text]
