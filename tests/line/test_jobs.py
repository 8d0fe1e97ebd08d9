"""The same stages as jobs of their own: run.json and change-*.json in between, the same result as one process."""

import json
from pathlib import Path

from tests.line.targets import SHOP, factory, git, shop, shop_settings


def test_the_line_stage_by_stage(tmp_path: Path) -> None:
    repo, config, state, run = (
        shop(tmp_path / "shop"),
        shop_settings(tmp_path / "c"),
        tmp_path / "state",
        tmp_path / "run.json",
    )
    whole = factory(state, "run", "--repo", repo, "--issue", SHOP / "issue.md", "--config", config, "--json")

    def job(*arguments: str | Path) -> None:
        done = factory(state, "stage", *arguments, "--run", run)
        assert done.returncode == 0, done.stderr

    job("intake", "--repo", repo, "--issue", SHOP / "issue.md", "--config", config)
    job("gather")
    job("plan")
    for unit in ("tests", "backend", "frontend"):
        job("generate", "--unit", unit)
    job("collect")
    job("generate", "--unit", "docs")
    for name in ("collect", "verify", "refine", "deliver"):
        job(name)
    record = json.loads(run.read_text())
    assert record["tree"] == json.loads(whole.stdout)["tree"]
    assert not record["delivery"]["pull"]["draft"]
    again = dict(record)
    job("deliver")  # a job that is run twice changes nothing
    assert json.loads(run.read_text())["delivery"] == again["delivery"]


def test_a_missing_change_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    repo, config, state, run = (
        shop(tmp_path / "shop"),
        shop_settings(tmp_path / "c"),
        tmp_path / "state",
        tmp_path / "run.json",
    )
    factory(state, "stage", "intake", "--run", run, "--repo", repo, "--issue", SHOP / "issue.md", "--config", config)
    for name in ("gather", "plan"):
        assert factory(state, "stage", name, "--run", run).returncode == 0
    assert factory(state, "stage", "generate", "--unit", "backend", "--run", run).returncode == 0
    (tmp_path / "change-frontend.json").write_text("{half a")
    assert factory(state, "stage", "collect", "--run", run).returncode == 0
    record = json.loads(run.read_text())
    errors = {change["unit"]: change["error"] for change in record["waves"][0]["changes"]}
    assert errors["backend"] == ""
    assert "damaged" in errors["frontend"]
    assert "there is no change-tests.json" in errors["tests"]


def test_unknown_stage_unit_and_file(tmp_path: Path) -> None:
    state, run = tmp_path / "state", tmp_path / "run.json"
    done = factory(state, "stage", "dance", "--run", run)
    assert (done.returncode, "no stage 'dance'" in done.stderr) == (2, True)
    done = factory(state, "stage", "plan", "--run", run)
    assert (done.returncode, "does not exist" in done.stderr) == (2, True)
    run.write_text('{"id": 3}')
    done = factory(state, "stage", "plan", "--run", run)
    assert (done.returncode, "not a run record" in done.stderr) == (2, True)
    repo = shop(tmp_path / "shop")
    assert git(repo, "status", "--porcelain") == ""
