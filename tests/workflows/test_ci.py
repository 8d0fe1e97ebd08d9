"""This repository's own CI: what is quick on each pull request, what is long on main, every night and by hand."""

from collections.abc import Iterator

import pytest

from factory.simulator.expressions.evaluator import Expressions, expressions
from scripts.workflow_files import workflows

CI = workflows()["ci"]
QUICK, LONG = {"check", "week"}, {"soak", "kill", "whole", "vllm"}


@pytest.fixture(scope="module")
def github() -> Iterator[Expressions]:
    with expressions() as running:
        yield running


def test_it_runs_on_main_on_pull_requests_every_night_and_by_hand() -> None:
    events = CI["on"]
    assert set(events) == {"push", "pull_request", "schedule", "workflow_dispatch"}
    assert events["push"] == {"branches": ["main"]}


@pytest.mark.parametrize("event", ["push", "pull_request", "schedule", "workflow_dispatch"])
def test_long_suites_do_not_hold_up_a_pull_request(github: Expressions, event: str) -> None:
    contexts = {"github": {"event_name": event}}
    ran = {name for name, body in CI["jobs"].items() if github.holds(body.get("if"), contexts)}
    assert ran == (QUICK if event == "pull_request" else QUICK | LONG)
