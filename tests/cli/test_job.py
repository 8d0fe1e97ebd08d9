"""`factory job`: one command a job, each known to the group, none outside of a workflow."""

import inspect
import os
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec

import pytest

from factory.cli.job import COMMANDS

THERE = [name for name in COMMANDS if find_spec(f"factory.jobs.{name}")]


def factory(*arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    command = [sys.executable, "-m", "factory.cli", "job", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=kept)


@pytest.mark.parametrize("name", THERE)
def test_a_job_runs_in_a_workflow_only(name: str) -> None:
    found = ["--found", "x", "--digest", "y"]
    more = {"gate": ["--for", "swarm"], "ship": ["--bundle", "x", "--digest", "y"], "post": ["--findings", "x"],
            "hunt": found, "scan": found,
            "audited": ["--bundle", "x", "--digest", "y", "--head", "z", "--branch", "b"]}  # fmt: skip
    done = factory(name, *more.get(name, []))
    assert done.returncode == 2
    assert "runs inside a GitHub Actions job" in done.stderr


@pytest.mark.parametrize("name", THERE)
def test_every_command_fits_the_function_it_calls(name: str) -> None:
    function = getattr(import_module(f"factory.jobs.{name}"), name)
    wanted = inspect.signature(function).parameters
    given = {"for_": "purpose"}
    for option in inspect.signature(COMMANDS[name]).parameters:
        assert given.get(option, option) in wanted, f"{name} has no {option}"
    assert next(iter(wanted)) == "context"
    needed = {each.name for each in wanted.values() if each.default is each.empty} - {"context"}
    assert needed <= {given.get(option, option) for option in inspect.signature(COMMANDS[name]).parameters}, name


def test_the_group_lists_the_jobs_that_there_are() -> None:
    listed = factory("--help").stdout
    assert all(f"  {name} " in listed for name in THERE)
    assert "gate" in THERE
