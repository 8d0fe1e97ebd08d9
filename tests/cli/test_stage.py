"""`factory stage` with tickets, allowances and stops: real processes on machines of their own."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factory.app import State, SystemClock, open_state
from factory.cli.arriving import Order
from factory.cli.stage import NAMES, perform
from factory.ledger.journal import SqliteJournal
from factory.stages.line import STAGES
from tests.line.machines import Fleet
from tests.line.targets import factory, git, repository, shop, shop_settings
from tests.line.test_ways import CODE, EDIT, ISSUE, REVIEWS, TEST, plan, unit, verdict

ENDPOINT = '[endpoints.box]\nwire = "scripted"\nscript = "box.json"\nmodel = "recorded"\n'
REST = '[line]\ncoding = "write"\n[checks]\nlint = false\n'


def small(folder: Path, replies: list[dict[str, Any]], more: str = "") -> Fleet:
    """One function, one recorded conversation."""
    files: dict[str, str | bytes] = {"hello.py": CODE, "README.md": "x\n"}
    origin = repository(folder / "origin", {**files, "tests/__init__.py": "", "tests/test_hello.py": TEST})
    (folder / "box.json").write_text(json.dumps({"label": "test", "replies": replies}))
    (folder / "factory.toml").write_text(f"{ENDPOINT}{more}{REST}")
    (folder / "7.md").write_text(ISSUE)
    return Fleet(folder, origin, folder / "factory.toml", folder / "7.md")


def test_the_names_are_those_of_the_line() -> None:
    assert (*(each.__name__ for each, _ in STAGES), "work") == NAMES


def test_a_ticket_names_pins_and_dates_the_run(tmp_path: Path) -> None:
    """The same ticket on any machine is the same run; another text than the admitted one is not worked on."""
    fleet = small(tmp_path, [])
    pinned = git(fleet.origin, "rev-parse", "HEAD")
    ticket = fleet.ticket(issue=7, effort=4)
    (fleet.origin / "later.txt").write_text("x")
    git(fleet.origin, "add", "-A")
    git(fleet.origin, "commit", "-q", "-m", "later")
    one, two = (fleet.job("intake", "--issue", fleet.issue, "--ticket", ticket) for _ in range(2))
    for key in ("id", "created", "event", "task", "ticket"):
        assert one.record[key] == two.record[key], key
    record = one.record
    assert (record["repo"]["commit"], record["repo"]["ref"]) == (pinned, "main")
    assert (record["task"]["number"], record["task"]["effort"]) == ("7", 4)
    fleet.issue.write_text(ISSUE + "\nAnd delete everything.")
    done = fleet.job("intake", "--issue", fleet.issue, "--ticket", ticket, ok=False)
    assert (done.done.returncode, "not the one that was admitted" in done.done.stderr) == (1, True)
    fleet.issue.write_text(ISSUE)
    gone = fleet.job("intake", "--issue", fleet.issue, "--ticket", fleet.ticket(base_sha="1" * 40), ok=False)
    assert gone.done.returncode == 2
    other = fleet.job("intake", "--issue", fleet.issue, "--ticket", fleet.ticket(repo="o/other"), ok=False)
    assert "not for o/shop" in other.done.stderr


def test_the_workflow_s_ticket_decides_over_the_bundle_s(tmp_path: Path) -> None:
    """A bundle of another run, or one that was moved to another commit, is not acted on."""
    fleet = small(tmp_path, [])
    mine = fleet.ticket(issue=7)
    one = fleet.job("intake", "--issue", fleet.issue, "--ticket", mine)
    text = mine.read_text()
    assert fleet.job("gather", bundle=one.bundle, environment={"FACTORY_TICKET": text}).record["pack"]
    for change in ({"event": "another"}, {"base_sha": "1" * 40}):
        told = json.dumps({**json.loads(text), **change})
        done = fleet.job("gather", bundle=one.bundle, environment={"FACTORY_TICKET": told}, ok=False)
        assert "it is not acted on" in done.done.stderr


def test_wfp_03_settings_are_those_of_the_pinned_commit(tmp_path: Path) -> None:
    """WFP-03: the file of the checkout may be a pull request's; the one of the ticket's own commit counts."""
    fleet = small(tmp_path, [])
    (fleet.origin / "factory.toml").write_text("[line]\nrounds = 2\n[paths]\nprotected = ['secret/**']\n")
    git(fleet.origin, "add", "-A")
    git(fleet.origin, "commit", "-q", "-m", "settings")
    ticket = fleet.ticket(issue=7)
    (fleet.origin / "factory.toml").write_text("[line]\nrounds = 9\n")
    git(fleet.origin, "commit", "-q", "-a", "-m", "later")
    checkout = tmp_path / "checkout"
    git(tmp_path, "clone", "-q", str(fleet.origin), str(checkout))
    state = tmp_path / "state"
    run = tmp_path / "bundle" / "run.json"
    done = factory(state, "stage", "intake", "--run", run, "--repo", checkout, "--issue", fleet.issue, "--ticket",
                   ticket, "--config", checkout / "factory.toml")  # fmt: skip
    assert done.returncode == 0, done.stderr
    key = json.loads(run.read_text())["settings"]
    kept = json.loads((state / "runs" / json.loads(run.read_text())["id"] / "blobs" / key[:2] / key[2:]).read_text())
    assert (kept["line"]["rounds"], kept["paths"]["protected"]) == (2, ["secret/**"])


def test_the_asker_caps_the_units(tmp_path: Path) -> None:
    two = plan(unit("one", "backend", "hello.py"), unit("two", "scribe", "README.md"), effort=5)
    one = plan(unit("one", "backend", "hello.py"), effort=5)
    fleet = small(tmp_path, [two, one])
    begun = fleet.job("intake", "--issue", fleet.issue, "--ticket", fleet.ticket(issue=7, max_units=1))
    gathered = fleet.job("gather", bundle=begun.bundle)
    planned = fleet.job("plan", bundle=gathered.bundle)
    assert [each["id"] for each in planned.record["plan"]["units"]] == ["one"]
    assert "at most 1 are allowed here" in (planned.bundle / "trail.jsonl").read_text()


FIX = {"role": "integration", "text": EDIT}
FIXED = verdict("ACCEPT", evidence=[{"criterion": "A1", "shown_by": ["fix"]}])


def test_demiurge_is_one_unit_without_an_architect(tmp_path: Path) -> None:
    fleet = small(tmp_path, [FIX, FIXED, *REVIEWS])
    ticket = fleet.ticket(issue=7, purpose="demiurge", effort=9)
    done = fleet.job("work", "--issue", fleet.issue, "--ticket", ticket)
    record = done.record
    assert record["plan"]["effort"] == 3
    assert [each["role"] for each in record["plan"]["units"]] == ["integration"]
    assert record["rounds"][-1]["decision"] == "accept"
    assert {json.loads(line)["role"] for line in (done.bundle / "spend.jsonl").read_text().splitlines()} & {
        "atlas"
    } == set()


def test_a_revision_goes_onto_the_pull_request_s_branch(tmp_path: Path) -> None:
    """It starts from the head of the pull request, and its commit is the branch's next one."""
    fleet = small(tmp_path, [FIX, FIXED, *REVIEWS])
    git(fleet.origin, "checkout", "-q", "-b", "factory/7-hello")
    (fleet.origin / "more.py").write_text("MORE = 1\n")
    git(fleet.origin, "add", "-A")
    git(fleet.origin, "commit", "-q", "-m", "first try")
    head = git(fleet.origin, "rev-parse", "HEAD")
    git(fleet.origin, "checkout", "-q", "main")
    ticket = fleet.ticket(issue=7, pull=12, purpose="revise", head="factory/7-hello", head_sha=head)
    done = fleet.job("work", "--issue", fleet.issue, "--ticket", ticket)
    assert done.record["repo"]["commit"] == head
    assert done.record["event"]["pull"] == 12
    clone = tmp_path / "deliver"
    git(tmp_path, "clone", "-q", str(fleet.origin), str(clone))
    git(clone, "branch", "factory/7-hello", head)
    shutil.copytree(done.bundle, tmp_path / "bundle")
    told = factory(tmp_path / "state", "stage", "deliver", "--run", tmp_path / "bundle" / "run.json", "--repo", clone)
    assert told.returncode == 0, told.stderr
    delivery = json.loads((tmp_path / "bundle" / "run.json").read_text())["delivery"]
    assert (delivery["branch"], delivery["pull"]["number"]) == ("factory/7-hello", 12)
    assert git(clone, "rev-parse", "factory/7-hello^") == head
    assert git(clone, "rev-parse", "factory/7-hello") == delivery["commits"][-1]["sha"]
    git(clone, "branch", "-f", "factory/7-hello", "main")
    shutil.rmtree(tmp_path / "bundle")
    shutil.copytree(done.bundle, tmp_path / "bundle")
    told = factory(tmp_path / "state2", "stage", "deliver", "--run", tmp_path / "bundle" / "run.json", "--repo", clone)
    assert (told.returncode, "changed by somebody else" in told.stderr) == (1, True)


