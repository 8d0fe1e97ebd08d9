"""GitHub's own recorded webhook payloads (npm `@octokit/webhooks-examples`) against what reads and what plays them:
`factory/forge/events.py` and the double. The package is fetched once into the user's cache and never committed.
"""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.record import Json
from factory.contracts.ticket import Errand, Ticket
from factory.forge.events import FEEDBACK, Asked, feedback, read
from factory.forge.labels import TRIGGERS
from factory.places import cache_folder
from tests.simulator.hubs import WRITES, World, world

pytestmark = pytest.mark.network
VERSION = "7.6.1"
REPO = "Codertocat/Hello-World"
EVENTS = {
    "issues": "labeled",
    "issue_comment": "created",
    "pull_request_review": "submitted",
    "pull_request_review_comment": "created",
    "repository_dispatch": "",
    "workflow_dispatch": "",
}  # fmt: skip  there is no example of `schedule`: it has no payload of its own

NOT_PLAYED = {  # every recorded payload has it, the double's has not
    "organization": "the recorded dispatches happen in an organisation, the double's repositories belong to people",
    "installation": "only an App's subscription has it; Actions' own events do not",
    "issue.draft": "the one recorded example was made of a pull request",
}
SINCE_THEN = {  # no recorded payload of that event has it: GitHub added these after the recording; its API has them
    "issue.closed_by", "issue.performed_via_github_app", "issue.state_reason", "issue.timeline_url",
    "comment.subject_type", "pull_request.auto_merge", "pull_request.draft", "repository.allow_forking",
    "repository.disabled", "repository.has_discussions", "sender.user_view_type",
    "repository.network_count", "repository.subscribers_count",  # only the API's whole view of a repository has these
}  # fmt: skip


@pytest.fixture(scope="module")
def official() -> dict[str, list[Json]]:
    """Event -> every recorded payload of it."""
    path = _installed(cache_folder() / f"webhooks-examples-{VERSION}") / "api.github.com" / "index.json"
    return {row["name"]: row["examples"] for row in json.loads(path.read_text(encoding="utf-8"))}


def _installed(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    found = folder / "node_modules" / "@octokit" / "webhooks-examples"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (found / "api.github.com" / "index.json").is_file():
            npm = shutil.which("npm")
            assert npm, "npm is not installed: this test fetches GitHub's recorded payloads with it"
            command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix",
                       str(folder), f"@octokit/webhooks-examples@{VERSION}"]  # fmt: skip
            subprocess.run(command, check=True, capture_output=True, timeout=300)
    return found


def of(official: dict[str, list[Json]], event: str) -> list[Json]:
    """The recorded payloads of one event, with the action that matters."""
    wanted = EVENTS[event]
    found = [deepcopy(each) for each in official[event] if not wanted or each.get("action") == wanted]
    assert found, f"no recorded {event} {wanted}"
    return found


# read by the gate


def test_every_recorded_payload_is_read_and_starts_nothing_by_itself(official: dict[str, list[Json]]) -> None:
    """All events there are, not only ours: what is not for us is None, never an error."""
    for name, examples in official.items():
        for payload in examples:
            assert read(name, deepcopy(payload), REPO, 7) is None or name == "schedule", name
            told = feedback(name, payload)
            assert told is None or set(told) <= {"pull", "review", "note", "closed"}


@pytest.mark.parametrize("label", sorted(TRIGGERS))
def test_issues_labeled(official: dict[str, list[Json]], label: str) -> None:
    for payload in of(official, "issues"):
        payload["label"] = {**payload.get("label", {}), "name": label}
        issue = payload["issue"]
        asked = read("issues", payload, REPO, 7)
        assert asked
        assert (asked.purpose, asked.issue, asked.pull) == (TRIGGERS[label], issue["number"], 0)
        assert asked.sender.login == payload["sender"]["login"]
        assert asked.told == (issue["title"], issue["body"] or "")
        assert asked.at == issue["updated_at"]


def test_issue_comment_created(official: dict[str, list[Json]]) -> None:
    for payload in of(official, "issue_comment"):
        comment, on_pull = payload["comment"], bool(payload["issue"].get("pull_request"))
        comment["body"] = "/factory fix"
        asked = read("issue_comment", payload, REPO, 7)
        assert asked
        assert asked.command
        assert asked.purpose == ("revise" if on_pull else "demiurge")
        number = payload["issue"]["number"]
        assert (asked.issue, asked.pull, asked.comment) == ((0, number) if on_pull else (number, 0)) + (comment["id"],)
        comment["body"] = "> /factory fix"
        assert read("issue_comment", payload, REPO, 7) is None


@pytest.mark.parametrize(
    ("event", "part", "name"),
    [("pull_request_review", "review", "review"), ("pull_request_review_comment", "comment", "note")],
)
def test_reviews_are_passed_on_as_two_numbers(
    official: dict[str, list[Json]], event: str, part: str, name: str
) -> None:
    (dispatch, *_) = of(official, "repository_dispatch")
    for payload in of(official, event):
        told = feedback(event, payload)
        assert told == {"pull": payload["pull_request"]["number"], name: payload[part]["id"]}
        asked = read("repository_dispatch", {**dispatch, "action": FEEDBACK, "client_payload": told}, REPO, 7)
        assert asked
        assert (asked.purpose, asked.pull, getattr(asked, name)) == ("revise", told["pull"], told[name])


