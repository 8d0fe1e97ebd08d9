"""Jobs that die in the middle and are run again, answers that get lost, events that come twice: the whole line, with
the real workflow files, ends with one of everything, nothing missing, and books that add up."""

import itertools
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.contracts.books import Row
from factory.forge.accounts import legs
from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub.faults import Kind, Rule
from tests.simulator.factory_town import Town, town
from tests.simulator.mishaps import Death, Mishaps, ask_for, books, insist, patient
from tests.simulator.test_whole_swarm import files

STATUS, CHANGES = "kind=status", r"/issues/comments/\d+$"
SWARM = (
    Death("gate", "GET", r"/issues/1$"),
    Death("open", "POST", "git-receive-pack"),
    Death("open", "POST", "/issues/1/comments$"),
    Death("ship", "POST", "git-receive-pack"),
    Death("ship", "POST", "/pulls$"),
    Death("ship", "POST", "/issues$"),
    Death("ship", "POST", "/check-runs$"),
    Death("ship", "POST", "/dispatches$"),
    Death("ship", "PATCH", CHANGES),
)
BOX = (
    Death("gate", "GET", "/actions/artifacts/"),
    Death("open", "PATCH", CHANGES, done=False),
    Death("ship", "PATCH", "/pulls/2$"),
    Death("ship", "POST", "/graphql$"),
    Death("ship", "PATCH", CHANGES),
)
SILENT = ("plan", "generate-1", "collect-1", "prove", "work")  # jobs that ask GitHub for nothing but their checkout
LOST: tuple[Kind, ...] = ("lost", "down_after", "dropped", "down")


def one_of_everything(here: Town, number: int, draft: bool = False) -> None:
    """One pull request, one status comment, one tracking issue, one branch, one lease a leg; all of it complete."""
    pulls = here.pulls()
    assert [(pull["draft"], pull["state"]) for pull in pulls] == [(draft, "open")], here.trouble()
    said = here.comments(number)
    assert sum(STATUS in text for text in said) == 1, said
    issues = here.ask("wanda", "GET", "/issues?state=all&labels=factory:tracking")
    assert len([row for row in issues if "pull_request" not in row]) == 1
    assert len([name for name in here.branches() if name.startswith("refs/heads/factory/")]) == 1
    checks = here.ask("wanda", "GET", f"/commits/{pulls[0]['head']['sha']}/check-runs")["check_runs"]
    assert [check["status"] for check in checks] == ["completed"]
    sent = [event for event in here.hub.events if event.name == "repository_dispatch"]
    assert [event.payload["action"] for event in sent] == ["factory-refine"]
    assert {label["name"] for label in pulls[0]["labels"]} == {"factory:draft" if draft else "factory:ready"}
    assert here.hub.violations == []


def books_add_up(here: Town) -> None:
    """Every lease is closed, no row stands twice, nothing is spent beyond what was reserved, the last word of each leg
    is the right one, and the money of all legs together is what the run used."""
    rows = [Row.model_validate(row) for row in books(here)]
    assert max(Counter(row.id for row in rows).values()) == 1, rows
    found = legs(rows)
    assert all(leg.close and leg.close.spent <= leg.open.reserved for leg in found), rows
    assert {leg.open.leg: leg.close.state for leg in found if leg.close} == {0: "draft", 1: "done"}, rows
    assert sum(leg.money for leg in found) == 0, "the scripted models cost nothing"
    assert [row for row in rows if row.kind == "refused"] == []


def disturbed(folder: Path, evaluator: Expressions, mishaps: Mishaps) -> AbstractContextManager[Town]:
    return town(folder, evaluator, files(2), patient(2), faults=mishaps)


@pytest.mark.kill
def test_act_10_every_job_of_swarm_and_box_dies_once_and_is_run_again(tmp_path: Path, evaluator: Expressions) -> None:
    """ACT-10, IDM-04: each job loses its machine, the writing ones at each kind of write right after GitHub did it; a
    person presses `Re-run failed jobs` each time. In the end it looks as if nothing had happened."""
    mishaps = Mishaps(*SWARM, *BOX)
    with disturbed(tmp_path, evaluator, mishaps) as here:
        mishaps.runner = here.runner
        for job in SILENT:
            here.runner.kill_after(job, lines=6)
        number = ask_for(here)
        runs = insist(here)
        assert mishaps.deaths == [], (mishaps.deaths, here.trouble())
        assert here.runner.bench.kills == []
        assert {run.conclusion for run in runs} == {"success", "skipped"}, here.trouble()
        one_of_everything(here, number)
        books_add_up(here)


@pytest.mark.kill
def test_gha_13_github_is_down_in_the_middle_of_shipping(tmp_path: Path, evaluator: Expressions) -> None:
    """GHA-13: from some request on every answer is a 502, for as long as the jobs live: the run is red and nothing is
    half-told; later `Re-run failed jobs` ends it with nothing lost and nothing twice."""
    mishaps = Mishaps()
    mishaps.add(Rule("down", "", "^/(repos|graphql)", skip=14, times=0))
    with disturbed(tmp_path, evaluator, mishaps) as here:
        mishaps.runner = here.runner
        number = ask_for(here)
        runs = here.settle(400)
        struck = len(mishaps.struck)
        assert 0 < struck <= 40, "no hammering"
        assert "failure" in {run.conclusion for run in runs}
        mishaps.clear()
        assert {run.conclusion for run in insist(here)} == {"success", "skipped"}, here.trouble()
        one_of_everything(here, number)
        books_add_up(here)


_number = itertools.count()


@pytest.mark.kill
@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    dead=st.lists(st.sampled_from((*SWARM, *BOX)), min_size=1, max_size=2, unique=True),
    silent=st.lists(st.sampled_from(SILENT), max_size=1),
    lost=st.lists(
        st.tuples(st.sampled_from(LOST), st.sampled_from(("POST", "PATCH", "GET")), st.integers(0, 12)), max_size=2
    ),
)
def test_gha_02_any_jobs_dead_and_any_answers_lost(
    tmp_path_factory: pytest.TempPathFactory, evaluator: Expressions, dead: list[Death], silent: list[str],
    lost: list[tuple[Kind, str, int]],
) -> None:  # fmt: skip
    """GHA-02, IDM-04, GHA-13: a property over which machines die and which answers get lost, or never come."""
    folder = tmp_path_factory.mktemp(f"any{next(_number)}")
    mishaps = Mishaps(*dead)
    rules = [Rule(kind, method, path="^/repos/octo/tea/(?!labels)", skip=skip + 2) for kind, method, skip in lost]
    with disturbed(folder, evaluator, mishaps) as here:
        mishaps.runner = here.runner
        for job in silent:
            here.runner.kill_after(job, lines=6)
        mishaps.add(*rules)
        number = ask_for(here)
        insist(here)
        mishaps.clear()
        one_of_everything(here, number)
        books_add_up(here)
