"""A person's word on a run that was: what is kept, what is done again, on machines that share nothing."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from factory.app import open_state
from factory.contracts.feedback import Feedback, Remark
from factory.contracts.record import digest
from factory.contracts.run import Run
from factory.contracts.ticket import Command, Ticket
from factory.handover.bundle import pack, unpack
from tests.line.machines import Fleet, Job
from tests.line.targets import answers
from tests.line.test_bundles import fleet, wave


def word(machines: Fleet, job: Job, event: str = "comment 9", **command: Any) -> dict[str, str]:
    """FACTORY_TICKET of a `/factory …` comment on the same issue."""
    before = Ticket.model_validate(job.record["ticket"])
    first = before.origin or before.run
    ticket = before.but(
        event=f"o/shop#42 {event}", origin=first, command=Command.model_validate(command), dry_run=False
    )
    return {"FACTORY_TICKET": ticket.to_json()}


def go_on(machines: Fleet, before: Job, name: str = "plan", into: str = "", ok: bool = True, **command: Any) -> Job:
    """The first job of a steered run: it gets the bundle of the run before."""
    digest = before.outputs["digest"]
    return machines.job(name, "--digest", digest, bundle=before.bundle, into=into or command["verb"], ok=ok,
                        environment=word(machines, before, **command))  # fmt: skip


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Fleet, Job]:
    machines = fleet(tmp_path_factory.mktemp("steer"))
    job = machines.begun()
    for name in ("gather", "plan"):
        job = machines.job(name, "--digest", job.outputs["digest"], bundle=job.bundle)
    return machines, job


@pytest.fixture(scope="module")
def merged(planned: tuple[Fleet, Job]) -> tuple[Fleet, Job]:
    """Both waves written and merged."""
    machines, job = planned
    return machines, wave(machines, wave(machines, job, 1), 2)


def test_approve_goes_on_with_the_plan_that_was_shown(planned: tuple[Fleet, Job]) -> None:
    machines, job = planned
    done = go_on(machines, job, verb="approve")
    assert done.record["id"] != job.record["id"]
    assert done.record["plan"] == job.record["plan"]
    assert json.loads(done.outputs["units"]) == ["backend", "frontend", "tests"]
    assert "asked" not in done.done.stderr, "no model is asked again"


def test_redo_writes_one_unit_again_and_keeps_its_wave(merged: tuple[Fleet, Job], tmp_path: Path) -> None:
    machines, job = merged
    done = go_on(machines, job, verb="redo", unit="frontend")
    assert json.loads(done.outputs["units"]) == ["frontend"]
    assert {change["unit"] for change in done.record["pending"]} == {"backend", "tests"}
    assert done.record["waves"] == []
    folder = tmp_path / "unit"
    machines.job("generate", "--unit", "frontend", "--digest", done.outputs["digest"], bundle=done.bundle,
                 into="generate-again", changes=folder)  # fmt: skip
    again = machines.job("collect", "--digest", done.outputs["digest"], bundle=done.bundle, changes=folder,
                         into="collect-again")  # fmt: skip
    assert again.record["tree"] == job.record["waves"][0]["tree"]
    assert json.loads(again.outputs["units"]) == ["docs"]


def written(machines: Fleet, before: Job, units: tuple[str, ...], into: str) -> dict[str, Any]:
    """The units' changes as the job that collects them has them."""
    folder = machines.folder / f"{into}-changes"
    for unit in units:
        machines.job("generate", "--unit", unit, "--digest", before.outputs["digest"], bundle=before.bundle,
                     into=f"{into}-{unit}", changes=folder / unit)  # fmt: skip
    done = machines.job("collect", "--digest", before.outputs["digest"], bundle=before.bundle, changes=folder,
                        into=into)  # fmt: skip
    return {change["unit"]: change for change in done.record["waves"][0]["changes"]}


