"""Errands: a run that another workflow run goes on with, its ticket, its artifact; and the check before effects."""

import json
from datetime import timedelta

import pytest

from factory.contracts.errors import HubForbidden, HubUnreachable, Refusal
from factory.contracts.hub import ArtifactInfo, WorkflowRun
from factory.contracts.record import digest
from factory.contracts.tables import GithubSettings
from factory.contracts.ticket import Decision, Errand, Handover, Ticket
from factory.forge.events import read
from factory.forge.gate import decide, recheck
from factory.forge.shown import moment
from factory.forge.tickets import keypair, sign
from tests.forge.gates import RUN, on_comment, on_label, silent, view
from tests.forge.reading import (
    ANN,
    NOW,
    OTHER,
    REPO,
    SELF,
    SHA,
    Reading,
    comment,
    issue,
    pull,
    user,
)

SEED, PUBLIC = keypair()


def first_ticket(hub: Reading) -> Ticket:
    ticket = on_label(hub).ticket
    assert ticket
    return sign(ticket, SEED)


def hand(hub: Reading, ticket: Ticket, handover: Handover | None = None, public: str = PUBLIC) -> Decision:
    told = json.loads(Errand(ticket=ticket, handover=handover).to_json())
    payload = {"action": "factory-refine", "client_payload": told, "sender": user(SELF)}
    return decide(read("repository_dispatch", payload, REPO, RUN + 1), view(hub, public=public, serves=frozenset()))


HANDOVER = Handover(run_id=50, artifact_id=60, digest="d" * 64)
GOOD_RUN = WorkflowRun(id=50, attempt=1, name="swarm 7", path=".github/workflows/dark-factory-swarm.yml",
                       event="issues", status="completed", head_branch="main", repo=REPO)  # fmt: skip


def handed_over() -> Reading:
    hub = Reading()
    hub.run_now = GOOD_RUN
    hub.artifact_now = ArtifactInfo(id=60, name="bundle", size=10, run_id=50)
    return hub


def test_an_errand_goes_on_with_the_signed_ticket() -> None:
    hub = handed_over()
    ticket = first_ticket(hub)
    made = hand(hub, ticket, HANDOVER)
    assert made.code == "allowed"
    assert made.ticket == ticket.but(depth=1)
    assert made.ticket
    assert made.ticket.payload == ticket.payload
    assert made.ticket.run == ticket.run


def test_idm_06_a_ticket_for_another_issue_or_repository_is_refused() -> None:
    """IDM-06"""
    hub = handed_over()
    ticket = first_ticket(hub)
    for change in ({"issue": 8}, {"repo": "acme/other"}, {"base_sha": OTHER}, {"purpose": "local"}, {"actor": "max"}):
        silent(hand(hub, ticket.but(**change), HANDOVER), "bad_signature")
    silent(hand(hub, ticket.but(signature=""), HANDOVER), "bad_signature")
    silent(hand(hub, sign(ticket, keypair()[0]), HANDOVER), "bad_signature")
    silent(hand(hub, ticket, HANDOVER, public=""), "bad_signature")


@pytest.mark.parametrize(
    "change",
    [
        {"repo": "fork/shop"},
        {"repo": ""},
        {"path": ".github/workflows/evil.yml"},
        {"event": "pull_request"},
        {"event": "push"},
        {"head_branch": "feature"},
    ],
)
def test_art_01_an_artifact_of_another_run_is_not_used(change: dict[str, str]) -> None:
    """ART-01"""
    hub = handed_over()
    ticket = first_ticket(hub)
    hub.run_now = GOOD_RUN.but(**change)
    silent(hand(hub, ticket, HANDOVER), "untrusted_artifact")


def test_art_01_artifact_and_run_belong_together() -> None:
    """ART-01: by ids, never by name."""
    hub = handed_over()
    ticket = first_ticket(hub)
    for artifact in (ArtifactInfo(id=60, name="bundle", size=1, run_id=51), None):
        hub.artifact_now = artifact
        silent(hand(hub, ticket, HANDOVER), "untrusted_artifact")


