"""Example callers: what another repository needs, one short file an event, never less than its jobs ask for."""

from pathlib import Path
from typing import Any

import pytest

from scripts.workflow_files import CALLERS, FACTORY, read, workflows

FILES = sorted(CALLERS.glob("*.yml"))
RANK = {"none": 0, "read": 1, "write": 2}


def called(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the caller's one job, the workflow it calls)."""
    (job,) = read(path)["jobs"].values()
    name = Path(job["uses"].partition("@")[0]).stem
    return job, workflows()[name]


def test_every_workflow_of_the_factory_has_a_caller() -> None:
    assert {Path(called_of(path)).stem for path in FILES} == set(FACTORY)
    assert all(path.name.startswith("factory-") for path in FILES)


def called_of(path: Path) -> str:
    (job,) = read(path)["jobs"].values()
    return str(job["uses"].partition("@")[0])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_caller_is_shorter_than_twenty_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 20
    assert called_of(path).startswith("OWNER/dark-factory/.github/workflows/")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_caller_grants_what_the_called_jobs_ask_for_and_no_more(path: Path) -> None:
    """GitHub refuses the whole run when a called job asks for more than its caller has."""
    job, workflow = called(path)
    wanted: dict[str, str] = {}
    for body in workflow["jobs"].values():
        for name, level in body["permissions"].items():
            wanted[name] = max(level, wanted.get(name, "none"), key=lambda each: RANK[each])
    assert job["permissions"] == wanted


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_caller_passes_each_secret_by_name(path: Path) -> None:
    job, workflow = called(path)
    declared = workflow["on"]["workflow_call"]["secrets"]
    assert set(job["secrets"]) == set(declared)
    for name, value in job["secrets"].items():
        assert value == f"${{{{ secrets.{name} }}}}"
        assert declared[name]["required"] is False  # all of it works with none, more weakly: docs/github.md


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_caller_listens_to_what_the_called_workflow_listens_to(path: Path) -> None:
    _, workflow = called(path)
    own, theirs = read(path)["on"], workflow["on"]
    assert set(own) <= set(theirs) - {"workflow_call"}
    assert set(theirs) - set(own) <= {"workflow_call", "workflow_dispatch"}
    for event in set(own) - {"workflow_dispatch"}:
        assert own[event] == theirs[event]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_caller_s_inputs_are_known(path: Path) -> None:
    job, workflow = called(path)
    assert set(job.get("with", {})) <= set(workflow["on"]["workflow_call"].get("inputs", {}))


@pytest.mark.parametrize("name", ["dark-factory-swarm", "local-agent-worker", "forge-dispatch"])
def test_a_person_and_a_caller_are_asked_the_same(name: str) -> None:
    on = workflows()[name]["on"]
    assert set(on["workflow_dispatch"]["inputs"]) == set(on["workflow_call"]["inputs"])


@pytest.mark.parametrize("name", FACTORY)
def test_each_secret_that_is_used_is_declared_for_callers(name: str) -> None:
    """An undeclared secret is empty in a called workflow, and nobody is told."""
    from scripts.workflow_files import mentioned

    workflow = workflows()[name]
    assert set(mentioned(workflow["jobs"], "secrets.")) == set(workflow["on"]["workflow_call"]["secrets"])