def test_redo_with_frontier_asks_the_better_model_for_that_unit_only(tmp_path: Path) -> None:
    machines = fleet(tmp_path / "fleet")
    text = machines.config.read_text()
    cheap = '[[chain]]\nendpoints = ["box"]\n'
    assert cheap in text
    machines.config.write_text(text.replace(cheap, '[[chain]]\nendpoints = ["box", "frontier"]\n'))
    better = next(row for row in answers("box")["replies"] if row["template"] == "frontend/write")
    (machines.config.parent / "frontier.json").write_text(json.dumps({"label": "test", "replies": [better]}))
    job = machines.begun()
    for name in ("gather", "plan"):
        job = machines.job(name, "--digest", job.outputs["digest"], bundle=job.bundle)
    done = go_on(machines, job, verb="redo", unit="frontend", frontier=True)
    changes = written(machines, done, ("frontend", "backend"), "far")
    assert {name: changes[name]["models"] for name in ("frontend", "backend")} == {
        "frontend": ["recorded-frontier"], "backend": ["recorded-27b"],
    }  # fmt: skip
    assert changes["frontend"]["notes"] == []


def test_redo_with_frontier_says_when_no_better_model_may_be_asked(planned: tuple[Fleet, Job]) -> None:
    machines, job = planned
    done = go_on(machines, job, into="redo-far", verb="redo", unit="frontend", frontier=True)
    change = written(machines, done, ("frontend",), "near")["frontend"]
    assert change["models"] == ["recorded-27b"]
    assert change["notes"][-1] == (
        "a frontier model was asked for; local is the highest tier that the chain and line.escalate_to allow"
    )


def test_what_stands_below_a_word_reaches_who_writes_and_who_judges(merged: tuple[Fleet, Job]) -> None:
    """The plan of the run before is changed by it, and the ship job can check that it is what the gate heard."""
    machines, job = merged
    remark = Remark(key="comment-9", kind="comment", author="ada", must=True, text="Use a table.", rule="remark")
    said = Feedback(pull=0, remarks=(remark,)).to_json()
    told = Ticket.from_json(word(machines, job, verb="redo", unit="frontend")["FACTORY_TICKET"])
    environment = {"FACTORY_TICKET": told.but(feedback=digest(said)).to_json()}
    done = machines.job("plan", "--digest", job.outputs["digest"], bundle=job.bundle, into="redo-said", said=said,
                        environment=environment)  # fmt: skip
    orders = {unit["id"]: unit["instructions"] for unit in done.record["plan"]["units"]}
    assert orders["frontend"].endswith("ada adds: Use a table.")
    assert not [name for name, order in orders.items() if name != "frontend" and "Use a table" in order]
    assert done.record["task"]["body"].endswith("## Comment by ada\n\nUse a table.")
    assert Run.model_validate(done.record).remarks == (), "it is no revision of a pull request"
    changed = machines.job("plan", "--digest", job.outputs["digest"], bundle=job.bundle, into="redo-forged", ok=False,
                           said=said.replace("table", "trick"), environment=environment)  # fmt: skip
    assert changed.done.returncode == 1
    assert "not what was admitted" in changed.done.stderr


def test_only_ships_one_unit_without_asking_for_it_again(merged: tuple[Fleet, Job]) -> None:
    machines, job = merged
    done = go_on(machines, job, verb="only", unit="backend")
    assert [unit["id"] for unit in done.record["plan"]["units"]] == ["backend"]
    assert done.outputs["units"] == "[]"
    assert [wave["n"] for wave in done.record["waves"]] == [1], "nothing is left to write, so it is merged at once"
    assert done.record["tree"] not in ("", job.record["tree"])
    again = machines.job("collect", "--digest", done.outputs["digest"], bundle=done.bundle, into="collect-only")
    assert again.record["waves"] == done.record["waves"]


def test_a_run_that_goes_on_delivers_where_the_first_one_did(merged: tuple[Fleet, Job]) -> None:
    """The same branch and pull request, over the commits that the run before may have left there."""
    from factory.stages.deliver import branch_name

    machines, job = merged
    before = Run.from_json((job.bundle / "run.json").read_bytes())
    done = Run.from_json((go_on(machines, job, into="again", verb="retry").bundle / "run.json").read_bytes())
    assert done.id != before.id
    assert branch_name(done) == branch_name(before)
    assert done.replaces == (), "over which commits a branch may be moved is the books' word, never a bundle's"


