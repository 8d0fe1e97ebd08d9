"""`factory simulate`: from an event in a file to what it would do, without GitHub."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from factory.cli.main import exit_code
from factory.contracts.errors import UsageProblem
from factory.simulator.events import read_event
from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.expressions.install import bundle

WORKFLOW = """
name: Answer
on: {issues: {types: [labeled]}, issue_comment: }
permissions: {}
jobs:
  gate:
    if: github.event_name != 'issues' || github.event.label.name == 'agent:swarm'
    runs-on: ubuntu-latest
    permissions: {issues: write}
    outputs: {number: "${{ github.event.issue.number }}"}
    env: {TOKEN: "${{ github.token }}", WORD: "${{ secrets.WORD }}", BODY: "${{ github.event.issue.body }}"}
    steps:
      - run: |
          api="$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/${{ github.event.issue.number }}"
          curl -sf -H "Authorization: Bearer $TOKEN" "$api" | grep -q '"title":'
          curl -sf -H "Authorization: Bearer $TOKEN" -d '{"body": "> Hello"}' "$api/comments" >/dev/null
          echo "word $WORD role ${{ vars.ROLE }} body $BODY"
  box: {needs: gate, runs-on: [self-hosted, gpu], timeout-minutes: 30, steps: [{run: echo never}]}
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / ".github/workflows").mkdir(parents=True)
    (folder / ".github/workflows/answer.yml").write_text(WORKFLOW)
    for command in (["init", "-q", "-b", "trunk"], ["add", "-A"],
                    ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first"]):  # fmt: skip
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def event(tmp_path: Path, payload: Any) -> str:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(payload))
    return str(path)


ISSUE = {"title": "Say hello", "body": "please"}


def test_an_issue_s_title_and_body_are_enough(
    repo: Path, tmp_path: Path, evaluator: Expressions, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secrets.toml").write_text('WORD = "hidden-word"')
    (tmp_path / "vars.toml").write_text('ROLE = "tester"')
    keep = tmp_path / "keep"
    code = exit_code(["simulate", event(tmp_path, ISSUE), "--repo", str(repo), "--json", "--keep", str(keep),
                      "--secrets", str(tmp_path / "secrets.toml"), "--vars", str(tmp_path / "vars.toml")])  # fmt: skip
    story = json.loads(capsys.readouterr().out)
    assert (code, story["violations"], story["role"]) == (0, [], "write")
    (run,) = story["runs"]
    assert (run["results"], run["outputs"]["gate"]) == ({"gate": "success", "box": ""}, {"number": "1"})
    assert story["waiting"] == ["Answer: box waits for self-hosted, gpu"]
    assert [(one["kind"], one["what"], one["text"]) for one in story["writes"]] == [("comment created", "#1", "Hello")]
    assert story["requests"] == {"reads": 1, "writes": 1}
    log = next(keep.glob("runner/logs/*/gate.txt")).read_text()
    assert "word *** role tester body please" in log


def test_for_a_person_and_dry(
    repo: Path, tmp_path: Path, evaluator: Expressions, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["simulate", event(tmp_path, ISSUE), "--repo", str(repo)]) == 0
    said = capsys.readouterr().out
    for words in ("Answer: in_progress", "comment created  #1", "Waiting: Answer: box waits for", "1 reads, 1 writes"):
        assert words in said
    assert exit_code(["simulate", event(tmp_path, ISSUE), "--repo", str(repo), "--dry"]) == 0
    said = capsys.readouterr().out
    for words in ("gate  yes", "issues: write", "after gate", "at most $2 a run", "start work: write"):
        assert words in said.replace("   ", "  ")
    assert "comment created" not in said


def test_a_label_that_is_not_ours_skips_the_gate(
    repo: Path, tmp_path: Path, evaluator: Expressions, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["simulate", event(tmp_path, {**ISSUE, "labels": ["bug"]}), "--repo", str(repo), "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["results"] == {"gate": "skipped", "box": "skipped"}


def test_a_recorded_payload_keeps_its_numbers_and_people(
    repo: Path, tmp_path: Path, evaluator: Expressions, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = {
        "action": "created", "sender": {"login": "mona", "id": 7, "type": "User"},
        "repository": {"full_name": "octo/shop", "default_branch": "master", "private": False},
        "issue": {"number": 12, "title": "t", "body": "b", "user": {"login": "ada", "id": 8}},
        "comment": {"id": 99, "body": "/factory fix", "user": {"login": "mona", "id": 7}},
    }  # fmt: skip
    wrapped = {"event": "issue_comment", "payload": payload}
    assert exit_code(["simulate", event(tmp_path, wrapped), "--repo", str(repo), "--json", "--role", "triage"]) == 0
    story = json.loads(capsys.readouterr().out)
    assert (story["repo"], story["actor"], story["role"]) == ("octo/shop", "mona", "triage")
    assert story["runs"][0]["outputs"]["gate"] == {"number": "12"}


def test_a_failing_run_is_exit_1_and_says_its_last_words(
    repo: Path, tmp_path: Path, evaluator: Expressions, capsys: pytest.CaptureFixture[str]
) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "answer.yml").write_text(
        "on: issues\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'echo it broke; exit 4'}]}}"
    )
    assert exit_code(["simulate", event(tmp_path, ISSUE), "--repo", str(repo), "--workflows", str(flows)]) == 1
    assert "Process completed with exit code 4. it broke" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        ({"client_payload": {}, "action": "x"}, "repository_dispatch"),
        ({"review": {}, "pull_request": {}}, "pull_request_review"),
        ({"comment": {}, "pull_request": {}}, "pull_request_review_comment"),
        ({"comment": {}, "issue": {}}, "issue_comment"),
        ({"issue": {}}, "issues"),
        ({"inputs": {}, "workflow": "x.yml"}, "workflow_dispatch"),
        ({"schedule": "17 5 * * *"}, "schedule"),
        ({"ref": "refs/heads/main", "after": "1"}, "push"),
        ({"event": "watch", "payload": {"x": 1}}, "watch"),
    ],
)
def test_events_are_known_by_their_shape(tmp_path: Path, payload: Any, name: str) -> None:
    assert read_event(Path(event(tmp_path, payload)))[0] == name


@pytest.mark.parametrize(
    ("text", "says"), [("{", "is not JSON"), ("[1]", "is not a JSON object"), ('{"x": 1}', "say --event")]
)
def test_what_is_no_event_is_said(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "event.json"
    path.write_text(text)
    with pytest.raises(UsageProblem, match=says):
        read_event(path)


def test_without_node_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match=r"Node is not installed.*install Node 20 or newer"):
        bundle(tmp_path, path=str(tmp_path))
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.1.0\n")
    old.chmod(0o755)
    with pytest.raises(UsageProblem, match=r"is Node v18\.1\.0: install Node 20 or newer"):
        bundle(tmp_path, path=str(tmp_path))
    old.write_text("#!/bin/sh\necho v22.1.0\n")
    with pytest.raises(UsageProblem, match="npm is not installed"):
        bundle(tmp_path, path=str(tmp_path))
