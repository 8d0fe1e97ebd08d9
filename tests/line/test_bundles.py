"""The line as jobs on machines that share nothing: bundles only, the same result as one process."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.line.machines import Fleet, Job
from tests.line.targets import FACTORY, SHOP, factory, git, result, shop, shop_settings


def fleet(folder: Path) -> Fleet:
    folder.mkdir(exist_ok=True)
    return Fleet(folder, shop(folder / "origin"), shop_settings(folder / "settings"))


def wave(machines: Fleet, before: Job, n: int) -> Job:
    """A matrix of units and the job that collects them, told nothing but outputs and artifacts."""
    artifacts = machines.folder / f"artifacts-{n}"
    for unit in json.loads(before.outputs["units"]):
        done = machines.job("generate", "--unit", unit, "--digest", before.outputs["digest"], bundle=before.bundle,
                            into=f"generate-{unit}", changes=artifacts / f"unit-{n}-{unit}")  # fmt: skip
        assert done.outputs["stopped"] == ""
    return machines.job("collect", "--digest", before.outputs["digest"], bundle=before.bundle, changes=artifacts,
                        into=f"collect-{n}")  # fmt: skip


@pytest.fixture(scope="module")
def swarm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every job of one swarm and the box's refine, each on a machine of its own."""
    machines = fleet(tmp_path_factory.mktemp("swarm"))
    jobs = {"intake": machines.begun()}
    before = "intake"
    for name in ("gather", "plan"):
        jobs[name] = machines.job(name, "--digest", jobs[before].outputs["digest"], bundle=jobs[before].bundle)
        before = name
    jobs["collect-1"] = wave(machines, jobs["plan"], 1)
    jobs["collect-2"] = wave(machines, jobs["collect-1"], 2)
    before = "collect-2"
    for name in ("verify", "refine"):
        jobs[name] = machines.job(name, "--digest", jobs[before].outputs["digest"], bundle=jobs[before].bundle)
        before = name
    return {"machines": machines, "jobs": jobs}


def test_the_result_is_that_of_one_process(swarm: dict[str, Any], tmp_path: Path) -> None:
    whole = factory(tmp_path / "state", "run", "--repo", shop(tmp_path / "shop"), "--issue", SHOP / "issue.md",
                    "--config", shop_settings(tmp_path / "settings"), "--json")  # fmt: skip
    done, record = result(whole), swarm["jobs"]["refine"].record
    assert swarm["machines"].n >= 8
    assert record["tree"] == done["tree"]
    assert record["verdict"]["decision"] == "ACCEPT"
    assert record["verdict"]["confidence"] == done["confidence"]
    assert record["rounds"][-1]["decision"] == done["decision"]


def test_outputs_tell_the_workflow_what_comes_next(swarm: dict[str, Any]) -> None:
    jobs = swarm["jobs"]
    assert json.loads(jobs["plan"].outputs["units"]) == ["backend", "frontend", "tests"]
    assert json.loads(jobs["collect-1"].outputs["units"]) == ["docs"]
    assert jobs["collect-2"].outputs["units"] == "[]"
    assert (jobs["verify"].outputs["done"], jobs["refine"].outputs["done"]) == ("false", "true")
    assert "run `gh-42-" in (jobs["plan"].home / "summary").read_text()


def test_a_bundle_is_text_and_of_the_ticket_s_run(swarm: dict[str, Any]) -> None:
    bundle = swarm["jobs"]["refine"].bundle
    assert sorted(path.name for path in bundle.iterdir()) == [
        "blobs.json", "egress.jsonl", "manifest.json", "run.json", "spend.jsonl", "steps.jsonl", "trail.jsonl",
        "trees.json",
    ]  # fmt: skip
    for path in bundle.iterdir():
        text = path.read_text(encoding="utf-8")
        for line in text.splitlines() if path.suffix == ".jsonl" else [text]:
            json.loads(line)
    assert swarm["jobs"]["refine"].record["id"].startswith("gh-42-")
    assert swarm["jobs"]["refine"].size < 8 * 2**20


def test_what_was_spent_and_asked_is_known_at_the_end(swarm: dict[str, Any], tmp_path: Path) -> None:
    """The delivering machine's report has the whole line's costs, talks and trail."""
    machines, last = swarm["machines"], swarm["jobs"]["refine"]
    done = machines.job("deliver", bundle=last.bundle, state=tmp_path / "state")
    assert done.record["delivery"]["pull"]["draft"] is False
    costs = json.loads(factory(tmp_path / "state", "ledger", "cost", "last", "--json").stdout)
    roles = {row["role"] for row in costs}
    assert {"atlas", "backend", "frontend", "unit", "scribe", "demiurge", "genesis"} <= roles
    calls = sum(row["calls"] for row in costs)
    lines = (last.bundle / "spend.jsonl").read_text().splitlines()
    assert calls == sum(json.loads(line)["kind"] not in ("clock", "warned") for line in lines)


def test_act_10_a_second_attempt_with_old_artifacts_skips_what_is_done(swarm: dict[str, Any], tmp_path: Path) -> None:
    """ACT-10: the machine that refined gets the bundle of before once more: the same result, nothing asked again."""
    machines, jobs = swarm["machines"], swarm["jobs"]
    state = tmp_path / "state"
    first = machines.job("refine", bundle=jobs["verify"].bundle, state=state)
    spent = factory(state, "ledger", "cost", "last", "--json").stdout
    again = machines.job("refine", bundle=jobs["verify"].bundle, state=state)
    assert again.record["rounds"] == first.record["rounds"]
    assert factory(state, "ledger", "cost", "last", "--json").stdout == spent
    collected = machines.job("collect", bundle=jobs["collect-1"].bundle, state=state,
                             changes=machines.folder / "artifacts-2")  # fmt: skip
    assert len(collected.record["waves"]) == 2
    assert collected.record["rounds"] == first.record["rounds"]


