"""Events become what is asked: keys that make deliveries one run, and types that are no trigger."""

import json
from typing import Any

import pytest

from factory.contracts.ticket import Errand, Handover
from factory.forge.events import FEEDBACK, feedback, read
from tests.forge.reading import ANN, REPO, commented, labeled, user
from tests.forge.tickets_by_hand import ticket


@pytest.mark.parametrize(
    ("label", "purpose"), [("agent:swarm", "swarm"), ("agent:local", "local"), ("agent:demiurge", "demiurge")]
)
def test_a_trigger_label(label: str, purpose: str) -> None:
    asked = read("issues", labeled(label=label), REPO, 1)
    assert asked
    assert (asked.purpose, asked.issue, asked.sender) == (purpose, 7, ANN)
    assert asked.event == f"acme/shop#7 label {label} by ann at 2026-11-20T12:00:00Z"


@pytest.mark.parametrize("label", ["bug", "agent:Swarm", "agent:swarm ", "factory"])
def test_other_labels_are_not_for_us(label: str) -> None:
    assert read("issues", labeled(label=label), REPO, 1) is None


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_trg_06_only_a_new_comment_is_a_trigger(action: str) -> None:
    assert read("issue_comment", commented("/factory fix", action=action), REPO, 1) is None


def test_the_same_comment_is_the_same_event_in_every_run() -> None:
    first, second = (read("issue_comment", commented("/factory fix"), REPO, run) for run in (1, 2))
    assert first == second
    assert first
    assert first.event == "acme/shop#7 comment 501"


def test_a_comment_on_a_pull_request_is_about_it() -> None:
    asked = read("issue_comment", commented("/factory fix", on_pull=True), REPO, 1)
    assert asked
    assert (asked.purpose, asked.issue, asked.pull) == ("revise", 0, 9)


def test_a_misplaced_command_is_answered() -> None:
    asked = read("issue_comment", commented("/factory review"), REPO, 1)
    assert asked
    assert asked.purpose == "answer"
    assert "pull requests only" in asked.misunderstood


def test_a_dispatch_with_its_limits() -> None:
    payload = {"sender": user(ANN), "inputs": {}}
    inputs = {"issue": "#7", "effort": "8", "max_units": "3", "dry_run": "true", "task": "ignored"}
    asked = read("workflow_dispatch", payload, REPO, 44, inputs)
    assert asked
    assert (asked.issue, asked.text, asked.effort, asked.max_units, asked.dry_run) == (7, "", 8, 3, True)
    assert asked.event == "acme/shop run 44"
    task = read("push", payload, REPO, 44, {"task": " Add a flag \n", "effort": "99", "max_units": "0"})
    assert task
    assert (task.text, task.effort, task.max_units) == ("Add a flag", 0, 24)
    assert read("workflow_dispatch", payload, REPO, 44, {}) is None
    assert read("workflow_dispatch", payload, REPO, 44, {"issue": "7; rm -rf /"}) is None


@pytest.mark.parametrize(("purpose", "known"), [("review", True), ("swarm", False), ("answer", False), ("x", False)])
def test_a_dispatch_about_a_pull_request(purpose: str, known: bool) -> None:
    inputs = {"pull": "9", "purpose": purpose}
    asked = read("workflow_dispatch", {"sender": user(ANN)}, REPO, 44, inputs)
    assert bool(asked) == known


def test_the_clock_hunts() -> None:
    asked = read("schedule", {"schedule": "17 5 * * *"}, REPO, 44)
    assert asked
    assert (asked.purpose, asked.sender.login) == ("hunt", "schedule")


def test_an_errand_is_its_ticket_one_dispatch_deeper() -> None:
    known = ticket(depth=1)
    errand = Errand(ticket=known, handover=Handover(run_id=5, artifact_id=6, digest="c" * 64), run=known.run)
    payload = {"action": "factory-refine", "client_payload": json.loads(errand.to_json()), "sender": user(ANN)}
    asked = read("repository_dispatch", payload, REPO, 99)
    assert asked
    assert (asked.event, asked.depth, asked.errand) == (known.event, 2, errand)
    assert read("repository_dispatch", {**payload, "client_payload": {"ticket": "x"}}, REPO, 99) is None


def test_review_events_only_lead_to_a_dispatch() -> None:
    payload: dict[str, Any] = {
        "action": "submitted", "pull_request": {"number": 9}, "review": {"id": 31, "body": "/factory fix"},
        "sender": user(ANN),
    }  # fmt: skip
    assert read("pull_request_review", payload, REPO, 1) is None
    told = feedback("pull_request_review", payload)
    assert told == {"pull": 9, "review": 31}
    asked = read("repository_dispatch", {"action": FEEDBACK, "client_payload": told, "sender": user(ANN)}, REPO, 2)
    assert asked
    assert (asked.purpose, asked.event) == ("revise", "acme/shop#9 review 31")
    assert feedback("pull_request_review", {**payload, "action": "edited"}) is None
    note = {"action": "created", "pull_request": {"number": 9}, "comment": {"id": 77}}
    assert feedback("pull_request_review_comment", note) == {"pull": 9, "note": 77}


@pytest.mark.parametrize("payload", [{}, {"action": "labeled"}, {"action": "labeled", "issue": [], "label": 3}])
@pytest.mark.parametrize("name", ["issues", "issue_comment", "repository_dispatch", "workflow_dispatch", "push", ""])
def test_a_damaged_payload_asks_nothing(name: str, payload: dict[str, Any]) -> None:
    """INJ-12: a payload is data with fields, whatever they hold."""
    assert read(name, payload, REPO, 1, {}) is None
