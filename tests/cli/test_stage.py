"""`factory stage` with tickets, bundles and revisions: real processes on machines of their own."""

import json
import shutil
from pathlib import Path

from factory.cli.stage import NAMES
from factory.stages.line import STAGES
from tests.cli.fleets import small
from tests.line.targets import factory, git, shop, shop_settings
from tests.line.test_ways import EDIT, ISSUE, REVIEWS, plan, unit, verdict


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


def test_a_stage_that_asks_no_model_loads_no_sdk(tmp_path: Path) -> None:
    """What makes the first line late is imported where it is used."""
    fleet = small(tmp_path, [])
    begun = fleet.job("intake", "--issue", fleet.issue, "--ticket", fleet.ticket(issue=7))
    done = fleet.job("gather", bundle=begun.bundle, environment={"PYTHONPROFILEIMPORTTIME": "1"})
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.done.stderr.splitlines()}
    assert "pydantic" in loaded
    assert not loaded & {"openai", "anthropic", "github", "nacl", "starlette", "uvicorn", "detect_secrets", "jinja2"}
