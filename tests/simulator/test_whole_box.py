"""Labels that send an issue to the box: the whole line there, or one fix; a hosted job ships what it made."""

import re
from collections.abc import Iterator

import pytest

from factory.simulator.expressions.evaluator import Expressions
from tests.simulator import parts
from tests.simulator.factory_town import KEY, Town, town


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, evaluator: Expressions) -> Iterator[Town]:
    """Two issues: the first for the whole line, the second for one fix."""
    with town(tmp_path_factory.mktemp("box"), evaluator, parts.FILES, parts.script()) as here:
        here.label(here.issue("Let the part take times", "go(2) should return 2."), "agent:local")
        here.label(here.issue("Let go take times", "go(2) should return 2."), "agent:demiurge")
        here.settle()
        yield here


def test_both_labels_lead_to_a_ready_pull_request_for_their_issue(box: Town) -> None:
    assert parts.ran(box.runs()) == [("factory-local.yml", "success")] * 2, box.trouble()
    pulls = {pull["title"]: pull for pull in box.pulls()}
    assert set(pulls) == {"Let the part take times", "Let go take times"}
    assert not any(pull["draft"] for pull in pulls.values()), [pull["body"] for pull in pulls.values()]
    for number, title in ((1, "Let the part take times"), (2, "Let go take times")):
        pull = pulls[title]
        assert pull["head"]["ref"].startswith(f"factory/{number}-")
        assert [label["name"] for label in pull["labels"]] == ["factory:ready"]
        assert "times=1" in parts.file_at(box, pull["head"]["ref"], "part.py")
        comments = box.comments(number)
        assert len(comments) == 1
        assert "Ready for a person's review" in comments[0]
        assert f"/pull/{pull['number']})" in comments[0]


def test_the_whole_line_plans_and_one_fix_does_not(box: Town) -> None:
    roles = {number: {role for run, role in box.heard if run.startswith(f"gh-{number}-")} for number in (1, 2)}
    assert {"atlas", "backend", "hydra", "threat", "injection", "genesis"} == roles[1]
    assert {"integration", "hydra", "threat", "injection", "genesis"} == roles[2]


def test_each_run_is_opened_and_closed_once_in_the_books(box: Town) -> None:
    rows = [row for row in parts.books(box) if row.kind != "beat"]
    assert len(parts.books(box)) == len(rows) + 2, "the box was heard of at the end of each"
    assert sorted((row.issue, row.kind, row.purpose, row.state) for row in rows) == [
        (1, "close", "local", "done"), (1, "open", "local", ""),
        (2, "close", "demiurge", "done"), (2, "open", "demiurge", ""),
    ]  # fmt: skip
    assert all(row.pull_made and row.comment for row in rows if row.kind == "close")


def test_the_box_worked_with_no_token_that_writes_and_nobody_saw_the_key(box: Town) -> None:
    work = [job for run in box.runs() for job in run.jobs if job.id.endswith("/work")]
    assert [job.machine for job in work] == ["box", "box"]
    assert all(set(job.permissions.values()) <= {"read"} for job in work)
    logs = "".join(path.read_text(errors="replace") for path in (box.folder / "runner").rglob("*.txt"))
    assert "Allowed" in logs
    assert KEY not in logs
    assert KEY not in "".join(box.comments(1) + box.comments(2) + [pull["body"] for pull in box.pulls()])
    assert box.hub.violations == []


def test_the_status_comment_names_the_run_that_the_books_know(box: Town) -> None:
    known = {row.run for row in parts.books(box)}
    said = {found for text in box.comments(1) + box.comments(2) for found in re.findall(r"Run `(gh-[^`]+)`", text)}
    assert said == known