def test_any_job_may_run_twice(swarm: dict[str, Any]) -> None:
    """On a new machine with the same artifacts: the same record again."""
    machines, jobs = swarm["machines"], swarm["jobs"]
    for name, before, changes in (
        ("gather", "intake", None),
        ("plan", "gather", None),
        ("collect", "plan", machines.folder / "artifacts-1"),
        ("verify", "collect-2", None),
    ):
        first = jobs["collect-1" if name == "collect" else name].record
        again = machines.job(name, "--digest", jobs[before].outputs["digest"], bundle=jobs[before].bundle,
                             changes=changes, into=f"again-{name}").record  # fmt: skip
        for key in ("id", "task", "pack", "plan", "tree"):
            assert again[key] == first[key], (name, key)


def test_act_07_the_work_folder_may_be_cleaned_between_jobs(swarm: dict[str, Any], tmp_path: Path) -> None:
    """ACT-07: the box keeps its state; the checkout of the job before is gone and another one is there."""
    machines, jobs = swarm["machines"], swarm["jobs"]
    state = tmp_path / "state"
    one = machines.job("verify", bundle=jobs["collect-2"].bundle, state=state)
    shutil.rmtree(one.home / "clone")
    two = machines.job("refine", bundle=one.bundle, state=state)
    assert two.record["verdict"]["decision"] == "ACCEPT"


def test_crs_05_a_half_written_bundle_is_put_aside(swarm: dict[str, Any], tmp_path: Path) -> None:
    """CRS-05: found by its digest, counts as absent, the stage runs from this machine's own journal."""
    machines, jobs = swarm["machines"], swarm["jobs"]
    state = tmp_path / "state"
    one = machines.job("verify", bundle=jobs["collect-2"].bundle, state=state)
    half = one.bundle / "run.json"
    half.write_bytes(half.read_bytes()[:500])
    two = machines.job("refine", bundle=one.bundle, state=state)
    assert two.record["verdict"]["decision"] == "ACCEPT"
    assert (two.home / "bundle.damaged-1" / "run.json").stat().st_size == 500
    three = machines.job("refine", bundle=one.bundle, ok=False)
    assert (three.done.returncode, "run.json is not what manifest.json says" in three.done.stderr) == (1, True)


def test_art_02_another_bundle_than_announced_is_refused(swarm: dict[str, Any]) -> None:
    """ART-02: the digest went through the workflow's outputs, the bundle through an artifact."""
    machines, jobs = swarm["machines"], swarm["jobs"]
    done = machines.job("verify", "--digest", jobs["plan"].outputs["digest"], bundle=jobs["collect-2"].bundle, ok=False)
    assert done.done.returncode == 1
    assert "as announced" in done.done.stderr
    assert not (done.home / "output").exists()


def test_a_unit_whose_job_died_is_reported_and_the_rest_goes_on(swarm: dict[str, Any], tmp_path: Path) -> None:
    machines, jobs = swarm["machines"], swarm["jobs"]
    artifacts = tmp_path / "artifacts"
    shutil.copytree(machines.folder / "artifacts-1", artifacts)
    shutil.rmtree(artifacts / "unit-1-frontend")
    half = artifacts / "unit-1-tests" / "unit-tests.json"
    half.write_bytes(half.read_bytes()[:300])
    done = machines.job("collect", bundle=jobs["plan"].bundle, changes=artifacts)
    errors = {change["unit"]: change["error"] for change in done.record["waves"][0]["changes"]}
    assert errors["backend"] == ""
    assert errors["frontend"] == "there is no change-frontend.json"
    assert "damaged" in errors["tests"]


def test_the_whole_line_on_the_box_in_one_job(tmp_path: Path) -> None:
    """`factory stage work`: everything up to and with refine, from a ticket; a second time nothing happens again."""
    machines = fleet(tmp_path)
    one = machines.begun("work", state=tmp_path / "state")
    assert one.outputs["done"] == "true"
    assert one.record["verdict"]["decision"] == "ACCEPT"
    assert one.record["delivery"] is None
    spent = factory(tmp_path / "state", "ledger", "cost", "last", "--json").stdout
    two = machines.begun("work", state=tmp_path / "state")
    assert two.record["rounds"] == one.record["rounds"]
    assert factory(tmp_path / "state", "ledger", "cost", "last", "--json").stdout == spent


@pytest.mark.parametrize("moment", ["plan: done", "unit frontend: done", "verify …", "round 1"])
def test_a_box_job_that_is_killed_and_run_again_ends_the_same(
    swarm: dict[str, Any], tmp_path: Path, moment: str
) -> None:
    """SIGKILL somewhere in the middle; the second attempt finds the state folder and no bundle."""
    machines, state = fleet(tmp_path), tmp_path / "state"
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(machines.origin), str(clone))
    command = [*FACTORY, "stage", "work", "--run", tmp_path / "b" / "run.json", "--repo", clone, "--config",
               machines.config, "--issue", machines.issue, "--ticket", machines.ticket()]  # fmt: skip
    with subprocess.Popen(
        list(map(str, command)), stderr=subprocess.PIPE, text=True, env={**os.environ, "FACTORY_STATE": str(state)}
    ) as process:
        assert process.stderr
        assert any(moment in line for line in process.stderr), "the moment never came"
        process.kill()
    assert not (tmp_path / "b" / "run.json").exists()
    again = machines.begun("work", state=state)
    wanted = swarm["jobs"]["refine"].record
    for key in ("tree", "pack"):
        assert again.record[key] == wanted[key]
    assert again.record["rounds"][-1]["decision"] == "accept"
