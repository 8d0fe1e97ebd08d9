"""Allowances, budgets and what stops for lack of money: real processes on machines of their own."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factory.app import State, SystemClock, open_state
from factory.cli.arriving import Order
from factory.cli.stage import perform
from factory.ledger.journal import SqliteJournal
from tests.cli.fleets import priced
from tests.line.targets import git
from tests.line.test_ways import EDIT, REVIEWS, plan, unit, verdict


def test_a_job_gets_its_share_of_the_allowance(tmp_path: Path) -> None:
    """The plan may use a tenth; what stops for lack of money is written down, with what it cost."""
    fleet = priced(tmp_path, [plan(unit("code", "backend", "hello.py"), effort=2)])
    begun = fleet.job("intake", "--issue", fleet.issue, "--ticket", fleet.ticket(issue=7))
    gathered = fleet.job("gather", bundle=begun.bundle)
    poor = fleet.job("plan", bundle=gathered.bundle, ok=False, environment={"FACTORY_ALLOWANCE_USD": "0.10"})
    assert poor.done.returncode == 4
    assert (poor.outputs["stopped"], poor.outputs["units"]) == ("budget", "[]")
    assert poor.record["stopped"]["reason"] == "budget"
    assert len(poor.outputs["digest"]) == 64
    assert "Stopped (budget)" in (poor.home / "summary").read_text()
    again = fleet.job("plan", "--digest", poor.outputs["digest"], bundle=poor.bundle,
                      environment={"FACTORY_ALLOWANCE_USD": "9"})  # fmt: skip
    assert json.loads(again.outputs["units"]) == ["code"]
    assert again.record["stopped"] is None


def test_a_unit_without_money_leaves_its_word_and_stops_the_run(tmp_path: Path) -> None:
    """As in one process: the wave is not merged without it, and the next window only does what is missing."""
    replies = [plan(unit("code", "backend", "hello.py"), unit("doc", "scribe", "README.md"), effort=5),
               {"role": "backend", "text": EDIT}]  # fmt: skip
    fleet = priced(tmp_path, replies)
    before = fleet.job("intake", "--issue", fleet.issue, "--ticket", fleet.ticket(issue=7))
    for name in ("gather", "plan"):
        before = fleet.job(name, bundle=before.bundle, environment={"FACTORY_ALLOWANCE_USD": "9"})
    changes = tmp_path / "changes"
    fleet.job("generate", "--unit", "code", bundle=before.bundle, changes=changes)
    poor = fleet.job("generate", "--unit", "doc", bundle=before.bundle, changes=changes, ok=False,
                     environment={"FACTORY_ALLOWANCE_USD": "0.001"})  # fmt: skip
    assert (poor.done.returncode, poor.outputs["stopped"]) == (4, "budget")
    done = fleet.job("collect", bundle=before.bundle, changes=changes, ok=False)
    assert (done.done.returncode, done.outputs["stopped"], done.record["waves"]) == (4, "budget", [])
    spent = [json.loads(line) for line in (done.bundle / "spend.jsonl").read_text().splitlines()]
    assert {"atlas", "backend"} <= {row["role"] for row in spent}


def test_what_a_lost_job_might_have_used_counts_as_used(tmp_path: Path) -> None:
    fleet = priced(tmp_path, [plan(unit("code", "backend", "hello.py"), unit("doc", "scribe", "README.md"), effort=5),
                              {"role": "backend", "text": EDIT}])  # fmt: skip
    before = fleet.job("intake", "--issue", fleet.issue, "--ticket", fleet.ticket(issue=7))
    rich = {"FACTORY_ALLOWANCE_USD": "2"}
    for name in ("gather", "plan"):
        before = fleet.job(name, bundle=before.bundle, environment=rich)
    planned = sum(json.loads(line)["cost"] for line in (before.bundle / "spend.jsonl").read_text().splitlines())
    changes = tmp_path / "changes"
    fleet.job("generate", "--unit", "code", bundle=before.bundle, changes=changes, environment=rich)
    done = fleet.job("collect", bundle=before.bundle, changes=changes, environment=rich)
    lost = [json.loads(line) for line in (done.bundle / "spend.jsonl").read_text().splitlines() if "lost:" in line]
    assert [row["cost"] for row in lost] == [(1_200_000 - planned) // 2]
    assert lost[0]["state"] == "reserved"


class Tomorrow(SystemClock):
    """The same clock a day later."""

    def now(self) -> str:
        from datetime import UTC, datetime, timedelta

        later = datetime.now(UTC) + timedelta(days=1)
        return later.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def on(state: State, clock: SystemClock) -> State:
    return replace(state, clock=clock, journal=SqliteJournal(state.db, clock, state.halt.is_set))


@pytest.fixture
def settle() -> Callable[[Path], list[tuple[Any, ...]]]:
    def asked(bundle: Path) -> list[tuple[Any, ...]]:
        rows = [json.loads(line) for line in (bundle / "spend.jsonl").read_text().splitlines()]
        return sorted((row["role"], row["day"]) for row in rows if row["kind"] == "model" and row["tokens_out"])

    return asked


def test_bud_08_the_day_s_budget_is_gone_and_the_next_window_goes_on(
    tmp_path: Path, settle: Callable[[Path], list[tuple[Any, ...]]]
) -> None:
    """BUD-08: a checkpoint with the reason; tomorrow nothing is asked a second time."""
    script = [plan(unit("code", "backend", "hello.py"), effort=2), {"role": "backend", "text": EDIT},
              verdict("ACCEPT"), *REVIEWS]  # fmt: skip
    fleet = priced(tmp_path, script)
    tight = fleet.config.read_text() + "[budget]\nday_usd = 0.12\nescalation_usd = 0\n"
    fleet.config.write_text(tight)
    today = fleet.job("work", "--issue", fleet.issue, "--ticket", fleet.ticket(issue=7), ok=False)
    assert (today.done.returncode, today.outputs["stopped"]) == (4, "budget")
    assert "day_usd" in today.record["stopped"]["message"]
    asked = settle(today.bundle)
    assert asked, "something was paid before the day's budget was gone"
    clone = tmp_path / "tomorrow"
    git(tmp_path, "clone", "-q", str(fleet.origin), str(clone))
    shutil.copytree(today.bundle, tmp_path / "bundle")
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    fleet.config.write_text(tight.replace("0.12", "9"))
    order = Order(name="work", run=tmp_path / "bundle" / "run.json", repo=clone, config=fleet.config, environment={})
    assert perform(order, on(open_state(state), Tomorrow())) == 0
    record = json.loads((tmp_path / "bundle" / "run.json").read_text())
    assert (record["stopped"], record["rounds"][-1]["decision"]) == (None, "accept")
    later = settle(tmp_path / "bundle")
    assert [row for row in later if row[1] == asked[0][1]] == asked, "what was answered today is not asked again"
    assert {role for role, _ in later} >= {"atlas", "backend", "genesis"}
    assert len([row for row in later if row[0] in ("atlas", "backend", "genesis")]) == 3