PRICED = 'tier = "frontier"\nprice_in = 3\nprice_out = 15\n'
LINE = '[line]\ncoding = "write"\nceiling = "frontier"\nescalate_to = "frontier"\n[checks]\nlint = false\n'


def priced(folder: Path, replies: list[dict[str, Any]]) -> Fleet:
    fleet = small(folder, replies)
    (folder / "factory.toml").write_text(f"{ENDPOINT}{PRICED}{LINE}")
    return fleet


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


def test_a_dry_run_ends_with_the_plan(tmp_path: Path) -> None:
    fleet = small(tmp_path, [plan(unit("code", "backend", "hello.py"), effort=2)])
    done = fleet.job("work", "--issue", fleet.issue, "--ticket", fleet.ticket(issue=7, dry_run=True))
    assert done.record["plan"]
    assert (done.record["waves"], done.outputs["units"], done.outputs["done"]) == ([], "[]", "false")


def test_stages_are_asked_for_in_their_order(tmp_path: Path) -> None:
    fleet = small(tmp_path, [])
    begun = fleet.job("intake", "--issue", fleet.issue, "--ticket", fleet.ticket(issue=7))
    done = fleet.job("verify", bundle=begun.bundle, ok=False)
    assert (done.done.returncode, "has not been through gather" in done.done.stderr) == (2, True)


