"""The line walked whole on the demo's shop: branch, pull request, report, replay."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.line.targets import SHOP, factory, git, result, shop, shop_settings


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One whole run; its JSON, and where things are."""
    folder = tmp_path_factory.mktemp("walked")
    repo = shop(folder / "shop")
    (repo / "dirty.txt").write_text("not committed")
    before = git(repo, "status", "--porcelain"), git(repo, "rev-parse", "HEAD")
    done = factory(folder / "state", "run", "--repo", repo, "--issue", SHOP / "issue.md", "--config",
                   shop_settings(folder / "settings"), "--out", folder / "out", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {**result(done), "folder": folder, "repo": repo, "before": before}


def record(walked: dict[str, Any]) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((walked["folder"] / "out" / "run.json").read_text())
    return value


def test_the_users_checkout_is_untouched(walked: dict[str, Any]) -> None:
    repo = walked["repo"]
    assert (git(repo, "status", "--porcelain"), git(repo, "rev-parse", "HEAD")) == walked["before"]
    assert git(repo, "symbolic-ref", "--short", "HEAD") == "main"


def test_the_branch_has_one_commit_a_unit_with_trailers(walked: dict[str, Any]) -> None:
    log = git(walked["repo"], "log", "--reverse", "--format=%(trailers:key=Factory-Unit,valueonly,separator=%x2C)",
              f"main..{walked['branch']}")  # fmt: skip
    assert log.split() == ["backend", "frontend", "tests", "docs", "fix-1-1"]
    models = git(walked["repo"], "log", "-1", "--format=%(trailers:key=Factory-Model,valueonly)", walked["branch"])
    assert models == "recorded-27b"
    assert walked["branch"].startswith("factory/42-discount-codes-at-the-checkout-")


def test_the_branch_is_the_tree_that_was_judged(walked: dict[str, Any]) -> None:
    assert git(walked["repo"], "rev-parse", f"{walked['branch']}^{{tree}}") == walked["tree"]
    assert record(walked)["rounds"][-1]["tree"] == walked["tree"]


def test_a_red_candidate_was_revised_and_a_second_judge_asked(walked: dict[str, Any]) -> None:
    rounds = record(walked)["rounds"]
    assert [each["verdict"]["decision"] for each in rounds] == ["REVISE", "ACCEPT"]
    assert [each["decision"] for each in rounds] == ["go_on", "accept"]
    assert any(
        finding["source"] == "tests" and finding["fate"].startswith("fixed") for finding in rounds[0]["findings"]
    )
    assert rounds[1]["verdict"]["tier"] == "frontier"
    assert rounds[1]["verdict"]["escalated_from"] == "recorded-27b"


def test_the_pull_request_maps_criteria_to_evidence(walked: dict[str, Any]) -> None:
    text = Path(walked["pull"]["url"]).read_text()
    assert not walked["pull"]["draft"]
    assert "test_free_shipping_counts_before_the_discount" in text
    assert "Recorded answers" in text
    assert "Escalated from recorded-27b" in text
    assert text.rstrip().endswith(f"<!-- factory:v1 run={walked['run']} kind=pull -->")
    assert "with money.share and offers it" not in text, "the author's own words are no evidence"


def test_the_report_files_are_there(walked: dict[str, Any]) -> None:
    out = walked["folder"] / "out"
    assert (out / "report.html").read_text().startswith("<!doctype html>")
    assert (out / "report.md").stat().st_size < 1024 * 1024
    assert record(walked)["schema_version"] == 1


def test_replay_reaches_the_same_tree_and_verdict_offline(walked: dict[str, Any]) -> None:
    (walked["folder"] / "settings" / "box.json").rename(walked["folder"] / "settings" / "gone.json")
    state = walked["folder"] / "state"
    again = factory(state, "replay", walked["run"], "--json")
    (walked["folder"] / "settings" / "gone.json").rename(walked["folder"] / "settings" / "box.json")
    assert again.returncode == 0, again.stderr
    replayed = json.loads(again.stdout)
    assert (replayed["tree"], replayed["verdict"]) == (walked["tree"], "ACCEPT")
    assert replayed["steps"] > 20


def test_replay_with_the_checks_run_again(walked: dict[str, Any]) -> None:
    again = factory(walked["folder"] / "state", "replay", walked["run"], "--rerun-checks")
    assert again.returncode == 0, again.stderr
    assert "checks run again" in again.stdout


def test_resume_of_a_finished_run_changes_nothing(walked: dict[str, Any]) -> None:
    state = walked["folder"] / "state"
    spent = factory(state, "ledger", "cost", walked["run"], "--json").stdout
    again = factory(state, "resume", walked["run"], "--json")
    assert again.returncode == 0, again.stderr
    assert result(again)["pull"]["number"] == walked["pull"]["number"]
    assert result(again)["tree"] == walked["tree"]
    assert factory(state, "ledger", "cost", walked["run"], "--json").stdout == spent


def test_the_ledger_prints_steps_and_cost(walked: dict[str, Any]) -> None:
    state = walked["folder"] / "state"
    shown = factory(state, "ledger", "show", "last").stdout
    assert "finished steps" in shown
    costs = json.loads(factory(state, "ledger", "cost", "last", "--json").stdout)
    frontier = [row for row in costs if row["tier"] == "frontier"]
    assert [row["role"] for row in frontier] == ["genesis"]
    assert frontier[0]["cost"] == 6100 * 3 + 260 * 15  # micro-dollars: tokens times dollars per million