def test_an_artifact_that_time_took_is_said_to_who_asked() -> None:
    """ART-01: `/factory retry` after 90 days is no attack; without a word it would seem to be at work."""
    hub = handed_over()
    ticket = first_ticket(hub)
    hub.artifact_now = ArtifactInfo(id=60, name="bundle", size=1, run_id=50, expired=True)
    made = hand(hub, ticket, HANDOVER)
    assert (made.code, made.ticket) == ("untrusted_artifact", ticket.but(depth=1))
    assert "has expired" in made.say


@pytest.mark.parametrize(("hours", "code"), [(71, "allowed"), (73, "stale_input")])
def test_a_signed_ticket_does_not_count_for_ever(hours: int, code: str) -> None:
    """Depth is not signed and tickets can be read in the books, so an old one could be sent again as a leg
    that it never had."""
    hub = handed_over()
    ticket = sign(first_ticket(hub).but(issued=(moment(NOW) - timedelta(hours=hours)).isoformat()), SEED)
    assert hand(hub, ticket, HANDOVER).code == code


def test_an_errand_is_authorised_again() -> None:
    hub = handed_over()
    ticket = sign(first_ticket(hub).but(actor="rita", actor_id=13), SEED)
    silent(hand(hub, ticket, HANDOVER), "denied:actor_permission")


def test_an_errand_without_a_bundle_works_on_the_text_that_was_seen() -> None:
    hub = handed_over()
    hub.said = [comment(1, ANN, "Look at cart.py.", "2026-11-20T11:00:00Z")]
    ticket = first_ticket(hub)
    made = hand(hub, ticket)
    assert made.code == "allowed"
    assert digest(made.snapshot) == ticket.text
    hub.said[0] = comment(1, ANN, "Look at it.", "2026-11-20T11:00:00Z", "2026-11-20T12:30:00Z")
    silent(hand(hub, ticket), "stale_input")


def test_a_run_is_not_handed_on_for_ever() -> None:
    hub = handed_over()
    made = hand(hub, first_ticket(hub).but(depth=3), HANDOVER)
    assert made.code == "depth"
    assert "person" in made.say


def test_recheck_asks_nothing_while_the_ticket_is_fresh_and_everything_later() -> None:
    hub = Reading()
    made = on_comment(hub, "/factory fix", on_pull=True)
    ticket, github = made.ticket, GithubSettings()
    assert ticket
    hub.asked.clear()
    later = "2026-11-20T13:00:00Z"
    recheck(ticket, hub, hub, hub, github, NOW, text=made.snapshot)
    assert hub.asked == []
    recheck(ticket, hub, hub, hub, github, later, text=made.snapshot)
    assert hub.asked == ["standing ann", "pull 9"]
    with pytest.raises(Refusal) as other:
        recheck(ticket, hub, hub, hub, github, NOW, text=made.snapshot + " ")
    assert other.value.code == "digest_mismatch"
    hub.pull_now = pull(head_sha=SHA)
    with pytest.raises(Refusal) as moved:
        recheck(ticket, hub, hub, hub, github, later)
    assert moved.value.code == "stale_input"
    recheck(ticket, hub, hub, hub, github, later, ours=(SHA,))
    hub.pull_now = pull(state="closed")
    with pytest.raises(Refusal, match="closed"):
        recheck(ticket, hub, hub, hub, github, later)
    hub.down = HubUnreachable("500", 500)
    with pytest.raises(HubUnreachable):  # no answer is no word about the person: the job can be run again
        recheck(ticket, hub, hub, hub, github, later)
    hub.down = HubForbidden("403", 403)
    with pytest.raises(Refusal) as gone:
        recheck(ticket, hub, hub, hub, github, later)
    assert gone.value.code == "not_allowed"


def test_recheck_of_an_issue_that_was_closed() -> None:
    hub = Reading()
    ticket = first_ticket(hub)
    hub.issue_now = issue(state="closed")
    with pytest.raises(Refusal) as closed:
        recheck(ticket, hub, hub, hub, GithubSettings(), "2026-11-20T13:00:00Z")
    assert closed.value.code == "stale_input"
