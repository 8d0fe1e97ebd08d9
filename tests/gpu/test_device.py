"""The cards: the double over several processes, NVML's answers as records, and which of the two is chosen."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from factory.contracts.errors import Stopped
from factory.gpu.device import GIB, Use, device_for
from factory.gpu.double import change, make
from factory.gpu.nvml import Nvml
from factory.gpu.owner import Owner, owner, started

HOLDER = """
import sys
from pathlib import Path
from factory.gpu.double import DeviceDouble
print(DeviceDouble(Path(sys.argv[1])).hold(0, int(sys.argv[2]), residue=int(sys.argv[3])), flush=True)
sys.stdin.read()
"""


def holder(path: Path, held: int, residue: int = 0) -> "subprocess.Popen[str]":
    made = subprocess.Popen(
        [sys.executable, "-c", HOLDER, path, str(held), str(residue)],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert made.stdout
    assert made.stdout.readline().strip() in ("True", "False")
    return made


def test_what_a_killed_process_held_is_free_but_for_its_residue(tmp_path: Path) -> None:
    device = make(tmp_path / "cards.json")
    base = device.cards()[0].used
    with holder(tmp_path / "cards.json", 20 * GIB, 2 * GIB) as process:
        (card,) = device.cards()
        assert card.used == base + 20 * GIB
        assert card.processes == (Use(process.pid, 20 * GIB),)
        assert not device.hold(0, 5 * GIB), "more than there is"
        process.kill()
    assert device.cards()[0].used == base + 2 * GIB
    assert device.cards()[0].processes == ()
    assert (device.most(0), device.refused()) == (base + 20 * GIB, 1)
    device.clear(0)
    assert device.cards()[0].used == base


def test_a_process_changes_what_it_holds(tmp_path: Path) -> None:
    device = make(tmp_path / "cards.json", cards=2, lanes=4)
    change(tmp_path / "cards.json", 1, lanes=16, name="NVIDIA GeForce RTX 3090 Ti")
    for held in (3 * GIB, 1 * GIB, 0):
        assert device.hold(1, held)
        assert [use.bytes for use in device.cards()[1].processes or ()] == ([held] if held else [])
    assert [card.lanes for card in device.cards()] == [4, 16]


def test_the_environment_chooses_and_a_double_says_that_it_is_one(tmp_path: Path) -> None:
    make(tmp_path / "cards.json", host_free=5)
    device = device_for({"FACTORY_DEVICE": str(tmp_path / "cards.json")})
    assert "stand-in" in device.kind
    assert device.host_free() == 5
    assert device_for({}).kind == "NVIDIA's driver"


class Library:
    """What pynvml answers for one card, in its own structures; two questions are not supported by this card."""

    def __init__(self) -> None:
        import pynvml  # type: ignore[import-untyped]

        self.NVMLError = pynvml.NVMLError
        self.NVMLError_NotSupported = pynvml.NVMLError_NotSupported
        self.NVMLError_FunctionNotFound = pynvml.NVMLError_FunctionNotFound
        self.NVMLError_NoPermission = pynvml.NVMLError_NoPermission
        self.NVML_TEMPERATURE_GPU = pynvml.NVML_TEMPERATURE_GPU
        self.known = pynvml
        self.answers: dict[str, Any] = {
            "nvmlDeviceGetCount": 1, "nvmlDeviceGetHandleByIndex": "handle", "nvmlDeviceGetName": b"RTX 3090",
            "nvmlDeviceGetUUID": "GPU-1", "nvmlDeviceGetCurrPcieLinkWidth": 4, "nvmlDeviceGetMaxPcieLinkWidth": 16,
            "nvmlDeviceGetMemoryInfo": pynvml.c_nvmlMemory_t(total=24 * GIB, free=20 * GIB, used=3 * GIB),
            "nvmlDeviceGetEnforcedPowerLimit": 280_000, "nvmlDeviceGetTemperature": 51,
            "nvmlDeviceGetComputeRunningProcesses": [SimpleNamespace(pid=7, usedGpuMemory=GIB)],
            "nvmlDeviceGetGraphicsRunningProcesses": [
                SimpleNamespace(pid=7, usedGpuMemory=GIB), SimpleNamespace(pid=9, usedGpuMemory=None),
            ],
            "nvmlDeviceGetPowerManagementDefaultLimit": pynvml.NVMLError_NotSupported(pynvml.NVML_ERROR_NOT_SUPPORTED),
            "nvmlDeviceGetTemperatureV": pynvml.NVMLError_FunctionNotFound(pynvml.NVML_ERROR_FUNCTION_NOT_FOUND),
        }  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        assert callable(getattr(self.known, name)), f"pynvml has no {name}"

        def answer(*_: object) -> Any:
            found = self.answers[name]
            if isinstance(found, Exception):
                raise found
            return found

        return answer


def test_nvml_becomes_a_record() -> None:
    (card,) = Nvml(Library()).cards()
    assert (card.index, card.name, card.uuid) == (0, "RTX 3090", "GPU-1")
    assert (card.total, card.used, card.free) == (24 * GIB, 4 * GIB, 20 * GIB)
    assert (card.lanes, card.lanes_max, card.watts, card.watts_default, card.celsius) == (4, 16, 280, None, 51)
    assert card.processes == (Use(7, GIB), Use(9, None))


def test_a_driver_that_does_not_answer_is_a_stop_with_a_remedy() -> None:
    library = Library()
    library.answers["nvmlDeviceGetMemoryInfo"] = library.NVMLError(library.known.NVML_ERROR_GPU_IS_LOST)
    with pytest.raises(Stopped, match="nvidia-smi") as stop:
        Nvml(library).cards()
    assert stop.value.reason == "state_unusable"


def test_a_pid_alone_is_nobody() -> None:
    me = owner()
    assert me.alive
    assert not Owner(me.pid, me.started - 1).alive
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert started(process.pid) is None
    assert not owner(process.pid).alive


@pytest.mark.gpu
def test_a_real_card_answers() -> None:
    device = Nvml()
    try:
        cards = device.cards()
    except Stopped as problem:
        pytest.skip(f"not run: no NVIDIA card here ({problem})")
    assert cards
    for card in cards:
        assert 0 < card.used < card.total
        assert card.uuid.startswith("GPU-")
