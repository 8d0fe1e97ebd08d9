"""The ladder of degradation: whatever is not to be had, the issue says so and says what a person can do."""

import time
from pathlib import Path
from typing import Literal

import pytest

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub.apps import register
from factory.simulator.hub.nouns import Level
from factory.simulator.hub.runs import settings
from tests.simulator import parts
from tests.simulator.factory_town import Town, town

RIGHTS = ("actions", "checks", "contents", "issues", "pull_requests")
WATCH, HUNT = "43 * * * *", "17 5 * * *"
DRAFTED, BOX = ("factory-swarm.yml", "success"), ("factory-local.yml", "success")
CLICK = "Checks on the pull request do not start by themselves: it was pushed with GITHUB_TOKEN."


class Later:
    """A clock that can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def box_is(here: Town, status: Literal["online", "offline"]) -> None:
    with here.hub.changed:
        for each in settings(here.repo).runners:
            each.status = status
        here.hub.changed.notify_all()


def tick(here: Town, cron: str = WATCH) -> None:
    here.runner.tick(cron, here.repo.full_name)
    here.settle()


def issue(here: Town, label: str) -> int:
    number = here.issue("Let go take times", "go(2) should return 2.")
    here.label(number, label)
    here.settle()
    return number


@pytest.fixture
def clock() -> Later:
    return Later()


def test_unsigned_tickets_end_with_a_draft_that_says_what_to_do(tmp_path: Path, evaluator: Expressions) -> None:
    """Nothing but a model is set up: the swarm ships a draft, says why the box does not get it, and what to click."""
    with town(tmp_path, evaluator, parts.FILES, parts.script(), signed=False) as here:
        number = issue(here, "agent:swarm")
        assert parts.ran(here.runs()) == [DRAFTED], here.trouble()
        (pull,) = here.pulls()
        assert pull["draft"]
        (status,) = parts.said(here, number)
        assert "Not sent on to the box: tickets are not signed" in status
        assert "factory init --keys" in status
        assert CLICK in status
        assert CLICK in pull["body"]
        here.say(number, "/factory retry")
        here.settle()
        assert parts.ran(here.runs()) == [DRAFTED, ("factory-dispatch.yml", "success")]
        assert "Not started: tickets are not signed" in parts.said(here, number)[-1]
        assert here.hub.violations == []


def test_act_04_a_box_that_does_not_come_is_said_once_and_works_when_it_is_back(
    tmp_path: Path, evaluator: Expressions, clock: Later
) -> None:
    """ACT-04; the clock's other workflow, the hunt, is off until somebody switches it on."""
    with town(tmp_path, evaluator, parts.FILES, parts.script(), now=clock) as here:
        box_is(here, "offline")
        number = issue(here, "agent:demiurge")
        tick(here)
        assert len(parts.said(here, number)) == 1, "it has only just begun to wait"
        clock.ahead += 31 * 60
        tick(here)
        _, told = parts.said(here, number)
        assert "the box seems to be offline" in told
        assert "It starts as soon as the box is back" in told
        clock.ahead += 3600
        tick(here)
        tick(here)
        assert len(parts.said(here, number)) == 2
        assert here.pulls() == []
        box_is(here, "online")
        here.settle()
        (pull,) = here.pulls()
        assert not pull["draft"], here.trouble()
        tick(here, HUNT)
        assert {job.result for job in here.runs()[-1].jobs} <= {"skipped"}
        assert here.hub.violations == []


def test_a_box_that_does_not_come_is_passed_by_when_the_owner_says_so(
    tmp_path: Path, evaluator: Expressions, clock: Later
) -> None:
    """box_offline = "cloud": the parked run is cancelled, hosted runners take up the swarm's bundle."""
    toml = '[github]\nbox_offline = "cloud"\n'
    with town(tmp_path, evaluator, parts.FILES, parts.script(), toml, now=clock) as here:
        box_is(here, "offline")
        number = issue(here, "agent:swarm")
        (pull,) = here.pulls()
        assert pull["draft"]
        clock.ahead += 31 * 60
        tick(here)
        assert [run for run in parts.ran(here.runs()) if run[0] == BOX[0]] == [(BOX[0], "cancelled"), BOX], (
            here.trouble()
        )
        (pull,) = here.pulls()
        assert not pull["draft"]
        assert [job.machine for run in here.runs() for job in run.jobs if job.id.endswith("/work")][-1] != "box"
        words = "\n".join(parts.said(here, number))
        assert words.count("Hosted jobs do its part now") == 1
        tick(here)
        assert len(parts.said(here, number)) == 2
        assert here.hub.violations == []


