"""Which workflows an event starts, from which file, on which commit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub import bare
from factory.simulator.runner.globs import chosen, matches
from factory.simulator.runner.triggers import call_inputs, dispatch_inputs, missing_inputs, starts
from tests.simulator.stage import Stage, stage

JOB = "\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'echo $GITHUB_REF'}]}}\n"
TO_MAIN = {"pull_request": {"base": {"ref": "main"}}}
AFTER_CI = {"workflow_run": {"workflows": ["CI"], "types": ["completed"]}}
FILE = "on: workflow_dispatch\njobs: {a: {runs-on: x, steps: [{run: y}]}, b: {runs-on: x, steps: [{run: y}]}}"


@pytest.fixture
def here(tmp_path: Path, evaluator: Expressions) -> Iterator[Stage]:
    with stage(tmp_path, evaluator) as found:
        yield found


@pytest.mark.parametrize(
    ("on", "event", "action", "payload", "ref", "wanted"),
    [
        ("issues", "issues", "labeled", {}, "", True),
        ({"issues": {"types": ["labeled"]}}, "issues", "opened", {}, "", False),
        (["push", "issues"], "issues", "closed", {}, "", True),
        ("pull_request", "pull_request", "labeled", {}, "", False),
        ("pull_request", "pull_request", "synchronize", TO_MAIN, "", True),
        ({"pull_request": {"branches": ["release/**"]}}, "pull_request", "opened", TO_MAIN, "", False),
        ({"repository_dispatch": {"types": ["factory-swarm"]}}, "repository_dispatch", "factory-swarm", {}, "", True),
        ({"repository_dispatch": {"types": ["factory-swarm"]}}, "repository_dispatch", "other", {}, "", False),
        ({"schedule": [{"cron": "17 5 * * *"}]}, "schedule", "", {"schedule": "17 5 * * *"}, "", True),
        ({"schedule": [{"cron": "17 5 * * *"}]}, "schedule", "", {"schedule": "0 0 * * *"}, "", False),
        ({"push": {"branches": ["main"]}}, "push", "", {}, "refs/heads/main", True),
        ({"push": {"branches": ["main"]}}, "push", "", {}, "refs/heads/other", False),
        ({"push": {"branches": ["main"]}}, "push", "", {}, "refs/tags/v1", False),
        ({"push": {"tags": ["v*"]}}, "push", "", {}, "refs/tags/v1", True),
        ({"push": {"tags": ["v*"]}}, "push", "", {}, "refs/heads/main", False),
        ({"push": {"branches-ignore": ["factory/**"]}}, "push", "", {}, "refs/heads/factory/x/y", False),
        ({"push": {"paths": ["src/**"]}}, "push", "", {}, "refs/heads/main", False),
        ({"push": {"paths-ignore": ["docs/**"]}}, "push", "", {}, "refs/heads/main", False),
        (AFTER_CI, "workflow_run", "completed", {"workflow_run": {"name": "CI"}}, "", True),
        (AFTER_CI, "workflow_run", "completed", {"workflow_run": {"name": "x"}}, "", False),
        ({"workflow_call": None}, "push", "", {}, "refs/heads/main", False),
    ],
)  # fmt: skip
def test_on(on: Any, event: str, action: str, payload: dict[str, Any], ref: str, wanted: bool) -> None:
    assert starts({"on": on}, event, action, payload, ref, lambda: ["docs/a.md"]) is wanted


def test_patterns() -> None:
    assert matches("**/*.py", "a/b/c.py")
    assert matches("**/*.py", "c.py")
    assert not matches("*.py", "a/c.py")
    assert matches("v[0-9].x", "v1.x")
    assert chosen(["src/**", "!src/gen/**"], "src/a.py")
    assert not chosen(["src/**", "!src/gen/**"], "src/gen/a.py")


def test_inputs_have_their_types() -> None:
    declared = {"n": {"type": "number", "default": 3}, "b": {"type": "boolean"}, "s": {"required": True}, "t": {}}
    document = {"on": {"workflow_dispatch": {"inputs": declared}}}
    assert dispatch_inputs(document, {"b": "true", "s": "x"}) == {"n": 3, "b": True, "s": "x", "t": ""}
    assert missing_inputs(declared, {}) == ["s"]
    assert call_inputs({"n": {"type": "number"}, "b": {"type": "boolean", "default": True}}, {}) == {"n": 0, "b": True}


def test_issue_events_run_the_default_branch_s_file(here: Stage) -> None:
    here.write({"w.yml": "on: {issues: {types: [labeled]}}" + JOB})
    main = bare.branch(here.repo.folder, "main")
    bare.set_ref(here.repo.folder, "refs/heads/evil", main)
    here.write({"w.yml": "on: issues" + JOB.replace("echo", "echo evil")}, "evil")
    here.happen("issues", action="opened", issue={"number": 1, "title": "t"})
    here.happen("issues", action="labeled", issue={"number": 1, "title": "the title"}, label={"name": "agent:swarm"})
    here.runner.drain()
    (found,) = here.runner.records()
    assert (found.sha, found.title, found.event) == (main, "the title", "issues")
    assert "\nrefs/heads/main" in here.log(found, "a")


@pytest.mark.parametrize("event", ["pull_request_review", "pull_request_review_comment"])
def test_review_events_run_the_pull_request_s_own_file(here: Stage, event: str) -> None:
    """FACTS §2: so a review may only dispatch."""
    here.write({"w.yml": f"on: {event}" + JOB})
    bare.set_ref(here.repo.folder, "refs/heads/feature", bare.branch(here.repo.folder, "main"))
    head = here.write({"w.yml": f"on: {event}" + JOB.replace("echo", "echo its own file")}, "feature")
    bare.set_ref(here.repo.folder, "refs/pull/3/merge", head)
    pull = {
        "number": 3,
        "head": {"ref": "feature", "sha": head, "repo": {"full_name": "octo/shop"}},
        "base": {"ref": "main"},
    }
    here.happen(event, action="submitted", pull_request=pull)
    here.happen("issue_comment", action="created", issue={"number": 3, "title": "t", "pull_request": {}})
    here.runner.drain()
    (found,) = here.runner.records()
    assert "its own file refs/pull/3/merge" in here.log(found, "a")


def test_a_fork_s_pull_request_gets_no_secrets_and_reads_only(here: Stage) -> None:
    text = "on: pull_request\npermissions: {contents: write, issues: write}" + JOB
    commit = here.write({"w.yml": text})
    bare.set_ref(here.repo.folder, "refs/pull/3/merge", commit)
    head = {"ref": "x", "sha": commit, "repo": {"full_name": "fork/shop"}}
    here.happen("pull_request", action="opened", number=3,
                pull_request={"number": 3, "head": head, "base": {"ref": "main", "sha": commit}})  # fmt: skip
    here.runner.drain()
    (found,) = here.runner.records()
    assert found.job("a").permissions == {"contents": "read", "issues": "read"}


def test_push_takes_the_pushed_file_and_its_paths(here: Stage) -> None:
    here.push({"w.yml": "on: {push: {paths: ['src/**']}}" + JOB, "src/a.py": "1"})
    here.push({"docs/a.md": "1"})
    here.push({"src/b.py": "1"})
    here.runner.drain()
    assert len(here.runner.records()) == 2


def test_events_made_with_an_actions_token_start_nothing_but_dispatches(here: Stage) -> None:
    """FACTS §1: what the double marks with `starts`."""
    here.write({"w.yml": "on: {issues: , repository_dispatch: {types: [go]}, pull_request: }" + JOB})
    event = here.happen("issues", action="opened", issue={"number": 1, "title": "t"})
    event.starts = "no"
    pull = {"number": 3, "head": {"ref": "main", "sha": bare.branch(here.repo.folder, "main")}, "base": {"ref": "main"}}
    here.happen("pull_request", action="opened", pull_request=pull).starts = "parked"
    here.happen("repository_dispatch", action="go", client_payload={})
    here.runner.drain()
    assert not [run.problem for run in here.runner.records() if run.problem]
    assert [(run.event, run.conclusion) for run in here.runner.records()] == [
        ("pull_request", "action_required"), ("repository_dispatch", "success"),
    ]  # fmt: skip
    parked = here.hub.runs[here.runner.records()[0].id]
    parked.approved, parked.status, parked.conclusion = True, "queued", ""
    here.runner.drain()
    assert parked.conclusion == "success"


def test_the_clock_and_workflow_run(here: Stage) -> None:
    here.write({
        "night.yml": "name: Night\non: {schedule: [{cron: '17 5 * * *'}]}" + JOB,
        "after.yml": "on: {workflow_run: {workflows: [Night], types: [completed]}}"
        + JOB.replace("$GITHUB_REF", "after ${{ github.event.workflow_run.conclusion }}"),
    })  # fmt: skip
    here.runner.tick("17 5 * * *", "octo/shop")
    here.runner.drain()
    night, after = here.runner.records()
    assert (night.event, after.event) == ("schedule", "workflow_run")
    assert "\nafter success" in here.log(after, "a")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("steps: [{run:", "steps: [{runn:"), "(Line: 2, Col: 33): Unexpected value 'runn'"),
        (("b: {", "b: {needs: c, "), "(Line: 2, Col: 55): Job 'b' depends on unknown job 'c'."),
        (("run: y", "run: '${{ nope.x }}'"), "Unrecognized named-value: 'nope'"),
    ],
)  # fmt: skip
def test_an_invalid_file_does_not_start_and_github_s_parser_says_why(
    here: Stage, change: tuple[str, str], says: str
) -> None:
    found = here.go(FILE.replace(*change))
    assert found.conclusion == "startup_failure"
    assert says in found.problem


def test_a_disabled_workflow_stays_silent(here: Stage) -> None:
    from factory.simulator.hub.runs import settings

    here.write({"w.yml": "on: issues" + JOB})
    settings(here.repo).disabled.add(".github/workflows/w.yml")
    here.happen("issues", action="opened", issue={"number": 1, "title": "t"})
    here.runner.drain()
    assert here.runner.records() == []
