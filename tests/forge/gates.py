"""The gate asked about made-up events."""

from typing import Any

from factory.contracts.books import Row
from factory.contracts.hub import Person
from factory.contracts.ticket import Decision
from factory.forge.events import read
from factory.forge.gate import View, decide
from factory.settings import Settings
from tests.forge.reading import (
    ANN,
    ASKED,
    NOW,
    REPO,
    SHA,
    Reading,
    commented,
    labeled,
)

RUN = 100


def view(hub: Reading, **facts: Any) -> View:
    known: dict[str, Any] = {"settings": Settings(), "base": "main", "base_sha": SHA, "now": lambda: NOW}
    return View(repo=REPO, run_id=RUN, access=hub, issues=hub, pulls=hub, runs=hub, **{**known, **facts})


def on_label(hub: Reading, sender: Person = ANN, **facts: Any) -> Decision:
    return decide(read("issues", labeled(sender, now=hub.issue_now, comments=len(hub.said)), REPO, RUN),
                  view(hub, **facts))  # fmt: skip


def on_comment(hub: Reading, body: str, sender: Person = ANN, on_pull: bool = False, **facts: Any) -> Decision:
    return decide(read("issue_comment", commented(body, sender, on_pull=on_pull), REPO, RUN), view(hub, **facts))


def row(at: str = ASKED, **facts: Any) -> Row:
    known = {"id": "x", "kind": "open", "run": "r", "event": "e", "purpose": "swarm", "issue": 1, "actor": "ann"}
    return Row.model_validate({**known, "at": at, **facts})


def silent(made: Decision, code: str) -> None:
    assert (made.code, made.ticket, made.say, made.snapshot) == (code, None, "", "")