def test_with_no_model_for_hosted_jobs_the_box_does_the_whole_line(tmp_path: Path, evaluator: Expressions) -> None:
    script = parts.script({"role": "atlas", "status": 404})
    with town(tmp_path, evaluator, parts.FILES, script) as here:
        number = issue(here, "agent:swarm")
        assert parts.ran(here.runs()) == [("factory-swarm.yml", "failure"), BOX], here.trouble()
        (pull,) = here.pulls()
        assert not pull["draft"]
        history = parts.said(here, number)[0]
        assert "No model answers hosted jobs, so the box does the whole line" in history
        assert [row.state for row in parts.books(here) if row.kind == "close"] == ["parked", "done"]
        assert here.hub.violations == []


PAID = """
[endpoints.paid]
wire = "openai"
url = "{model}/v1"
model = "scripted"
key_env = "FACTORY_MODEL_KEY"
price_in = 10
price_out = 10

[[chain]]
roles = ["hydra", "threat", "injection", "genesis"]
endpoints = ["paid"]

[[chain]]
roles = ["*"]
endpoints = ["box"]

[budget]
issue_usd = 0.01
"""


def test_budget_gone_leaves_what_is_there_as_a_draft_and_says_so(tmp_path: Path, evaluator: Expressions) -> None:
    """BUD-08 for an issue's dollars: the checked change is kept, nothing more is asked, `/factory budget` raises it."""
    with town(tmp_path, evaluator, parts.FILES, parts.script(), PAID) as here:
        number = issue(here, "agent:local")
        (pull,) = here.pulls()
        assert pull["draft"], here.trouble()
        assert "times=1" in parts.file_at(here, pull["head"]["ref"], "part.py")
        (status,) = parts.said(here, number)
        assert "budget" in status.splitlines()[1]
        assert "The money for this is used up" in status
        assert "factory resume" not in status
        assert "/factory budget +1" in status
        assert "hydra" not in {role for _, role in here.heard}
        assert sum(row.spent for row in parts.books(here) if row.kind == "close") <= 10_000
        here.say(number, "/factory budget +5")
        here.settle()
        here.say(number, "/factory retry")
        here.settle()
        (again,) = here.pulls()
        assert again["number"] == pull["number"]
        assert not again["draft"], here.trouble()
        assert [role for _, role in here.heard].count("atlas") == 1
        assert here.hub.violations == []


CI = "on: pull_request\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo tested\n"


@pytest.mark.parametrize(
    ("app", "start_ci", "conclusion", "said"),
    [
        (False, "never", "action_required", CLICK),
        (True, "never", "action_required", "since they would run generated code"),
        (True, "auto", "success", "Checks on the pull request start by themselves"),
    ],
)
def test_wfp_07_ci_on_generated_code_starts_by_itself_only_when_the_owner_said_so(
    tmp_path: Path, evaluator: Expressions, app_keys: tuple[str, str], app: bool, start_ci: str, conclusion: str,
    said: str,
) -> None:  # fmt: skip
    """WFP-07: with GITHUB_TOKEN and with an App the owner's CI waits for a click, but with start_ci = "auto"."""
    files = {**parts.FILES, ".github/workflows/ci.yml": CI}
    with town(tmp_path, evaluator, files, parts.script(), f'[github]\nstart_ci = "{start_ci}"\n') as here:
        if app:
            rights: dict[str, Level] = dict.fromkeys(RIGHTS, "write")
            made = register(here.hub, "our-factory", {**rights, "metadata": "read"}, here.repo, pem=app_keys[1])
            here.variables["FACTORY_APP_ID"], here.secrets["FACTORY_APP_KEY"] = str(made.id), app_keys[0]
        number = issue(here, "agent:demiurge")
        runs = [each for each in here.hub.runs.values() if each.workflow.endswith("/ci.yml")]
        assert [run.conclusion for run in runs] == [conclusion], here.trouble()
        (pull,) = here.pulls()
        assert said in pull["body"]
        assert said in "\n".join(here.comments(number))
        assert here.hub.violations == []