def test_repository_dispatch(official: dict[str, list[Json]]) -> None:
    ticket = Ticket(repo=REPO, purpose="swarm", event="e", actor="ann", actor_id=7, role="write", issue=3,
                    issued="2026-11-21T00:00:00Z", signature="s")  # fmt: skip
    for payload in of(official, "repository_dispatch"):
        told = json.loads(Errand(ticket=ticket, run=ticket.run).to_json())
        asked = read("repository_dispatch", {**payload, "action": "factory-local", "client_payload": told}, REPO, 7)
        assert asked
        assert (asked.purpose, asked.issue, asked.sender.login) == ("swarm", 3, "ann")
        assert asked.errand == Errand(ticket=ticket, run=ticket.run)


def test_workflow_dispatch(official: dict[str, list[Json]]) -> None:
    for payload in of(official, "workflow_dispatch"):
        inputs = {"issue": "3", "effort": "7", "dry_run": "true", "purpose": "swarm"}
        asked = read("workflow_dispatch", {**payload, "inputs": inputs}, REPO, 7, inputs)
        assert asked
        assert (asked.purpose, asked.issue, asked.effort, asked.dry_run) == ("swarm", 3, 7, True)
        assert asked.sender.login == payload["sender"]["login"]


def test_schedule_has_no_payload_of_its_own() -> None:
    asked = read("schedule", {"schedule": "17 5 * * *"}, REPO, 7)
    assert isinstance(asked, Asked)
    assert (asked.purpose, asked.sender.login, asked.sender.id) == ("hunt", "schedule", 0)


# played by the double


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Json]]:
    """The double's payload of each event, as its routes make them."""
    with world(tmp_path_factory.mktemp("hub"), odd=True) as town:
        _everything(town)
        found = {each.name: each.payload for each in town.hub.events if EVENTS.get(each.name, "?") in ("", each.action)}
        yield json.loads(json.dumps(found))


def _everything(town: World) -> None:
    token = town.actions(**WRITES, actions="write")
    number = town.ask("POST", "/issues", token, {"title": "T", "body": "B"}).json()["number"]
    town.ask("POST", f"/issues/{number}/labels", token, {"labels": ["agent:swarm"]}).raise_for_status()
    town.ask("POST", f"/issues/{number}/comments", token, {"body": "hello"}).raise_for_status()
    pull = town.pull(token)
    head = town.ask("GET", f"/pulls/{pull}", token).json()["head"]["sha"]
    note = {"path": "a.txt", "line": 20, "side": "RIGHT", "body": "n", "commit_id": head}
    town.ask("POST", f"/pulls/{pull}/comments", token, note).raise_for_status()
    town.ask("POST", f"/pulls/{pull}/reviews", token, {"event": "COMMENT", "body": "r"}).raise_for_status()
    base = f"/repos/{town.repo.full_name}"
    town.ask("POST", f"{base}/dispatches", token, {"event_type": "x", "client_payload": {}}).raise_for_status()
    town.commit("main", {".github/workflows/w.yml": b"on: workflow_dispatch\njobs: {}\n"})
    started = town.ask("POST", f"{base}/actions/workflows/w.yml/dispatches", token, {"ref": "main", "inputs": {}})
    started.raise_for_status()


def shape(payload: Any, above: str = "") -> set[str]:
    """`issue`, `issue.number`: the keys of a payload and of the objects in it."""
    found: set[str] = set()
    for name, value in payload.items():
        found.add(f"{above}{name}")
        if isinstance(value, dict) and not above:
            found |= shape(value, f"{name}.")
    return found


def differences(mine: Json, theirs: list[Json]) -> tuple[set[str], set[str]]:
    """(what every recorded payload has and the double's has not, what the double's has and none of them)."""
    shapes = [shape(each) for each in theirs]
    every, some = set.intersection(*shapes), set.union(*shapes)
    return every - shape(mine), shape(mine) - some


@pytest.mark.parametrize("event", EVENTS)
def test_the_double_s_payloads_have_the_recorded_keys(
    official: dict[str, list[Json]], played: dict[str, Json], event: str
) -> None:
    missing, more = differences(played[event], of(official, event))
    assert {key for key in missing if key not in NOT_PLAYED and key.partition(".")[0] not in NOT_PLAYED} == set()
    assert more - SINCE_THEN == set()


def test_no_allowed_difference_has_become_needless(official: dict[str, list[Json]], played: dict[str, Json]) -> None:
    found = [differences(played[event], of(official, event)) for event in EVENTS]
    missing, more = (set[str]().union(*rows) for rows in zip(*found, strict=True))
    assert set(NOT_PLAYED) <= missing
    assert more == SINCE_THEN
