"""The attack self-test: green on a good set-up, and each kind of weakening turns its row red."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.egress import EgressSettings
from factory.contracts.sandbox import Install, Installed, Job, JobResult
from factory.contracts.tables import GithubSettings, SandboxSettings
from factory.install.attack import bombs, canaries, loose, people, walls, weak
from factory.install.attack.cell import Cell
from factory.install.attack.start import ALL, ENDED, attack
from factory.install.attack.tried import Tried
from factory.settings import Settings
from tests.line.targets import factory

NONE = Settings(sandbox=SandboxSettings(kind="none"))


def by_id(rows: Iterator[Tried] | tuple[Tried, ...]) -> dict[str, Tried]:
    return {row.id: row for row in rows}


@pytest.fixture(scope="module")
def good() -> dict[str, Tried]:
    return by_id(attack(Settings(), seconds=240))


def test_everything_holds_on_a_good_set_up(good: dict[str, Tried]) -> None:
    red = [row for row in good.values() if row.state == "red"]
    assert not red
    assert {each.id for each in ALL} <= set(good)
    assert ENDED.id not in good
    weaker = [row.id for row in good.values() if row.state == "yellow"]
    assert all(name.startswith("setting the machine") or name == "fork-bomb" for name in weaker)


def test_the_hostile_model_was_heard_to_its_end(good: dict[str, Tried]) -> None:
    """Rows that are green because nothing was tried would be worth nothing."""
    assert "commits on a branch" in good["hostile-run"].held
    assert not good["cloud-secrets"].held.startswith("in none of 0")
    assert "pointed out" in good["poisoned-agents"].held


def test_without_a_sandbox_nothing_dangerous_is_run_and_all_of_it_is_red() -> None:
    rows = by_id(attack(NONE))
    for each in (*loose.ALL, *walls.ALL, *bombs.ALL):
        assert rows[each.id].state == "red"
        assert "sandbox.kind = none" in rows[each.id].held
    assert rows["setting sandbox.kind = none"].state == "red"
    assert rows["gate-bot"].state == "green"


def test_what_was_not_reached_in_time_is_red() -> None:
    rows = by_id(attack(NONE, seconds=0.01))
    assert rows[ENDED.id].state == "red"
    assert all(rows[each.id].state == "red" for each in ALL)


@pytest.mark.parametrize(("role", "row"), [("read", "gate-stranger"), ("triage", "gate-triage")])
def test_a_role_that_is_too_low_lets_people_in(role: Any, row: str) -> None:
    settings = Settings(github=GithubSettings(role=role))
    found = by_id(people.attacks(settings))
    assert (found[row].state, found["gate-bot"].state) == ("red", "green")
    assert "github.role" in found[row].remedy
    assert by_id(weak.weaknesses(settings))[f"setting github.role = {role}"].state == "red"


def test_a_bot_that_the_owner_names_gets_in() -> None:
    settings = Settings(github=GithubSettings(bots=(people.BOT.login,)))
    assert by_id(people.attacks(settings))["gate-bot"].state == "red"


def planted(folder: Path) -> canaries.Canaries:
    made = canaries.made()
    (folder / "home" / ".aws").mkdir(parents=True)
    (folder / "home" / ".aws" / "credentials").write_text(made.home)
    return made


def test_taking_env_files_from_the_list_of_what_never_leaves_is_red(tmp_path: Path) -> None:
    made = planted(tmp_path)
    settings = Settings(egress=EgressSettings(never=("!.env",)))
    rows = by_id(loose.attacks(tmp_path / "loose", tmp_path / "home", settings, made))
    assert rows["cloud-secrets"].state == "red"
    assert "egress.never" in rows["cloud-secrets"].remedy
    assert {row.id for row in rows.values() if row.state != "green"} == {"cloud-secrets"}
    assert by_id(weak.weaknesses(settings))["setting egress.never"].state == "yellow"


class Leaky:
    """A sandbox that says what one with holes would say; nothing is run."""

    def __init__(self, output: str, files: dict[str, bytes] | None = None) -> None:
        self.result = JobResult(status="exited", exit_code=0, seconds=0.1, output=output, files=files or {})

    def run(self, job: Job) -> JobResult:
        return self.result

    def install(self, install: Install) -> Installed:
        raise AssertionError

    def describe(self) -> str:
        return "leaky"

    def weaker(self) -> tuple[str, ...]:
        return ()


def leaky(folder: Path, output: str, **files: bytes) -> dict[str, Tried]:
    made = planted(folder)
    cell = Cell(Leaky(output.format(**made.model_dump()), files), "0" * 40)
    return by_id([*walls.attacks(cell, folder, made), *bombs.attacks(cell)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("output", "row"),
    [
        ('{{"devices": ["lo", "eth0"]}}', "network"), ('{{"devices": ["lo"], "DNS": "worked"}}', "egress"),
        ('{{"loopback": "worked"}}', "host-servers"), ("{environment}", "processes"), ("{home}", "files"),
        ('{{"ptrace": "worked"}}', "system-calls"), ("app.py run.sh left", "lasting"), ('{{"inside": false}}', "walls"),
    ],
)  # fmt: skip
def test_each_hole_of_a_sandbox_is_its_row(tmp_path: Path, output: str, row: str) -> None:
    assert leaky(tmp_path, output)[row].state == "red"


def test_files_that_come_back_through_links_are_seen(tmp_path: Path) -> None:
    rows = leaky(tmp_path, "", leak=b"x")
    assert (rows["links-out"].state, rows["planted-code"].state) == ("red", "red")


def test_no_bomb_is_started_where_the_walls_are_not_seen(tmp_path: Path) -> None:
    rows = leaky(tmp_path, '{{"inside": false}}')
    assert all("not tried" in rows[each.id].held for each in bombs.ALL[1:])


def test_a_secret_is_known_again_in_disguise() -> None:
    import base64

    made = canaries.made()
    for disguise in (made.home.encode().hex(), base64.b64encode(f"xy{made.home}z".encode()).decode()):
        assert canaries.leaked(f"... {disguise} ...", (made.environment, made.home)) == (made.home,)
    assert canaries.leaked("nothing", (made.home,)) == ()


def one(**tables: Any) -> Settings:
    return Settings.model_validate(tables)


FAR = {"name": "x", "wire": "openai", "url": "https://api.example.com/v1", "tier": "frontier"}


@pytest.mark.parametrize(
    ("settings", "name", "state"),
    [
        (one(line={"ceiling": "frontier"}), "line.ceiling = frontier", "yellow"),
        (one(github={"start_ci": "auto"}), "github.start_ci = auto", "yellow"),
        (one(github={"roles": {"fix": "triage"}}), "github.roles.fix = triage", "red"),
        (one(endpoints={"x": {**FAR, "tier": "local"}}), "endpoints.x.tier = local", "yellow"),
        (one(endpoints={"x": {**FAR, "url": "http://api.example.com"}}), "endpoints.x.url", "red"),
        (one(endpoints={"x": FAR}, budget={"day_usd": None}), "budget.day_usd", "yellow"),
        (one(budget={"run_minutes": None}), "budget.run_minutes", "yellow"),
        (one(serve={"host": "0.0.0.0"}), "serve.host = 0.0.0.0", "red"),
        (one(serve={"log_prompts": True}), "serve.log_prompts", "yellow"),
        (one(sandbox={"hosts": ["*.example.com"]}), "sandbox.hosts = *.example.com", "yellow"),
        (one(memory={"shared_approvals": True}), "memory.shared_approvals", "yellow"),
    ],
)
def test_a_weaker_setting_is_a_row_with_its_name(settings: Settings, name: str, state: str) -> None:
    row = by_id(weak.weaknesses(settings, {}))[f"setting {name}"]
    assert row.state == state
    assert row.remedy


def test_settings_that_narrow_what_leaves_are_not_weak() -> None:
    settings = one(line={"ceiling": "frontier"}, egress={"frontier": {"allow": ["src/"]}})
    assert not any("ceiling" in row.id for row in weak.weaknesses(settings, {}))


def test_unsigned_tickets_are_red_in_a_workflow() -> None:
    rows = by_id(weak.weaknesses(Settings(), {"GITHUB_ACTIONS": "true"}))
    assert rows["setting FACTORY_GATE_PUBLIC"].state == "red"


def test_the_command_exits_with_1_and_says_what_to_do(tmp_path: Path) -> None:
    done = factory(tmp_path / "state", "doctor", "--attack", "--sandbox", "none", "--json")
    rows = {row["id"]: row for row in result_rows(done.stdout)}
    assert done.returncode == 1
    assert rows["fork-bomb"]["state"] == "red"
    assert "--sandbox none" in rows["fork-bomb"]["remedy"]
    assert not (tmp_path / "state").exists()


def result_rows(text: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(text)
    return rows
