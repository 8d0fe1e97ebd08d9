"""Who is ended and who is spared."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from factory.ledger.process import this_process
from factory.rented.held import Held, gateway_of, save
from factory.rented.reaper import GRACE_S, RESTART_S, STALE_S, judge, reap
from factory.rented.seam import Machine, RentalProblem, label_of
from tests.rented.test_skypilot import STAND_INS
from tests.rented.virtual import NAME, Day

GATEWAY, OTHER = "00c0ffee", "0badcafe"
NOW = 10**6
LABEL = label_of(GATEWAY, NAME)
MACHINE = Machine(label=LABEL, since=NOW - 3600)
HELD = Held(
    name=NAME, label=LABEL, phase="up", since=NOW - 3600, allowance=86_400, holder=this_process(), beat=NOW - 30
)
DEAD = "elsewhere 1 gone".replace("elsewhere", this_process().split()[0])


@pytest.mark.parametrize(
    ("held", "fate"),
    [
        (HELD, "keep"),
        (HELD.but(phase="off"), "destroy"),
        (HELD.but(holder=DEAD), "keep"),  # a gateway that is being restarted
        (HELD.but(holder=DEAD, beat=NOW - RESTART_S - 1), "destroy"),
        (HELD.but(beat=NOW - RESTART_S - 1), "keep"),
        (HELD.but(beat=NOW - STALE_S - 1), "destroy"),  # it lives, but is stuck
        (HELD.but(allowance=3600 - GRACE_S - 1), "destroy"),
        (HELD.but(label=label_of(GATEWAY, "small")), "destroy"),
    ],
)
def test_a_claim_is_a_fresh_record_of_a_living_gateway(held: Held, fate: str) -> None:
    assert judge(MACHINE, [held], GATEWAY, NOW, everybody=False).fate == fate


def test_others_machines_are_left_alone_unless_all_is_said() -> None:
    other = Machine(label=label_of(OTHER, NAME))
    assert judge(other, [], GATEWAY, NOW, everybody=False).fate == "other"
    assert judge(other, [], GATEWAY, NOW, everybody=True).fate == "destroy"
    assert judge(Machine(label="somebody-else"), [], GATEWAY, NOW, everybody=True).fate == "other"


class Silent:
    def labelled(self) -> tuple[Machine, ...]:
        raise RentalProblem("The cloud does not answer.")

    def destroy(self, machine: Machine) -> None:
        raise AssertionError


def test_one_silent_cloud_does_not_shield_the_others(folder: Path) -> None:
    day = Day(folder)
    day.ask()
    day.run(120)
    day.kill()
    with pytest.raises(RentalProblem):
        reap([Silent(), day.cloud], folder, day.tenancy.wall() + STALE_S, yes=True)
    assert not day.cloud.alive()


@pytest.fixture
def account(tmp_path: Path) -> dict[str, str]:
    """An environment in which Vast's stand-in lists two instances, one of them ours."""
    (tmp_path / "factory.toml").write_text(
        f'[rented.big]\nmodel = "m"\ngpus = "X:1"\nhour_usd = 0.5\npython = "{sys.executable}"\n'
    )
    label = label_of(gateway_of(tmp_path / "state" / "rented"), NAME)
    ours = {"id": 7, "label": f"{label}-0a1b2c3d-head", "dph_total": 0.44, "start_date": 5.0}
    (tmp_path / "says").write_text(json.dumps({"instances": [ours, {"id": 8, "label": "theirs"}]}))
    return {
        **os.environ, "PYTHONPATH": str(STAND_INS), "STATE": str(tmp_path / "says"), "ASKED": str(tmp_path / "asked"),
        "FACTORY_STATE": str(tmp_path / "state"),
    }  # fmt: skip


def test_the_command_lists_first_and_ends_when_told(tmp_path: Path, account: dict[str, str]) -> None:
    def reap_them(*more: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "factory.cli", "gpu", "reap", "--config", str(tmp_path / "factory.toml"), *more]
        return subprocess.run(argv, env=account, capture_output=True, text=True, check=False, timeout=120)

    listed = reap_them()
    assert listed.returncode == 1, listed.stderr
    assert "nobody claims it" in listed.stdout
    assert not (tmp_path / "asked").exists()
    ended = reap_them("--yes", "--json")
    assert ended.returncode == 0, ended.stderr
    assert [verdict["done"] for verdict in json.loads(ended.stdout)] == [True]
    assert json.loads((tmp_path / "asked").read_text()) == {"call": "destroy_instance", "id": 7}


def test_a_held_record_is_read_back(folder: Path) -> None:
    gateway_of(folder)
    save(folder, HELD)
    assert Held.from_json((folder / f"{NAME}.json").read_text()) == HELD
