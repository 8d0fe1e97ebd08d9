"""Renting through SkyPilot: `vllm serve` on a machine that opens no port, reached through an SSH tunnel.

SkyPilot runs in its own environment (`uv tool install 'skypilot[vast]'`), see inside/sky_worker.py. Its own autostop
watches jobs, not traffic, so it is only the last net: each machine is told to end itself after RENEW_MINUTES, and told
again while the keeper looks after it.
"""

import os
import shlex
import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from factory.contracts.errors import UsageProblem
from factory.contracts.record import Json
from factory.contracts.rented import RentedSettings
from factory.rented.seam import PREFIX, Machine, Quote, RentalProblem, Standing
from factory.rented.tunnel import REMOTE_PORT, Tunnel
from factory.rented.worker import Worker

SCRIPT = Path(__file__).parent / "inside" / "sky_worker.py"
CALL_S = 90.0  # of one call; the first one also imports SkyPilot and starts its server
DESTROY_S = 240.0
RENEW_MINUTES = 15
RENEW_S = 300.0
QUIET = {"SKYPILOT_DISABLE_USAGE_COLLECTION": "1"}


class SkyPilot:
    """Implements seam.Renter for one [rented.NAME] or several in the same environment."""

    def __init__(
        self, rented: Mapping[str, RentedSettings], folder: Path, environment: Mapping[str, str] = os.environ
    ) -> None:
        self._rented = rented
        self._folder = folder
        self._environment = environment
        self._worker = Worker((python_of(rented, environment), str(SCRIPT)), folder / "skypilot.log", QUIET)
        self._tunnels: dict[str, Tunnel] = {}
        self._renewed: dict[str, float] = {}
        self._lock = threading.Lock()

    def quote(self, rented: RentedSettings) -> Quote:
        gpu, count = gpus_of(rented)
        found = self._worker.ask("quote", CALL_S, gpu=gpu, count=count, cloud=rented.cloud, spot=rented.spot)
        return Quote(hour_usd=_dollars(found["hour_usd"]), what=str(found["what"]))

    def launch(self, rented: RentedSettings, label: str) -> Machine:
        minutes = int(rented.start_minutes) + RENEW_MINUTES
        task, resources = task_of(rented, self._environment), resources_of(rented)
        found = self._worker.ask("launch", CALL_S, label=label, task=task, resources=resources, minutes=minutes)
        return Machine(label=label, id=str(found["id"]), since=time.time())

    def status(self, machine: Machine) -> Standing:
        cloud = self._cloud(machine)
        found = self._worker.ask("status", CALL_S, label=machine.label, request=machine.id, cloud=cloud)
        hour = None if found["hour_usd"] is None else _dollars(found["hour_usd"])
        if found["state"] != "running":
            return Standing(state=found["state"], hour_usd=hour, why=str(found["why"]))
        self._renew(machine)
        try:
            answers = self._tunnel(machine).answers()
        except RentalProblem as problem:
            return Standing(state="starting", hour_usd=hour, why=str(problem))
        return Standing(state="up" if answers else "starting", hour_usd=hour)

    def endpoint(self, machine: Machine) -> str:
        return f"http://127.0.0.1:{self._tunnel(machine).port}/v1"

    def destroy(self, machine: Machine) -> None:
        with self._lock:
            tunnel = self._tunnels.pop(machine.label, None)
            self._renewed.pop(machine.label, None)
        if tunnel:
            tunnel.close()
        cloud = self._cloud(machine)
        self._worker.ask("destroy", DESTROY_S, label=machine.label, request=machine.id, cloud=cloud)

    def labelled(self) -> Sequence[Machine]:
        return _machines(self._worker.ask("listed", CALL_S))

    def close(self) -> None:
        """The tunnels and the worker; no machine is ended."""
        with self._lock:
            tunnels = list(self._tunnels.values())
            self._tunnels.clear()
        for tunnel in tunnels:
            tunnel.close()
        self._worker.close()

    def _tunnel(self, machine: Machine) -> Tunnel:
        with self._lock:
            log = self._folder / f"{machine.label}.ssh.log"
            tunnel = self._tunnels.setdefault(machine.label, Tunnel(machine.label, log))
        tunnel.open()
        return tunnel

    def _renew(self, machine: Machine) -> None:
        with self._lock:
            due = time.monotonic() - self._renewed.get(machine.label, -RENEW_S) >= RENEW_S
        if due:
            self._worker.ask("renew", CALL_S, label=machine.label, minutes=RENEW_MINUTES)
            with self._lock:
                self._renewed[machine.label] = time.monotonic()

    def _cloud(self, machine: Machine) -> str:
        name = machine.label.removeprefix(PREFIX).partition("-")[2]
        return self._rented[name].cloud if name in self._rented else "vast"


