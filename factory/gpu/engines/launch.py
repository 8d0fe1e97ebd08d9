"""How an engine is started, and what an engine module must offer."""

from dataclasses import dataclass
from typing import Protocol

from factory.contracts.engines import EngineKind, ModelSettings
from factory.gpu.engines.wire import Server

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Launch:
    """One server process to be: its command line, and what is added to its environment."""

    name: str  # the model's name in the settings
    kind: EngineKind
    argv: tuple[str, ...]
    env: dict[str, str]
    port: int
    gpus: tuple[int, ...]  # indices in the order of the PCI bus, as NVML counts; () = no card
    served: str = ""  # the name under which the engine answers requests
    sleeps: bool = False  # can give its memory back without ending


class Engine(Protocol):
    """An engine is a module with these names (STYLE 8)."""

    HEALTH: str
    """Path that answers 200 once it serves."""
    VERSION: tuple[str, str]
    """Path and key of its version."""
    METRICS: dict[str, tuple[str, ...]]
    """Our names of what is measured → its own ones, newest first. Empty: it measures nothing."""

    def prepare(
        self, name: str, model: ModelSettings, port: int, gpus: tuple[int, ...], share: float | None
    ) -> Launch: ...

    def load(self, server: Server, launch: Launch, timeout_s: float) -> None:
        """What is left to do once it answers. Raises WireProblem."""
        ...

    def sleep(self, server: Server, launch: Launch, level: int) -> None:
        """Gives the memory of its cards back. Raises WireProblem."""
        ...

    def wake(self, server: Server, launch: Launch, level: int) -> None:
        """Undoes `sleep(level)`. Raises WireProblem."""
        ...


def on_cards(gpus: tuple[int, ...]) -> dict[str, str]:
    """The environment that shows a process these cards only. CUDA's own order is by speed; ours is NVML's."""
    if not gpus:
        return {}
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": ",".join(map(str, gpus))}
