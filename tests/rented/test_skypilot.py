"""What is ordered through SkyPilot, and what is made of its answers: against a stand-in of its client."""

import json
import os
import shlex
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from factory.contracts.errors import UsageProblem
from factory.contracts.record import Json
from factory.rented.inside import sky_worker
from factory.rented.seam import Machine, NoOffer, RentalProblem, Standing, label_of
from factory.rented.skypilot import SCRIPT, SkyPilot, Vast, gpus_of, python_of, resources_of, task_of
from factory.rented.worker import Worker
from tests.rented.virtual import NAME, RENTED

STAND_INS = Path(__file__).parent.parent / "data" / "rented"
LABEL = label_of("00c0ffee", NAME)
MACHINE = Machine(label=LABEL, id="request-1")


class Stand:
    """A worker whose SkyPilot is the stand-in."""

    def __init__(self, folder: Path) -> None:
        self.state, self.asked_file = folder / "state.json", folder / "asked"
        self.says()
        environment = {"PYTHONPATH": str(STAND_INS), "STATE": str(self.state), "ASKED": str(self.asked_file)}
        self.worker = Worker((sys.executable, str(SCRIPT)), folder / "log", environment)
        self.cloud = SkyPilot({NAME: RENTED.but(python=sys.executable)}, folder)
        self.cloud._worker = self.worker
        self.vast = Vast(sys.executable, folder)
        self.vast._worker = self.worker

    def says(self, **state: object) -> None:
        self.state.write_text(json.dumps(state))

    def asked(self, call: str) -> list[Json]:
        rows = [json.loads(line) for line in self.asked_file.read_text().splitlines()]
        return [row for row in rows if row["call"] == call]


@pytest.fixture
def stand(tmp_path: Path) -> "Stand":
    return Stand(tmp_path)


def test_what_runs_there_listens_on_its_own_loopback_only() -> None:
    rented = RENTED.but(model="a/b; rm -rf ~", gpus="H100:2", args=("--quantization", "fp8 $(x)"), vllm="vllm==0.32.0")
    task = task_of(rented, {})
    argv = shlex.split(task["run"].removeprefix("exec "))
    assert argv[1:3] == ["serve", "a/b; rm -rf ~"]
    assert argv[argv.index("--host") + 1] == "127.0.0.1"
    assert argv[argv.index("--tensor-parallel-size") + 1] == "2"
    assert argv[-2:] == ["--quantization", "fp8 $(x)"]
    assert "vllm==0.32.0" in task["setup"]
    assert "ports" not in resources_of(rented)
    assert resources_of(rented)["max_hourly_cost"] == 0.5


def test_secrets_go_as_secrets_and_must_be_there() -> None:
    rented = RENTED.but(secrets=("HF_TOKEN",))
    task = task_of(rented, {"HF_TOKEN": "hf_secret"})
    assert task["secrets"] == {"HF_TOKEN": "hf_secret"}
    assert "hf_secret" not in task["run"] + task["setup"]
    with pytest.raises(UsageProblem, match="HF_TOKEN"):
        task_of(rented, {})


def test_gpus_are_named_and_counted() -> None:
    assert gpus_of(RENTED.but(gpus="H100")) == ("H100", 1)
    with pytest.raises(UsageProblem, match="NAME:COUNT"):
        gpus_of(RENTED.but(gpus="H100:many"))


