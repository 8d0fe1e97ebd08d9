"""Rules that hold for every workflow, action and caller: pins, permissions, time, triggers, text of strangers."""

import re
from typing import Any

import pytest

from scripts.workflow_files import CALLERS, FACTORY, Job, actions, expressions, jobs, strings, workflows

ALL = {**workflows(), **{f"callers/{name}": found for name, found in workflows(CALLERS).items()}}
EVERY = [*jobs(), *jobs(CALLERS)]
PINS = {
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/upload-artifact": ("bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"),
    "actions/download-artifact": ("3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
    "actions/cache": ("27d5ce7f107fe9357f9df03efb73ab90386fccae", "v5.0.5"),
    "actions/attest-build-provenance": ("a2bbfa25375fe432b6a289bc6b6cd05ecd0c4c32", "v4.1.0"),
}
# Of an event, what a stranger cannot write: numbers, names of repositories and branches of ours, the event's own name.
STRANGERS = ("title", "body", "label", "name", "login", "ref", "head_ref", "message", "client_payload", "email")
SHELL = ("run", "script", "prompt")


def steps() -> list[tuple[str, dict[str, Any]]]:
    found = [(str(job), step) for job in EVERY for step in job.steps]
    return found + [(name, step) for name, action in actions().items() for step in action["runs"]["steps"]]


@pytest.mark.parametrize("name", ALL)
def test_a_workflow_gives_its_token_nothing(name: str) -> None:
    """Each job says what it needs; what it does not say it has not."""
    assert ALL[name]["permissions"] == {}


@pytest.mark.parametrize("job", EVERY, ids=str)
def test_each_job_says_its_permissions_and_its_time(job: Job) -> None:
    assert "permissions" in job.body
    assert "write-all" not in str(job.body["permissions"])
    if "uses" not in job.body:
        assert 1 <= job.body["timeout-minutes"] <= 720
        assert job.body["runs-on"] == "ubuntu-24.04" or "self-hosted" in str(job.body["runs-on"])


@pytest.mark.parametrize("job", EVERY, ids=str)
def test_no_job_passes_all_its_secrets_on(job: Job) -> None:
    assert job.body.get("secrets") != "inherit"
    for text in expressions(job.body):
        assert not re.search(r"secrets(?!\.FACTORY_[A-Z_]+\b)", text), f"secrets by name only: {text}"


@pytest.mark.parametrize(("where", "step"), steps(), ids=lambda each: each if isinstance(each, str) else "")
def test_actions_are_pinned_to_a_commit(where: str, step: dict[str, Any]) -> None:
    used = step.get("uses", "")
    if not used or used.startswith("$/.github/actions/"):
        return
    name, _, commit = used.partition("@")
    assert commit == PINS[name][0], where
    if name == "actions/checkout":
        assert step["with"]["persist-credentials"] is False


def test_each_pin_says_its_version() -> None:
    from scripts.workflow_files import ACTIONS, WORKFLOWS

    for path in [*WORKFLOWS.glob("*.yml"), *ACTIONS.glob("*/action.yml")]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.search(r"uses: ([\w-]+/[\w-]+)@(\w+)(.*)", line):
                assert PINS[match[1]] == (match[2], match[3].strip().removeprefix("# ")), f"{path.name}: {line}"


@pytest.mark.parametrize("name", ALL)
def test_trg_06_only_created_comments_and_submitted_reviews_start_anything(name: str) -> None:
    """TRG-06: an edited comment is no command."""
    on = ALL[name]["on"]
    for event in ("issue_comment", "pull_request_review_comment"):
        if event in on:
            assert on[event]["types"] == ["created"]
    if "pull_request_review" in on:
        assert on["pull_request_review"]["types"] == ["submitted"]
    if "issues" in on:
        assert on["issues"]["types"] == ["labeled"]


@pytest.mark.parametrize("name", ALL)
def test_wfp_07_no_workflow_runs_a_pull_request_with_secrets(name: str) -> None:
    """WFP-07: no pull_request_target, no workflow_run; a pull request's code runs in CI only, which has no secret."""
    assert not {"pull_request_target", "workflow_run"} & set(ALL[name]["on"])
    if ALL[name]["on"].get("pull_request") == {"types": ["closed"]}:  # heard as reviews are: one job that passes it on
        assert name in ("pr-feedback", "callers/factory-feedback")
        assert not any("secrets." in text for text in strings(ALL["pr-feedback"]["jobs"]["forward"]))
        assert all("pull_request'" not in str(job.get("if")) for key, job in ALL["pr-feedback"]["jobs"].items()
                   if key != "forward")  # fmt: skip
        return
    if {"push", "pull_request"} & set(ALL[name]["on"]):
        assert name in ("ci", "release")
        assert all("secrets." not in text for text in strings(ALL[name]))


def test_schedules_avoid_the_full_hour() -> None:
    """GitHub delays and drops what everybody starts at minute 0."""
    for found in ALL.values():
        for rule in found["on"].get("schedule", []):
            assert int(rule["cron"].split()[0]) % 15


@pytest.mark.parametrize(("where", "step"), steps(), ids=lambda each: each if isinstance(each, str) else "")
def test_inj_04_no_expression_reaches_a_shell(where: str, step: dict[str, Any]) -> None:
    """INJ-04: nothing at all between ${{ }} in run:, script: or prompt:, so nothing of a stranger's either."""
    shells = [step.get("run", "")] + [step.get("with", {}).get(name, "") for name in SHELL]
    assert not any("${{" in str(text) for text in shells), where


@pytest.mark.parametrize("job", EVERY, ids=str)
def test_inj_01_and_inj_02_text_of_strangers_is_not_taken_from_the_event(job: Job) -> None:
    """INJ-01, INJ-02: titles, bodies, names and payloads are read by the gate from its event file; expressions compare
    a label or a command's beginning, and that in an `if:` only."""
    for step in job.steps:
        for text in expressions({"env": step.get("env", {}), "with": step.get("with", {}), "run": step.get("run", "")}):
            for part in re.findall(r"github\.event\.[\w.]+|github\.head_ref", text):
                assert part.split(".")[-1] not in STRANGERS, f"{job}: {text}"


def test_a_run_s_name_holds_numbers_only() -> None:
    """A dispatched run is found by its ticket's run id, which stands in the name; nothing a stranger wrote may."""
    for name in FACTORY:
        found = ALL[name].get("run-name", "")
        for part in re.findall(r"github\.event\.[\w.]+|inputs\.\w+", found):
            assert part.split(".")[-1] in ("run", "number", "issue", "pull"), part
    for name in ("dark-factory-swarm", "local-agent-worker"):
        assert "github.event.client_payload.run" in ALL[name]["run-name"]