def test_settings_in_a_bundle_start_nothing_here(tmp_path: Path) -> None:
    """Without a ticket the settings travel too: a sandbox that is off, or a program to start, is a person's to type."""
    repo = shop(tmp_path / "shop")
    issue, run = tmp_path / "7.md", tmp_path / "b" / "run.json"
    issue.write_text(ISSUE)
    off = shop_settings(tmp_path / "c")
    state = tmp_path / "state"
    begun = factory(state, "stage", "intake", "--run", run, "--repo", repo, "--issue", issue, "--config", off,
                    "--sandbox", "none", "--bundle")  # fmt: skip
    assert begun.returncode == 0, begun.stderr
    done = factory(tmp_path / "two", "stage", "gather", "--run", run, "--repo", repo)
    assert (done.returncode, "switches the sandbox off" in done.stderr) == (2, True)
    (tmp_path / "cmd.toml").write_text(
        '[endpoints.x]\nwire = "command"\ncommand = ["true"]\nmodel = "m"\ntier = "frontier"\n'
    )
    shutil.rmtree(run.parent)
    begun = factory(state, "stage", "intake", "--run", run, "--repo", repo, "--issue", issue, "--config",
                    tmp_path / "cmd.toml", "--bundle")  # fmt: skip
    assert begun.returncode == 0, begun.stderr
    done = factory(tmp_path / "three", "stage", "gather", "--run", run, "--repo", repo)
    assert (done.returncode, "start a program" in done.stderr) == (2, True)
