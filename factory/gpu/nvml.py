"""NVIDIA's cards through NVML (nvidia-ml-py). What a card or a driver does not tell is None."""

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from factory.gpu.device import CardState, Use, host_free, unreachable

if TYPE_CHECKING:
    from types import ModuleType

T = TypeVar("T")


class Nvml:
    """Implements factory.gpu.device.Device. `library`: pynvml, or what speaks like it."""

    def __init__(self, library: "ModuleType | Any" = None) -> None:
        self._given = library

    @property
    def kind(self) -> str:
        return "NVIDIA's driver"

    def cards(self) -> tuple[CardState, ...]:
        nvml = self._given or _opened()
        try:
            return tuple(_state(nvml, index) for index in range(nvml.nvmlDeviceGetCount()))
        except nvml.NVMLError as error:
            raise unreachable(str(error)) from error

    def host_free(self) -> int:
        return host_free()


@cache
def _opened() -> "ModuleType":
    """The library, initialised once a process; NVML counts its own references and is closed with the process."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise unreachable(str(error)) from error
    module: ModuleType = pynvml
    return module


def joules(library: "ModuleType | Any" = None) -> float | None:
    """What all cards have used since the driver was loaded, by their own counters; None where one does not count.

    Raises Stopped when the driver does not answer.
    """
    nvml = library or _opened()
    try:
        handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
        counted = [_told(nvml, partial(nvml.nvmlDeviceGetTotalEnergyConsumption, handle)) for handle in handles]
    except nvml.NVMLError as error:
        raise unreachable(str(error)) from error
    known = [each for each in counted if each is not None]
    return sum(known) / 1000 if known and len(known) == len(counted) else None


def _state(nvml: Any, index: int) -> CardState:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)

    def ask(name: str, *more: Any) -> Any:
        return _told(nvml, lambda: getattr(nvml, name)(handle, *more))

    return CardState(
        index=index, name=_text(nvml.nvmlDeviceGetName(handle)), uuid=_text(nvml.nvmlDeviceGetUUID(handle)),
        total=int(memory.total), used=int(memory.total - memory.free),  # versions differ in what `used` leaves out
        lanes=ask("nvmlDeviceGetCurrPcieLinkWidth"), lanes_max=ask("nvmlDeviceGetMaxPcieLinkWidth"),
        watts=_watts(ask("nvmlDeviceGetEnforcedPowerLimit")),
        watts_default=_watts(ask("nvmlDeviceGetPowerManagementDefaultLimit")),
        celsius=_celsius(ask, nvml.NVML_TEMPERATURE_GPU),
        processes=_processes(ask("nvmlDeviceGetComputeRunningProcesses"), ask("nvmlDeviceGetGraphicsRunningProcesses")),
    )  # fmt: skip


def _celsius(ask: Callable[..., Any], sensor: int) -> int | None:
    """The newer question first: drivers before it know the older one only."""
    found: int | None = ask("nvmlDeviceGetTemperatureV", sensor)
    older: int | None = ask("nvmlDeviceGetTemperature", sensor) if found is None else None
    return older if found is None else found


def _told(nvml: Any, question: Callable[[], T]) -> T | None:
    """The answer; None where this card or this driver has none."""
    try:
        return question()
    except (nvml.NVMLError_NotSupported, nvml.NVMLError_FunctionNotFound, nvml.NVMLError_NoPermission, AttributeError):
        return None


def _processes(compute: list[Any] | None, graphics: list[Any] | None) -> tuple[Use, ...] | None:
    """A process that computes and draws stands in both lists, with the same memory."""
    if compute is None:
        return None
    found = {row.pid: row.usedGpuMemory for row in (*(graphics or ()), *compute)}
    return tuple(Use(pid, None if held is None else int(held)) for pid, held in sorted(found.items()))


def _watts(milliwatts: int | None) -> int | None:
    return None if milliwatts is None else round(milliwatts / 1000)


def _text(name: str | bytes) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name
