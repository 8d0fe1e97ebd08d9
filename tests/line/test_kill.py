"""SIGKILL at any moment, then resume: the same end state, nothing paid or shipped twice."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from factory.stages.line import STAGES
from tests.line.targets import ROOT, SHOP, factory, git, result, shop, shop_settings
from tests.line.test_ways import EDIT, ISSUE, REVIEWS, plan, small, unit, verdict

pytestmark = pytest.mark.kill

WALKER = Path(__file__).parent / "dying.py"


def dying(state: Path, *arguments: str | Path) -> int:
    """A process that walks a run and kills itself at the given event; its return code."""
    done = subprocess.run(
        [sys.executable, str(WALKER), *map(str, arguments)], check=False, timeout=120, capture_output=True, text=True,
        cwd=ROOT, env={**os.environ, "FACTORY_STATE": str(state), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def end_state(folder: Path, done: dict[str, Any]) -> dict[str, Any]:
    """What must be the same however often the run was killed."""
    repo = folder / "shop"
    branches = git(repo, "for-each-ref", "--format=%(refname:short)", "refs/heads/factory").split()
    with sqlite3.connect(folder / "state" / "factory.db") as db:
        finished = db.execute("SELECT stage, unit, n, kind FROM steps WHERE kind != 'tick' ORDER BY 1, 2, 3").fetchall()
        paid = db.execute(
            "SELECT role, tier, COUNT(*) FROM spend WHERE kind='model' AND state='settled' GROUP BY 1, 2"
        ).fetchall()
    pulls = [json.loads(path.read_text())["pull"] for path in (folder / "state" / "forge").glob("*/*.json")]
    return {
        "tree": done["tree"], "decision": done["decision"], "confidence": done["confidence"], "exit": done["exit_code"],
        "branches": len(branches), "commits": int(git(repo, "rev-list", "--count", f"main..{branches[0]}")),
        "pulls": [(pull["number"], pull["draft"], pull["title"]) for pull in pulls], "steps": finished,
        "paid": sorted(paid),
    }  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed")
    done = factory(folder / "state", "run", "--repo", shop(folder / "shop"), "--issue", SHOP / "issue.md", "--config",
                   shop_settings(folder / "settings"), "--json")  # fmt: skip
    return end_state(folder, result(done))


def killed_and_resumed(folder: Path, issue: Path, config: Path, *where: str) -> dict[str, Any]:
    state = folder / "state"
    died = dying(state, "start", folder / "shop", issue, config, *where)
    assert died == -signal.SIGKILL, "the event never came"
    done = factory(state, "resume", "last", "--json")
    assert done.returncode == 0, done.stderr
    return end_state(folder, result(done))


def one_unit(folder: Path) -> tuple[Path, Path]:
    """A short line in `folder`: one unit, one round. Its issue and its settings."""
    small(folder / "shop")
    replies = [
        plan(unit("code", "backend", "hello.py"), effort=3),
        {"role": "backend", "text": EDIT},
        verdict("ACCEPT"),
    ]
    (folder / "box.json").write_text(json.dumps({"label": "test", "replies": [*replies, *REVIEWS]}))
    endpoint = '[endpoints.box]\nwire = "scripted"\nscript = "box.json"\nmodel = "recorded"\n'
    (folder / "factory.toml").write_text(f'{endpoint}[line]\ncoding = "write"\n[checks]\nlint = false\n')
    (folder / "7.md").write_text(ISSUE)
    return folder / "7.md", folder / "factory.toml"


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("short")
    issue, config = one_unit(folder)
    done = factory(folder / "state", "run", "--repo", folder / "shop", "--issue", issue, "--config", config, "--json")
    assert done.returncode == 0, done.stderr
    return end_state(folder, result(done))


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """How many calls of functions each stage of the short line takes."""
    folder = tmp_path_factory.mktemp("calls")
    issue, config = one_unit(folder)
    assert dying(folder / "state", "start", folder / "shop", issue, config, "calls", folder / "calls.json") == 0
    found: dict[str, int] = json.loads((folder / "calls.json").read_text())
    return found


NAMES = [stage.__name__ for stage, _ in STAGES]  # a new stage is in the matrix by itself


@pytest.mark.parametrize("moment", ["start", "done"])
@pytest.mark.parametrize("stage", NAMES)
def test_at_every_stage_boundary(tmp_path: Path, short: dict[str, Any], stage: str, moment: str) -> None:
    """Before a stage, and after its work but before the record of it is saved."""
    assert killed_and_resumed(tmp_path, *one_unit(tmp_path), "stage", stage, moment) == short


@pytest.mark.parametrize("stage", [*NAMES, "report"])
def test_in_the_middle_of_every_stage(tmp_path: Path, short: dict[str, Any], calls: dict[str, int], stage: str) -> None:
    """Half way, by the calls of functions that it makes. The last word comes after the stages and is one more."""
    where = ("inside", stage, str(calls[stage] // 2))
    same_but_for_a_call_in_flight(killed_and_resumed(tmp_path, *one_unit(tmp_path), *where), short, deaths=1)


@pytest.mark.parametrize(
    "where",
    [
        ("exchange", "3"),
        ("exchange", "9"),
        ("exchange", "14"),
        ("unit", "4"),
        ("check", "2"),
        ("round", "1"),
        ("pushed",),
        ("opened",),
    ],
    ids="-".join,
)
def test_inside_stages_and_effects(tmp_path: Path, undisturbed: dict[str, Any], where: tuple[str, ...]) -> None:
    """In the middle of units, checks and rounds; between push and pull request; right after the pull request."""
    shop(tmp_path / "shop")
    found = killed_and_resumed(tmp_path, SHOP / "issue.md", shop_settings(tmp_path / "settings"), *where)
    same_but_for_a_call_in_flight(found, undisturbed, deaths=1)


@pytest.mark.parametrize("where", ["meant", "pushed-unsaid", "opened-unsaid"])
def test_between_an_effect_and_the_word_about_it(tmp_path: Path, short: dict[str, Any], where: str) -> None:
    """CRS-02, locally: what the outbox was left with is looked up: one branch, one pull request, both done."""
    assert killed_and_resumed(tmp_path, *one_unit(tmp_path), where) == short
    with sqlite3.connect(tmp_path / "state" / "factory.db") as db:
        assert db.execute("SELECT kind, state FROM outbox ORDER BY id").fetchall() == [
            ("branch", "done"),
            ("pull request", "done"),
        ]


def same_but_for_a_call_in_flight(found: dict[str, Any], wanted: dict[str, Any], deaths: int) -> None:
    """An answer that had come but was not written down yet when the process died is asked for again: one a thread."""
    extra = sum(row[2] for row in found.pop("paid")) - sum(row[2] for row in wanted["paid"])
    assert found == {key: value for key, value in wanted.items() if key != "paid"}
    assert 0 <= extra <= 5 * deaths  # five lenses are the widest fan-out


def test_killed_again_and_again(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    """Every process dies after a few more events (each a little later), until one gets through."""
    state, repo, config = tmp_path / "state", shop(tmp_path / "shop"), shop_settings(tmp_path / "settings")
    assert dying(state, "start", repo, SHOP / "issue.md", config, "any", "4") == -signal.SIGKILL
    deaths = 1
    while dying(state, "resume", "any", str(5 + deaths)) == -signal.SIGKILL:
        deaths += 1
        assert deaths < 40, "the run makes no progress"
    done = factory(state, "resume", "last", "--json")
    assert deaths > 3
    same_but_for_a_call_in_flight(end_state(tmp_path, result(done)), undisturbed, deaths)
