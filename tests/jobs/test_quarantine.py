"""Quarantine on the GitHub double: what failed too often in a row starts only by a person's hand, and says so once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.ticket import Command, Errand, Ticket
from factory.jobs.close import close
from factory.jobs.gate import gate
from factory.jobs.open import open as open_job
from factory.jobs.watch import watch
from tests.jobs.handed import admitted
from tests.jobs.place import Place, outputs, place
from tests.jobs.test_gate import READ, labeled

BOT = "release-bot[bot]"
SETTINGS = f'[github]\nbots = ["{BOT}"]\nhourly = 50\n[budget]\nissue_usd = 100\nday_usd = 100\n'


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path) as made:
        (made.clone / "factory.toml").write_text(SETTINGS)
        yield made
        assert made.hub.violations == []


def run(here: Place, number: int, n: int, result: str = "failure", **more: Any) -> dict[str, str]:
    """One run from lease to last word; what `open` put out."""
    ticket = admitted(
        here, number, event=f"event {n}", **({"purpose": "review"} if result == "success" else {}), **more
    )
    first = here.job(ticket, "open", run=n)
    assert open_job(first, clock=here.clock) == 0
    told = outputs(first)
    if told["go"] == "true":
        needs: dict[str, Any] = {"gate": {"result": "success"}, "open": {"result": "success", "outputs": told},
                                 "plan": {"result": result}}  # fmt: skip
        last = here.job(ticket, "ship", run=n, needs=needs)
        assert close(last, clock=here.clock) == 0
    return told


def failed(here: Place, number: int, *runs: int) -> None:
    for n in runs:
        assert run(here, number, n)["go"] == "true"


def asked(here: Place, number: int, login: str) -> dict[str, str]:
    """What the gate says to a label that this one sets now."""
    payload = labeled(here, number, "ann")
    if login == BOT:
        payload["sender"] = {"login": BOT, "id": 99, "type": "Bot"}
    context = here.job(here.ticket(1), "gate", event="issues", payload=payload, permissions=READ,
                       FACTORY_GATE_KEY=here.seed)  # fmt: skip
    assert gate(context, "swarm", context.temp / "gate", config=here.clone / "factory.toml", clock=here.clock) == 0
    return outputs(context)


def words(here: Place, number: int) -> list[str]:
    return [text for text in here.comments(number) if "kind=quarantine-" in text]


def test_pip_09_three_failures_in_a_row_leave_it_to_a_person(here: Place) -> None:
    """PIP-09: no further automatic retry, label 'factory:failed', one comment; a person's command resumes."""
    number = here.issue()
    failed(here, number, 1, 2)
    assert words(here, number) == []
    assert asked(here, number, BOT)["allowed"] == "true"
    failed(here, number, 3)
    (text,) = words(here, number)
    assert "3 runs in a row failed here" in text
    assert "`/factory retry`" in text
    assert here.repo.issues[number].labels == ["factory:failed"]
    told = asked(here, number, BOT)
    assert (told["allowed"], told["code"], told["say"]) == ("false", "quarantined", "")
    assert asked(here, number, "ann")["allowed"] == "true"


def test_pip_09_a_person_lifts_it_and_has_as_many_runs_again(here: Place) -> None:
    """PIP-09"""
    number = here.issue()
    failed(here, number, 1, 2, 3)
    retry = Command(verb="retry")
    first = here.job(admitted(here, number, event="comment 4", command=retry), "open", run=4)
    assert open_job(first, clock=here.clock) == 0
    assert here.repo.issues[number].labels == []
    needs = {"gate": {"result": "success"}, "open": {"result": "success", "outputs": outputs(first)},
             "plan": {"result": "failure"}}  # fmt: skip
    last = here.job(admitted(here, number, event="comment 4", command=retry), "ship", run=4, needs=needs)
    assert close(last, clock=here.clock) == 0
    assert len(words(here, number)) == 1
    assert asked(here, number, BOT)["allowed"] == "true", "one failure since"
    failed(here, number, 5, 6)
    assert len(words(here, number)) == 2
    assert asked(here, number, BOT)["code"] == "quarantined"


def test_an_end_that_was_good_begins_the_count_anew_and_a_stop_says_nothing(here: Place) -> None:
    number = here.issue()
    failed(here, number, 1, 2)
    run(here, number, 3, "success")
    failed(here, number, 4, 5)
    run(here, number, 6, "cancelled")
    assert words(here, number) == []
    failed(here, number, 7)
    assert len(words(here, number)) == 1


def test_pip_09_neither_a_dispatch_nor_a_race_to_open_gets_through(here: Place) -> None:
    """PIP-09: an errand of the machine's is refused by the gate, and the lease decides where the gate was too early."""
    number = here.issue()
    failed(here, number, 1, 2, 3)
    assert run(here, number, 4, actor=BOT) == {"go": "false", "code": "quarantined", "run": _id(here, number, 4),
                                               "allowance_usd": ""}  # fmt: skip
    before = len(here.comments(number))
    ticket = admitted(here, number, event="event 5")
    errand = Errand(ticket=ticket, run=f"{ticket.run}.1")
    payload = {"action": "factory-local", "client_payload": errand.model_dump(mode="json"),
               "sender": {"login": "github-actions[bot]", "id": 41898282, "type": "Bot"},
               "repository": {"full_name": "acme/shop", "default_branch": "main"}}  # fmt: skip
    context = here.job(ticket, "gate", event="repository_dispatch", payload=payload, permissions=READ)
    assert gate(context, "box", context.temp / "gate", clock=here.clock) == 0
    assert outputs(context)["code"] == "quarantined"
    assert len(here.comments(number)) == before


def _id(here: Place, number: int, n: int) -> str:
    return admitted(here, number, event=f"event {n}").run


def test_runs_that_were_lost_count_and_are_said(here: Place) -> None:
    number = here.issue()
    failed(here, number, 1, 2)
    ticket: Ticket = admitted(here, number, event="event 3")
    assert open_job(here.job(ticket, "open", run=3), clock=here.clock) == 0
    here.clock.sleep(49 * 3600)
    for _ in range(2):
        assert watch(here.job(here.ticket(1), "watch", event="schedule"), clock=here.clock) == 0
    assert len(words(here, number)) == 1
    assert asked(here, number, BOT)["code"] == "quarantined"
