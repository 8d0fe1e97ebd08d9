"""Two runs in a row on one repository: what the first showed is in the second's pack, with its source."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from factory.app import open_state
from factory.contracts.model import Exchange
from tests.line.targets import factory, git, result
from tests.line.test_ways import EDIT, ISSUE, plan, small, unit, verdict

FOUND = {
    "rule": "Unchecked input", "path": "hello.py", "line": 2, "quote": 'return f"hello {name}"', "severity": "high",
    "confidence": 0.9, "message": "Nobody checks the name before it is printed.", "category": "", "fix": "",
}  # fmt: skip
REVIEWS = [
    {"role": "hydra", "text": json.dumps({"findings": [FOUND]}), "repeat": True},
    *({"role": role, "text": json.dumps({"findings": []}), "repeat": True} for role in ("threat", "injection")),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs on the same issue, one after the other."""
    folder = tmp_path_factory.mktemp("two")
    small(folder / "r")
    replies = [plan(unit("code", "backend", "hello.py"), effort=3), {"role": "backend", "text": EDIT, "repeat": True},
               verdict("ACCEPT"), *REVIEWS, {"role": "demiurge", "text": "I leave it.", "repeat": True}]  # fmt: skip
    (folder / "box.json").write_text(json.dumps({"label": "test", "replies": replies}))
    (folder / "factory.toml").write_text(
        '[endpoints.box]\nwire = "scripted"\nscript = "box.json"\nmodel = "recorded"\n'
        '[line]\ncoding = "write"\nrounds = 1\n[checks]\nlint = false\n'
    )
    (folder / "7.md").write_text(ISSUE)
    run(folder)
    run(folder)
    return folder


def run(folder: Path) -> dict[str, Any]:
    arguments = ("--repo", folder / "r", "--issue", folder / "7.md", "--config", folder / "factory.toml", "--json")
    return result(factory(folder / "state", "run", *arguments))


def memory(folder: Path, *arguments: str) -> Any:
    done = factory(folder / "state", "memory", *arguments, "--repo", folder / "r", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def records(folder: Path) -> list[dict[str, Any]]:
    """The runs' records, oldest first."""
    with sqlite3.connect(folder / "state" / "factory.db") as db:
        return [json.loads(row[0]) for row in db.execute("SELECT record FROM runs ORDER BY rowid")]


def test_the_second_pack_holds_a_lesson_of_the_first_with_its_source(place: Path) -> None:
    first, second = records(place)
    assert first["pack"]["lessons"] == []
    assert second["pack"]["lessons"]
    blob = second["pack"]["blob"]
    pack = json.loads((place / "state" / "runs" / second["id"] / "blobs" / blob[:2] / blob[2:]).read_text())
    texts = {lesson["text"]: lesson["source"] for lesson in pack["lessons"]}
    (finding,) = [text for text in texts if "hydra" in text]
    assert "rule `unchecked-input`" in finding
    assert "`hello.py`" in finding
    assert first["id"] in texts[finding]
    assert "Nobody checks" not in json.dumps(pack["lessons"])  # a reviewer's own words wait for a person


def test_who_looks_at_the_change_sees_the_lessons_about_its_files(place: Path) -> None:
    _, second = records(place)
    prompts: dict[str, str] = {}
    for step in open_state(place / "state").journal.steps(second["id"]):
        if step.kind == "exchange" and step.stage == "refine":
            request = Exchange.from_json(step.output).request
            prompts.setdefault(request.role, request.messages[1].text)
    lookers = [prompts[role] for role in ("hydra", "threat", "injection", "genesis")]
    beginnings = {text.partition("## What the checks said")[0] for text in lookers}
    assert len(beginnings) == 1, "byte-identical, so that a prefix cache serves all four"
    (shown,) = beginnings
    assert "## Lessons from earlier work in this repository" in shown
    assert "rule `unchecked-input`" in shown


def test_a_replay_sees_the_lessons_that_the_run_saw(place: Path) -> None:
    _, second = records(place)
    done = factory(place / "state", "replay", second["id"])
    assert done.returncode == 0, done.stderr


def test_what_became_of_the_first_is_seen_once(place: Path) -> None:
    first, second = records(place)  # the second made the very same change, so it is in the base too
    git(place / "r", "merge", "-q", "--no-ff", "-m", "merge", first["delivery"]["branch"])
    told = memory(place, "outcomes")
    assert {(each["run"], each["word"]) for each in told["outcomes"]} == {
        (first["id"], "merged"), (second["id"], "merged"),
    }  # fmt: skip
    assert told["fresh"] == 2
    assert memory(place, "outcomes")["fresh"] == 0


def test_factory_memory_shows_it_and_forget_removes_it(place: Path) -> None:
    lessons = memory(place, "list")
    (finding,) = [lesson for lesson in lessons if lesson["kind"] == "finding"]
    shown = factory(place / "state", "memory", "show", finding["id"][:8], "--repo", place / "r").stdout
    assert "hello.py" in shown
    memory(place, "forget", finding["id"])
    assert finding["id"] not in {lesson["id"] for lesson in memory(place, "list")}
