"""The seam to the cards of this machine: what they are, how much memory is in use, and by whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from factory.contracts.errors import Stopped

GIB = 1024**3
CHOSEN = "FACTORY_DEVICE"  # names a file that stands in for the cards, for demonstrations and tests


@dataclass(frozen=True, slots=True)
class Use:
    """Memory of one card in use by one process. `bytes` None: the driver does not say how much."""

    pid: int
    bytes: int | None


@dataclass(frozen=True, slots=True)
class CardState:
    """One card as it is now. Memory in bytes; `used` counts everything, the driver's own share too."""

    index: int  # in the order of the PCI bus
    name: str
    uuid: str
    total: int
    used: int
    lanes: int | None = None  # of PCIe, as they run now
    lanes_max: int | None = None
    watts: int | None = None  # the limit that is enforced
    watts_default: int | None = None
    celsius: int | None = None
    processes: tuple[Use, ...] | None = None  # None: the driver does not say who

    @property
    def free(self) -> int:
        return self.total - self.used


class Device(Protocol):
    """The cards and the host memory beside them."""

    def cards(self) -> tuple[CardState, ...]:
        """Every card, by index. Raises Stopped('state_unusable') when the driver does not answer."""
        ...

    def host_free(self) -> int:
        """Bytes of host memory that may be taken without swapping."""
        ...

    @property
    def kind(self) -> str:
        """For people: what answers. A double says that it is one."""
        ...


def device_for(environment: Mapping[str, str]) -> Device:
    """NVIDIA's driver, or the file that FACTORY_DEVICE names."""
    named = environment.get(CHOSEN, "")
    if named:
        from factory.gpu.double import DeviceDouble

        return DeviceDouble(Path(named))
    from factory.gpu.nvml import Nvml

    return Nvml()


def host_free() -> int:
    """MemAvailable of /proc/meminfo, bytes; 0 where it is not to be had."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), 0)


def unreachable(why: str) -> Stopped:
    """The stop that a silent driver means."""
    return Stopped("state_unusable", f"The cards cannot be read ({why}): does `nvidia-smi` work on this machine?")