def test_its_python_is_named_or_beside_sky(tmp_path: Path) -> None:
    assert python_of({NAME: RENTED.but(python="/opt/sky/bin/python")}, {}) == "/opt/sky/bin/python"
    with pytest.raises(UsageProblem, match="uv tool install"):
        python_of({NAME: RENTED}, {"PATH": str(tmp_path)})
    for name in ("sky", "python"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert python_of({NAME: RENTED}, {"PATH": str(tmp_path)}) == str(tmp_path / "python")


def test_the_cheapest_offer_is_quoted(stand: Stand) -> None:
    offer = {"accelerator_count": 1, "price": 0.5, "spot_price": 0.2, "instance_type": "1x-X", "region": "US"}
    stand.says(offers=[offer, {**offer, "price": 0.41}, {**offer, "price": float("nan")}])
    assert stand.cloud.quote(RENTED).hour_usd == Decimal("0.41")
    assert stand.cloud.quote(RENTED.but(spot=True)).hour_usd == Decimal("0.2")
    stand.says()
    with pytest.raises(NoOffer):
        stand.cloud.quote(RENTED)


def test_a_machine_ends_itself_unless_it_is_renewed(stand: Stand) -> None:
    assert stand.cloud.launch(RENTED, LABEL).id == "request-1"
    order = stand.asked("launch")[0]
    assert order == {"call": "launch", "name": LABEL, "minutes": "35", "wait_for": "none", "down": "True"}
    stand.worker.ask("renew", 30, label=LABEL, minutes=15)
    assert stand.asked("autostop")[0]["down"] == "True"


def test_a_refused_order_is_told_from_one_without_an_answer(stand: Stand) -> None:
    stand.says(refuse=True)
    with pytest.raises(NoOffer, match="no such machine"):
        stand.cloud.launch(RENTED, LABEL)
    stand.worker.close()
    slow = Worker((sys.executable, "-c", "import time; time.sleep(60)"), stand.state.with_name("slow.log"))
    with pytest.raises(RentalProblem, match="nothing within") as silent:
        slow.ask("launch", 0.2)
    assert not isinstance(silent.value, NoOffer)
    ended = Worker((sys.executable, "-c", "raise SystemExit"), stand.state.with_name("ended.log"))
    with pytest.raises(RentalProblem):
        ended.ask("launch", 30)
    with pytest.raises(UsageProblem, match="skypilot"):
        Worker(("/nowhere/python",), stand.state.with_name("none.log")).ask("launch", 30)


@pytest.mark.parametrize(
    ("said", "standing"),
    [
        ({}, Standing(state="gone")),
        ({"request": {"status": "RUNNING", "status_msg": None}}, Standing(state="starting")),
        ({"request": {"status": "FAILED", "status_msg": "a\nno offer"}}, Standing(state="gone", why="no offer")),
        ({"clusters": [{"name": LABEL, "status": "INIT"}]}, Standing(state="starting")),
        ({"clusters": [{"name": LABEL, "status": "STOPPED"}]}, Standing(state="stopped")),
        (
            {"clusters": [{"name": LABEL, "status": "INIT"}], "request": {"status": "FAILED", "status_msg": "setup"}},
            Standing(state="stopped", why="setup"),
        ),
    ],
)
def test_how_it_stands(stand: Stand, said: Json, standing: Standing) -> None:
    stand.says(**said)
    assert stand.cloud.status(MACHINE) == standing


def test_vast_says_the_real_price(stand: Stand) -> None:
    own = {"id": 7, "label": f"{LABEL}-0a1b2c3d-head", "dph_total": 0.44, "start_date": 5.0}
    foreign = {"id": 8, "label": "somebody-else", "dph_total": 9, "start_date": 5.0}
    stand.says(clusters=[{"name": LABEL, "status": "INIT"}], instances=[own, foreign, {"id": 9, "label": None}])
    assert stand.cloud.status(MACHINE).hour_usd == Decimal("0.44")
    assert stand.vast.labelled() == (Machine(label=LABEL, id="7", since=5.0, hour_usd=Decimal("0.44")),)
    stand.vast.destroy(stand.vast.labelled()[0])
    assert stand.asked("destroy_instance") == [{"call": "destroy_instance", "id": 7}]
    with pytest.raises(RentalProblem):
        stand.vast.destroy(Machine(label="somebody-else", id="8"))


def test_destroying_ends_order_cluster_and_what_vast_still_has(stand: Stand) -> None:
    own = {"id": 7, "label": f"{LABEL}-0a1b2c3d-head", "dph_total": 0.44, "start_date": 5.0}
    stand.says(request={"status": "RUNNING", "status_msg": ""}, instances=[own])
    stand.cloud.destroy(MACHINE)
    assert stand.asked("api_cancel")[0]["requests"] == "['request-1']"
    assert stand.asked("down")[0]["name"] == LABEL
    assert stand.asked("destroy_instance")[0]["id"] == 7


@pytest.mark.network
def test_the_real_skypilot_has_what_is_called(tmp_path: Path) -> None:
    """Names, parameters, and that it takes our task; nothing is ordered."""
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run(["uv", "venv", "-q", "--python", sys.executable, tmp_path / "env"], check=True)
    subprocess.run(["uv", "pip", "install", "-q", "-p", python, "skypilot[vast]>=0.14"], check=True)
    known = {"task": task_of(RENTED.but(secrets=("T",)), {"T": "x"}), "resources": resources_of(RENTED)}
    script = Path(__file__).with_name("real_skypilot.py")
    environment = {**os.environ, "HOME": str(tmp_path), "SKYPILOT_DISABLE_USAGE_COLLECTION": "1"}
    done = subprocess.run(
        [python, script, json.dumps(known)], env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "all there" in done.stdout


def test_every_call_is_known_by_its_name() -> None:
    assert set(sky_worker.CALLS) >= {"quote", "launch", "status", "renew", "destroy", "listed", "on_vast"}
