"""The loop with people, whole: remarks, a suggestion and a red check become one revision, answered once."""

from collections.abc import Iterator
from typing import Any

import pytest

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub import bare, pushes
from tests.simulator import parts
from tests.simulator.factory_town import Town, town
from tests.simulator.test_whole_feedback import BOX, FEEDBACK, commits, pull, then

TOML = "[github]\nhourly = 50\nrounds = 3\n"
PIN = "3d3c42e5aac5ba805825da76410c181273ba90b1"
CI = f"""name: CI
on: pull_request
permissions: {{}}
jobs:
  version:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@{PIN}
      - run: python3 ci/version.py
"""
VERSION = """import pathlib, sys
text = pathlib.Path("part.py").read_text()
if "VERSION" not in text:
    print("part.py:1: error: Module has no attribute VERSION  [attr-defined]")
    sys.exit(1)
"""
FILES = {**parts.FILES, ".github/workflows/ci.yml": CI, "ci/version.py": VERSION}
NAMED = (parts.edit("def go(times=1):", "def go(count=1):")
         + parts.edit("    return 2 * times", "    return 2 * count"))  # fmt: skip
VERSIONED = parts.edit("    return 2 * count", "    return 2 * count\n\n\nVERSION = 1")
LATER = parts.edit("VERSION = 1", "VERSION = 2")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, evaluator: Expressions) -> Iterator[Town]:
    script = parts.script(
        parts.mend(NAMED, "go takes a count.", match="message: Please call it count"),
        parts.mend("", "The default keeps callers as they are.", match="message: Why a default"),
        parts.mend("", "Each of the three has its own answer.", match="message: Three things below"),
        parts.mend(VERSIONED, "The module says its version.", match="message: In the check version"),
        parts.mend(LATER, "It is version two.", match="message: Make it version two"),
        parts.content("fix-1-1-exact"), parts.content("fix-1-1"),
    )  # fmt: skip
    with town(tmp_path_factory.mktemp("loop"), evaluator, FILES, script, TOML) as made:
        made.label(made.issue("Let go take times", "go(2) should return 2."), "agent:demiurge")
        made.settle()
        yield made
        assert made.hub.violations == []


def notes(here: Town) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = here.ask("wanda", "GET", f"/pulls/{pull(here)['number']}/comments?per_page=100")
    return found


def answers(here: Town, begin: str) -> list[str]:
    """Ours in the thread whose first comment begins so."""
    first = next(note["id"] for note in notes(here) if note["body"].startswith(begin))
    return [note["body"] for note in notes(here) if note.get("in_reply_to_id") == first]


def resolved(here: Town) -> set[str]:
    half = here.at(pull(here)["number"]).pull
    assert half
    return {note.body.split("\n")[0] for note in half.notes if note.resolved_by}


def review(here: Town, event: str, body: str, **lines: str) -> None:
    comments = [{"path": "part.py", "line": int(name[4:5]), "side": "RIGHT", "body": text}
                for name, text in lines.items()]  # fmt: skip
    here.ask("wanda", "POST", f"/pulls/{pull(here)['number']}/reviews",
             {"event": event, "body": body, "comments": comments})  # fmt: skip


def test_remarks_a_suggestion_and_a_red_check_are_one_revision(here: Town) -> None:
    """FAILURES 9, 10, 11."""
    for run in here.ask("wanda", "GET", "/actions/runs?status=action_required")["workflow_runs"]:
        here.ask("wanda", "POST", f"/actions/runs/{run['id']}/approve")
    here.settle()
    old, before = commits(here), len(here.runs())
    review(here, "REQUEST_CHANGES", "Three things below.", line1a="Please call it count.", line1b="Why a default?",
           line2a="Like this:\n```suggestion\n    return 2 * times\n```")  # fmt: skip
    ran = then(here, before)
    assert ran.count(BOX) == 1, here.trouble()
    one = pull(here)
    made = [each for each in commits(here) if each not in old]
    assert len(made) == 3, here.trouble()
    assert commits(here)[3:] == old, "on top of what was there, nothing rewritten"
    text = parts.file_at(here, one["head"]["ref"], "part.py")
    assert text == "def go(count=1):\n    return 2 * count\n\n\nVERSION = 1"

    (exact,), (named,), (why,) = (answers(here, begin) for begin in ("Like this", "Please call", "Why a"))
    assert exact.startswith("Applied as proposed, in ")
    assert named.startswith("Fixed in ")
    assert "go takes a count." in named
    assert why.startswith("Not changed: The default keeps callers as they are.")
    assert resolved(here) == {"Like this:", "Please call it count."}
    told = [text for text in parts.said(here, one["number"]) if "**Revision" in text]
    assert len(told) == 1
    assert "The check version" in told[0]
    assert "3 of 5 remarks led to a change" in told[0]


def test_the_same_words_are_never_answered_twice(here: Town) -> None:
    number = pull(here)["number"]
    key = here.ask("wanda", "GET", f"/pulls/{number}/reviews")[0]["id"]
    before, heard, said = len(here.runs()), len(here.heard), (parts.said(here, number), len(notes(here)))
    head = pull(here)["head"]["sha"]
    for payload in ({"pull": number, "review": key}, {"pull": number, "checks": head}):
        here.ask("wanda", "POST", "/dispatches", {"event_type": "factory-feedback", "client_payload": payload})
    then(here, before)
    assert len(here.heard) == heard, here.trouble()
    assert pull(here)["head"]["sha"] == head
    assert (parts.said(here, number)[: len(said[0])], len(notes(here))) == said


def test_a_persons_commit_stays_and_the_next_revision_stands_on_it(here: Town) -> None:
    one = pull(here)
    ref, old = f"refs/heads/{one['head']['ref']}", one["head"]["sha"]
    mine = bare.write_commit(here.repo.folder, (old,), {"notes.txt": b"mine\n"}, "Mine", here.hub.now())
    bare.set_ref(here.repo.folder, ref, mine, old)
    pushes.moved(here.hub, None, here.repo, ref, old, mine)
    before = len(here.runs())
    here.say(one["number"], "/factory fix\n\nMake it version two.")
    assert then(here, before).count(BOX) == 1, here.trouble()
    titles = [each.message for each in bare.log(here.repo.folder, f"{old}..{pull(here)['head']['sha']}")]
    assert commits(here)[1] == mine, (titles, parts.said(here, one["number"]), parts.books(here))
    assert "VERSION = 2" in parts.file_at(here, one["head"]["ref"], "part.py")
    assert parts.file_at(here, one["head"]["ref"], "notes.txt") == "mine"
    told = [text for text in parts.said(here, one["number"]) if "**Revision" in text]
    assert len(told) == 1, "the comment is kept up to date, not posted again"
    assert "It is version two." in told[0]


def test_an_approval_ends_it(here: Town) -> None:
    review(here, "APPROVE", "")
    before, heard = len(here.runs()), len(here.heard)
    review(here, "COMMENT", "By the way, the name could be shorter.")
    assert BOX not in then(here, before), here.trouble()
    assert len(here.heard) == heard
    assert FEEDBACK in parts.ran(here.runs()[before:])