class Vast:
    """Implements seam.Labelled on Vast's own list: what SkyPilot has forgotten is found here."""

    def __init__(self, python: str, folder: Path) -> None:
        self._worker = Worker((python, str(SCRIPT)), folder / "vast.log", QUIET)

    def labelled(self) -> Sequence[Machine]:
        return _machines(self._worker.ask("on_vast", CALL_S))

    def destroy(self, machine: Machine) -> None:
        if not machine.label.startswith(PREFIX) or not machine.id.isdigit():
            raise RentalProblem(f"{machine.label} ({machine.id}) is none of ours.")
        self._worker.ask("destroy_on_vast", CALL_S, id=machine.id)

    def close(self) -> None:
        self._worker.close()


@dataclass(frozen=True)
class Clouds:
    """What a reaper looks through: SkyPilot's own list, and what can be asked past it."""

    sky: SkyPilot
    others: tuple[Vast, ...]

    def close(self) -> None:
        self.sky.close()
        for cloud in self.others:
            cloud.close()


def clouds_of(
    rented: Mapping[str, RentedSettings], folder: Path, environment: Mapping[str, str] = os.environ
) -> Clouds:
    """Vast is asked past SkyPilot where a table rents there, or where there is no table any more."""
    vast = not rented or any(each.cloud == "vast" for each in rented.values())
    others = (Vast(python_of(rented, environment), folder),) if vast else ()
    return Clouds(SkyPilot(rented, folder, environment), others)


def task_of(rented: RentedSettings, environment: Mapping[str, str]) -> Json:
    """What runs there, as sky.Task takes it. Raises UsageProblem when a secret is not in our environment."""
    missing = [name for name in rented.secrets if not environment.get(name)]
    if missing:
        raise UsageProblem(f"The environment lacks {', '.join(missing)}: `secrets` of the rented machine names it.")
    _, count = gpus_of(rented)
    serve = (
        "vllm", "serve", rented.model, "--host", "127.0.0.1", "--port", str(REMOTE_PORT),
        "--max-model-len", str(rented.context), "--tensor-parallel-size", str(count), *rented.args,
    )  # fmt: skip
    setup = (
        "set -e",
        "python3 -m pip install -q uv",
        "python3 -m uv venv -q --seed --allow-existing --python 3.12 ~/serving",
        f"python3 -m uv pip install -q -p ~/serving {shlex.quote(rented.vllm)}",
    )
    run = f"exec ~/serving/bin/{shlex.join(serve)}"
    return {
        "setup": "\n".join(setup), "run": run, "secrets": {name: environment[name] for name in rented.secrets},
    }  # fmt: skip


def resources_of(rented: RentedSettings) -> Json:
    """What is rented, as sky.Resources takes it. No ports: none is opened."""
    return {
        "infra": rented.cloud, "accelerators": rented.gpus, "use_spot": rented.spot, "disk_size": rented.disk_gib,
        "max_hourly_cost": float(rented.hour_usd),
    }  # fmt: skip


def gpus_of(rented: RentedSettings) -> tuple[str, int]:
    """`RTX4090:2` → ("RTX4090", 2)."""
    name, _, count = rented.gpus.partition(":")
    if not name or (count and not (count.isdigit() and int(count) > 0)):
        raise UsageProblem(f"gpus = {rented.gpus!r} is not NAME:COUNT, for example RTX4090:2.")
    return name, int(count or 1)


def python_of(rented: Mapping[str, RentedSettings], environment: Mapping[str, str]) -> str:
    """The Python that has SkyPilot: as set, else the one beside `sky`. Raises UsageProblem when there is none."""
    named = next((each.python for each in rented.values() if each.python), "")
    if named:
        return str(Path(named).expanduser())
    sky = shutil.which("sky", path=environment.get("PATH"))
    if sky:
        beside = Path(sky).resolve().parent / "python"
        if beside.exists():
            return str(beside)
    raise UsageProblem("SkyPilot is not installed: run `uv tool install 'skypilot[vast]'`, then `sky check`.")


def _machines(found: Json) -> tuple[Machine, ...]:
    return tuple(
        Machine(
            label=str(each["label"]), id=str(each["id"]), since=float(each["since"]),
            hour_usd=None if each.get("hour_usd") is None else _dollars(each["hour_usd"]),
        )
        for each in found["machines"]
        if str(each["label"]).startswith(PREFIX)
    )  # fmt: skip


def _dollars(value: object) -> Decimal:
    return Decimal(str(value))
