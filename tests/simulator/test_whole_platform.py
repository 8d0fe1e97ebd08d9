"""What Actions and machines do to a run: all legs of a matrix fail, triggers pile up, a box that is wiped, clocks that
are wrong, summaries that are too long. Whole runs of the real workflow files."""

import sys
import time
from dataclasses import replace
from pathlib import Path

from factory.contracts.books import Row
from factory.forge.accounts import legs
from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub.routes import Answer, Call
from factory.simulator.hub.views import issue_view
from tests.simulator.factory_town import Town, town
from tests.simulator.mishaps import Mishaps, ask_for, books, insist, patient
from tests.simulator.stage import stage
from tests.simulator.test_whole_again import books_add_up, one_of_everything
from tests.simulator.test_whole_swarm import files


def rows(here: Town) -> list[Row]:
    return [Row.model_validate(row) for row in books(here)]


def test_act_02_all_units_fail(tmp_path: Path, evaluator: Expressions) -> None:
    """ACT-02: no job for the box, nothing is sent, one comment that says what failed, and the run is red."""
    script = patient(2)
    for reply in script["replies"]:
        if reply["role"] == "backend":
            reply["text"] = "### edit nothing.py\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n"
    with town(tmp_path, evaluator, files(2), script) as here:
        number = ask_for(here)
        runs = [run for run in here.settle(300) if run.conclusion != "skipped"]
        assert [run.conclusion for run in runs] == ["failure"], here.trouble()
        (said,) = here.comments(number)
        assert "kind=status" in said
        assert "u1" in said
        assert here.pulls() == []
        assert not any("self-hosted" in job.labels for job in here.hub.jobs.values())
        assert not [event for event in here.hub.events if event.name == "repository_dispatch"]
        assert [leg.close.state for leg in legs(rows(here)) if leg.close] == ["failed"]
        assert "factory:failed" in here.at(number).labels


def _toggle(here: Town, number: int, login: str, updated: str) -> None:
    """The event of a label set once more, as GitHub would send it."""
    told = {**issue_view(here.hub, here.repo, here.at(number)), "updated_at": updated}
    payload = {"action": "labeled", "issue": told, "label": {"name": "agent:swarm"}}
    here.hub.emit(None, here.repo, "issues", payload, actor=login)


def test_act_05_bud_05_idm_02_triggers_pile_up_on_one_issue(tmp_path: Path, evaluator: Expressions) -> None:
    """ACT-05, BUD-05, IDM-02: while a run is at work the same delivery comes again, two more people set the label, one
    toggles it: one run, one pull request; who asked in vain is told so once; the redelivery ends silently with 0."""
    with town(tmp_path, evaluator, files(2), patient(2), "[github]\nhourly = 50\n") as here:
        number = ask_for(here)
        first = next(event for event in here.hub.events if event.name == "issues" and event.action == "labeled")
        here.hub.emit(None, here.repo, "issues", first.payload, actor="wanda")
        now = here.hub.now()
        for login in ("mina", "octo", "mina"):
            _toggle(here, number, login, now)
        runs = [run for run in here.settle(500) if run.conclusion != "skipped"]
        assert {run.conclusion for run in runs} == {"success"}, here.trouble()
        found = rows(here)
        assert {leg.open.run for leg in legs(found)} == {found[0].run}
        one_of_everything(here, number)
        books_add_up_but_refused(here)
        codes = [run.outputs.get("factory", {}) for run in runs]
        assert len(codes) == 6, "five triggers and the box"
        refused = [row for row in found if row.kind == "refused"]
        assert refused
        assert all("is at work on this" in row.why for row in refused)
        told = [text for text in here.comments(number) if "kind=refused" in text]
        assert 1 <= len(told) <= 2, told
        assert all("/factory stop" in text for text in told)


def books_add_up_but_refused(here: Town) -> None:
    found = rows(here)
    assert len({row.id for row in found}) == len(found)
    assert [leg.close.state for leg in legs(found) if leg.close] == ["draft", "done"]


class Clocks(Mishaps):
    """GitHub's clock beside the machines': they are ten minutes fast until the box is sent its errand, then it is as
    if NTP had set them: two hours slow."""

    def __init__(self) -> None:
        super().__init__()
        self.off = -600.0

    def now(self) -> float:
        return time.time() + self.off

    def after(self, call: Call, answer: Answer) -> Answer:
        if call.path.endswith("/dispatches"):
            self.off = 7200.0
        return super().after(call, answer)


def test_act_11_clocks_that_are_wrong(tmp_path: Path, evaluator: Expressions) -> None:
    """ACT-11: a box ten minutes fast, then two hours slow: nothing expires at once, times are GitHub's, all is well."""
    clocks = Clocks()
    with town(tmp_path, evaluator, files(2), patient(2), faults=clocks, now=clocks.now) as here:
        number = ask_for(here)
        assert {run.conclusion for run in here.settle(400)} == {"success", "skipped"}, here.trouble()
        assert clocks.off == 7200.0
        one_of_everything(here, number)
        books_add_up(here)
        for leg in legs(rows(here)):
            assert leg.close
            assert leg.open.at <= leg.close.at


def test_act_07_the_box_begins_with_an_empty_work_folder(tmp_path: Path, evaluator: Expressions) -> None:
    """ACT-07: the box's job dies in the middle and its work folder is wiped; its state lies elsewhere, so that the
    next attempt asks no model twice for what it has been told."""
    home = tmp_path / "owner"
    with town(tmp_path, evaluator, files(1), patient(1)) as here:
        bench = here.runner.bench
        bench.options = replace(bench.options, environment={"XDG_STATE_HOME": str(home)})
        here.runner.kill_after("work", seconds=7)
        number = ask_for(here, label="agent:local")
        runs = insist(here, 3)
        assert {run.conclusion for run in runs} == {"success", "skipped"}, here.trouble()
        assert bench.kills == []
        assert (home / "dark-factory").is_dir()
        assert len(here.pulls()) == 1
        assert sum("kind=status" in text for text in here.comments(number)) == 1
        assert [role for _, role in here.heard].count("atlas") == 1, here.heard
        assert not list((tmp_path / "runner" / "jobs").rglob("repo.git"))


def test_act_08_a_summary_of_any_length_leaves_the_job_green(tmp_path: Path, evaluator: Expressions) -> None:
    """ACT-08: what `factory job` writes is cut below GitHub's limit, and the job's end says so."""
    write = (
        "import os; from pathlib import Path; from factory.jobs.context import job_context; "
        "job_context(os.environ).summary('word ' * 500_000)"
    )
    workflow = f"""
on: workflow_dispatch
jobs:
  long:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          "{sys.executable}" -c "{write}"
"""
    with stage(tmp_path, evaluator) as here:
        run = here.go(workflow)
        job = run.job("long")
        assert job.result == "success", here.log(run, "long")
        assert 900_000 < len(job.summary.encode()) <= 1024 * 1024
        assert not [note for note in job.notes if note.level == "error"]
