"""What people say on the factory's pull request: revisions of the same branch, reviews, and when it ends."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub import bare
from tests.simulator import parts
from tests.simulator.factory_town import Town, town

TOML = "[github]\nhourly = 50\nrounds = 2\n"
COUNT = parts.edit("def go(times=1):\n    return times", "def go(count=1):\n    return count")
DOUBLE = parts.edit("    return count", "    return 2 * count")


def found(rule: str, message: str) -> str:
    return json.dumps({"findings": [{
        "rule": rule, "path": "part.py", "line": 1, "quote": "def go(", "severity": "low", "confidence": 0.6,
        "message": message,
    }]})  # fmt: skip


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, evaluator: Expressions) -> Iterator[Town]:
    """One pull request, made by a label on issue 1."""
    script = parts.script(
        parts.mend(DOUBLE, "It returns the double.", match="message: Please double it"),
        parts.mend(COUNT, "It is called count.", match="message: Please call it count"),
        parts.mend("", "The name stays: callers use it.", match="message: This name"),
        *(parts.content(f"fix-1-{n}") for n in (1, 2, 3)),
        parts.always("hydra", found("odd-name", "The name says little."), match="Look closely"),
        parts.always("atlas", found("two-in-one", "It does two things."), template="atlas/review", match="closely"),
        parts.always("threat", found("no-bound", "The number has no bound."), match="Audit it"),
    )
    with town(tmp_path_factory.mktemp("feedback"), evaluator, parts.FILES, script, TOML) as made:
        made.label(made.issue("Let go take times", "go(2) should return 2."), "agent:demiurge")
        made.settle()
        yield made
        assert made.hub.violations == []


def pull(here: Town) -> dict[str, Any]:
    (one,) = here.pulls()
    return one


def review(here: Town, login: str, event: str, body: str, *notes: str) -> None:
    comments = [{"path": "part.py", "line": 1, "side": "RIGHT", "body": note} for note in notes]
    here.ask(login, "POST", f"/pulls/{pull(here)['number']}/reviews",
             {"event": event, "body": body, "comments": comments})  # fmt: skip


def then(here: Town, before: int) -> list[tuple[str, str]]:
    here.settle()
    return parts.ran(here.runs()[before:])


def commits(here: Town) -> list[str]:
    one = pull(here)
    return [each.sha for each in bare.log(here.repo.folder, f"{one['base']['sha']}..{one['head']['sha']}")]


def posted(here: Town) -> list[dict[str, Any]]:
    rows = here.ask("wanda", "GET", f"/pulls/{pull(here)['number']}/reviews?per_page=100")
    return [row for row in rows if row["user"]["login"] == "github-actions[bot]"]


FEEDBACK, BOX = ("factory-feedback.yml", "success"), ("factory-local.yml", "success")


def test_reviews_that_ask_for_nothing_and_strangers_change_nothing(here: Town) -> None:
    """TRG-01 on a pull request: a stranger's review and words are met with silence; an approval starts nothing."""
    before, heard, number = len(here.runs()), len(here.heard), pull(here)["number"]
    review(here, "rita", "REQUEST_CHANGES", "Please call it count")
    review(here, "wanda", "APPROVE", "Fine.")
    here.say(number, "/factory fix", "rita")
    assert then(here, before).count(BOX) == 0, here.trouble()
    assert len(here.heard) == heard
    assert len(commits(here)) == 1
    assert parts.said(here, number) == []
    assert posted(here) == []


def test_commands_review_and_audit_leave_findings_and_change_nothing(here: Town) -> None:
    head, number = pull(here)["head"]["sha"], pull(here)["number"]
    before = len(here.runs())
    here.say(number, "/factory review\n\nLook closely.")
    assert then(here, before) == [FEEDBACK, BOX], here.trouble()
    (one,) = posted(here)
    assert one["state"] == "COMMENTED"
    assert one["commit_id"] == head
    notes = here.ask("wanda", "GET", f"/pulls/{number}/comments")
    for words in ("The name says little.", "It does two things."):
        assert any(words in note["body"] and note["path"] == "part.py" for note in notes)
    assert "no readable answer" not in one["body"]
    assert pull(here)["head"]["sha"] == head
    assert len(parts.said(here, number)) == 1
    assert "Done" in parts.said(here, number)[0]
    before = len(here.runs())
    here.say(number, "/factory security\n\nAudit it.")
    assert then(here, before) == [FEEDBACK, BOX], here.trouble()
    assert len(posted(here)) == 2
    notes = here.ask("wanda", "GET", f"/pulls/{number}/comments")
    assert any("The number has no bound." in note["body"] for note in notes)
    last = [role for run, role in here.heard if run == here.heard[-1][0]]
    assert set(last) == {"threat", "injection"}


def test_changes_that_are_requested_become_one_more_commit_on_the_branch(here: Town) -> None:
    """Then a word, then the round cap; a closed pull request is left alone."""
    number, branch, old = pull(here)["number"], pull(here)["head"]["ref"], commits(here)
    before = len(here.runs())
    review(here, "wanda", "REQUEST_CHANGES", "Please call it count.", "This name.")
    assert then(here, before) == [FEEDBACK, FEEDBACK, BOX], here.trouble()
    assert len(commits(here)) == 2
    assert commits(here)[1:] == old
    assert "def go(count=1)" in parts.file_at(here, branch, "part.py")
    assert len(here.pulls()) == 1

    before = len(here.runs())
    here.say(number, "/factory fix\n\nPlease double it.")
    assert then(here, before) == [FEEDBACK, BOX], here.trouble()
    assert len(commits(here)) == 3
    assert "return 2 * count" in parts.file_at(here, branch, "part.py")

    before, heard = len(here.runs()), len(here.heard)
    here.say(number, "/factory fix\n\nPlease triple it.")
    then(here, before)
    assert len(commits(here)) == 3
    assert len(here.heard) == heard
    assert "rounds" in parts.said(here, number)[-1]

    here.ask("wanda", "PATCH", f"/pulls/{number}", {"state": "closed"})
    said = len(parts.said(here, number))
    here.say(number, "/factory fix")
    here.settle()
    assert len(here.heard) == heard
    assert "is closed: reopen it" in parts.said(here, number)[-1]
    assert len(parts.said(here, number)) == said + 1
