"""The loop on one pull request: who it is for, what was heard, and when it has taken enough. A gate in front of it."""

from typing import Any

import pytest

from factory.contracts.books import Row
from factory.contracts.hub import Review
from factory.contracts.tables import GithubSettings
from factory.contracts.ticket import Decision, Ticket
from factory.forge.events import feedback, read
from factory.forge.gate import decide
from factory.forge.postponed import pointer
from factory.forge.rounds import asker, heads, heard_until, worn_out
from tests.forge.gates import RUN, row, silent, view
from tests.forge.reading import ANN, NOW, OTHER, REPO, SELF, SHA, Reading, user

T = "2026-11-20T1{}:00:00Z"


def ticket(event: str = "review 1", seen: str = NOW, **facts: Any) -> Ticket:
    known: dict[str, Any] = {
        "repo": REPO, "purpose": "revise", "event": event, "actor": "ann", "actor_id": ANN.id, "role": "write",
        "issue": 0, "pull": 9, "head_sha": OTHER, "seen": seen, "issued": NOW,
    }  # fmt: skip
    return Ticket.model_validate({**known, **facts})


def revised(n: int, begun: str, ended: str, state: str = "done", head: str = "") -> tuple[Row, Row]:
    mine = ticket(f"review {n}", seen=begun)
    opened = row(begun, id=f"r{n}.0", run=mine.run, purpose="revise", issue=0, pull=9, ticket=mine.to_json())
    return opened, opened.but(id=f"r{n}.0.close", kind="close", at=ended, state=state, head=head, ticket="")


def checks(hub: Reading, rows: tuple[Row, ...], head: str = OTHER, **more: str) -> Decision:
    where = {"pull": 9, "checks": head, **more}
    told = {"action": "factory-feedback", "client_payload": where, "sender": user(SELF)}
    return decide(read("repository_dispatch", told, REPO, RUN), view(hub, rows=lambda: rows))


def test_what_the_last_answered_revision_saw_is_heard() -> None:
    rows = (*revised(1, T.format(0), T.format(1)), *revised(2, T.format(2), T.format(3), "failed"))
    assert heard_until(rows, 9) == T.format(0), "one that failed answered nobody"
    assert heard_until(rows, 8) == ""


def test_rounds_and_minutes_are_capped() -> None:
    rows = (*revised(1, T.format(0), T.format(1)), *revised(2, T.format(2), T.format(4)))
    mine = ticket("review 3")
    assert worn_out(rows, mine, GithubSettings(rounds=3, revision_minutes=181)) == ""
    assert "github.rounds" in worn_out(rows, mine, GithubSettings(rounds=2))
    assert "took 180 minutes" in worn_out(rows, mine, GithubSettings(rounds=3, revision_minutes=180))
    assert worn_out(rows, ticket("x", purpose="review"), GithubSettings(rounds=1)) == ""


def test_checks_are_looked_after_in_the_name_of_who_asked_last() -> None:
    rows = revised(1, T.format(0), T.format(1), head=SHA)
    found = asker(rows, 9)
    assert found
    assert found.actor == "ann"
    assert heads(rows, 9) == (SHA,)
    made = checks(Reading(), rows)
    assert (made.code, made.ticket and made.ticket.actor) == ("allowed", "ann")
    assert made.ticket
    assert made.ticket.event == f"{REPO}#9 checks {OTHER}"
    later = checks(Reading(), rows, red="0123456789ab")
    assert later.ticket
    assert later.ticket.event == f"{REPO}#9 checks {OTHER} 0123456789ab"


@pytest.mark.parametrize(("rows", "head"), [((), OTHER), (revised(1, T.format(0), T.format(1)), SHA)])
def test_checks_of_nobodys_pull_request_or_of_an_old_head_start_nothing(rows: tuple[Row, ...], head: str) -> None:
    silent(checks(Reading(), rows, head), "not_for_us")


@pytest.mark.parametrize("red", ["", "0123456789ab"])
def test_checks_that_waited_are_pointed_at_by_the_same_key(red: str) -> None:
    mine = ticket(f"{REPO}#9 checks {OTHER} {red}".rstrip())
    waits = row(T.format(1), id="wait", run=mine.run, event=mine.event, purpose="revise", issue=0, pull=9)
    told = pointer((), waits)
    assert told == {"pull": 9, "checks": OTHER, **({"red": red} if red else {})}
    asked = read("repository_dispatch", {"action": "factory-feedback", "client_payload": told, "sender": user(SELF)},
                 REPO, RUN)  # fmt: skip
    assert asked
    assert asked.event == mine.event


def test_an_approval_ends_the_loop_for_checks_and_remarks() -> None:
    hub = Reading()
    hub.reviews_now = [Review(id=5, author=ANN, body="", state="APPROVED", commit=OTHER, submitted=T.format(1))]
    silent(checks(hub, revised(1, T.format(0), T.format(1))), "not_for_us")


@pytest.mark.parametrize(
    "told", [{"pull": 9, "checks": "main"}, {"pull": 9, "checks": OTHER, "review": 4}, {"pull": 9},
             {"pull": 9, "checks": OTHER, "red": "x y"}],
)  # fmt: skip
def test_half_a_dispatch_is_none(told: dict[str, Any]) -> None:
    payload = {"action": "factory-feedback", "client_payload": told, "sender": user(SELF)}
    assert read("repository_dispatch", payload, REPO, RUN) is None


def test_a_closed_pull_request_is_passed_on_as_its_number() -> None:
    payload = {"action": "closed", "pull_request": {"number": 9}}
    assert feedback("pull_request", payload) == {"pull": 9, "closed": True}
    assert feedback("pull_request", {**payload, "action": "opened"}) is None