def test_the_job_that_proves_measures_itself(merged: tuple[Fleet, Job]) -> None:
    """ART-08: evidence that a bundle brings along, and the steps that would answer for it, are not taken over."""
    machines, job = merged
    proved = machines.job("verify", "--digest", job.outputs["digest"], bundle=job.bundle, into="verify-1")
    again = machines.job("verify", "--digest", proved.outputs["digest"], bundle=proved.bundle, into="verify-2",
                         environment={"FACTORY_ZONE": "prove"})  # fmt: skip
    assert "check tests: start" in again.done.stderr
    believed = machines.job("verify", "--digest", proved.outputs["digest"], bundle=proved.bundle, into="verify-3")
    assert "check tests: start" not in believed.done.stderr


@pytest.mark.parametrize("step", ["verify", "refine"])
def test_a_skipped_step_lets_no_forged_proof_in(merged: tuple[Fleet, Job], step: str) -> None:
    """ART-08: in the zone that proves, evidence and rounds that the bundle brings along count for nothing."""
    machines, job = merged
    proved = machines.job("verify", "--digest", job.outputs["digest"], bundle=job.bundle, into=f"forged-{step}")
    assert proved.record["evidence"]["suites"]
    skipped = go_on(machines, proved, into=f"skip-{step}", verb="skip", step=step)
    told = word(machines, proved, verb="skip", step=step)
    if step == "verify":  # what a think job could write into its bundle
        forged = Run.from_json((skipped.bundle / "run.json").read_bytes())
        evidence = Run.from_json((proved.bundle / "run.json").read_bytes()).evidence
        state = open_state(machines.folder / "forger")
        again = unpack(skipped.bundle, state, machines.origin)
        assert again.id == forged.id
        shutil.rmtree(skipped.bundle)
        pack(again.but(evidence=evidence), state, skipped.bundle)
    done = machines.job("verify", bundle=skipped.bundle, into=f"prove-{step}",
                        environment={**told, "FACTORY_ZONE": "prove"})  # fmt: skip
    if step == "verify":
        assert done.record["evidence"]["suites"] == []
        assert "check tests: start" not in done.done.stderr
    else:
        assert "check tests: start" in done.done.stderr
        assert [(row["decision"], row["why"]) for row in done.record["rounds"]] == [
            ("stop", "The step refine was left out because ada said so.")
        ]


def test_skip_verify_is_said_and_never_green(merged: tuple[Fleet, Job]) -> None:
    machines, job = merged
    done = go_on(machines, job, verb="skip", step="verify")
    assert done.record["evidence"]["suites"] == []
    assert done.record["evidence"]["notes"] == ["The step verify was left out because ada said so."]


def test_retry_of_a_run_without_failures_judges_it_again(merged: tuple[Fleet, Job]) -> None:
    machines, job = merged
    done = go_on(machines, job, verb="retry")
    assert done.record["tree"] == job.record["tree"]
    assert done.outputs["units"] == "[]"


def test_a_word_that_does_not_fit_is_one_sentence(planned: tuple[Fleet, Job]) -> None:
    machines, job = planned
    for n, (command, said) in enumerate((
        ({"verb": "redo", "unit": "nobody"}, "The plan has no unit nobody: it has backend, frontend, tests, docs."),
        ({"verb": "skip", "step": "refine"}, "Nothing was written yet"),
    )):  # fmt: skip
        done = go_on(machines, job, into=f"no-{n}", ok=False, **command)
        assert done.done.returncode == 2
        assert said in done.done.stderr


def test_a_bundle_of_another_issue_is_not_gone_on_with(planned: tuple[Fleet, Job]) -> None:
    """IDM-06, ART-01: a word on issue 8 does not take up what was made for issue 42."""
    machines, job = planned
    ticket = Ticket.model_validate(job.record["ticket"]).but(
        event="o/shop#8 comment 1", issue=8, command=Command(verb="approve")
    )
    done = machines.job("plan", "--digest", job.outputs["digest"], bundle=job.bundle, into="other", ok=False,
                        environment={"FACTORY_TICKET": ticket.to_json()})  # fmt: skip
    assert done.done.returncode == 1
    assert "it is not acted on" in done.done.stderr
