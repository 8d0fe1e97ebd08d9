"""A fleet on the device double, with stand-ins for vLLM as real processes."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.app import SystemClock
from factory.contracts.engines import ModelSettings, ProfileSettings
from factory.contracts.record import Json
from factory.gpu.double import DeviceDouble, make
from factory.gpu.fleet import Fleet
from factory.gpu.swaps import Rules
from factory.settings import Settings

ENGINE = Path(__file__).with_name("fake_engine.py")
LONG_S = 60.0  # nothing takes so long but on a machine that hangs


def model(folder: Path, gib: float = 16, *flags: str, **more: Any) -> ModelSettings:
    """`flags`: of tests/gpu/fake_engine.py."""
    said = {"engine": "vllm", "model": "any", "gib": gib, "load_s": 0.5, "start_s": LONG_S, "asleep_gib": 2}
    args = ("--fake-gib", str(gib), "--fake-leak-gib", "1.1", *flags)
    env = {"FACTORY_DEVICE": str(folder / "cards.json")}
    program = (sys.executable, "-S", str(ENGINE))
    return ModelSettings.model_validate({**said, "args": args, "env": env, "program": program, **more})


@dataclass
class Shelf:
    """A running fleet and what it told."""

    fleet: Fleet
    device: DeviceDouble
    folder: Path
    told: list[tuple[str, Json]] = field(default_factory=list)
    heard: threading.Condition = field(default_factory=threading.Condition)

    def notify(self, event: str, facts: Json) -> None:
        with self.heard:
            self.told.append((event, facts))
            self.heard.notify_all()

    def wait(self, event: str, **facts: object) -> Json:
        """Until it is told."""

        def found() -> list[Json]:
            return [said for name, said in self.told if name == event and facts.items() <= said.items()]

        with self.heard:
            assert self.heard.wait_for(found, LONG_S), f"{event} {facts} was not told, but: {self.told}"
            return found()[-1]

    def use(self, name: str, request: str) -> str:
        """A seat, taken and given back; returns where it was."""
        seat = self.fleet.acquire(name, request, 5).result(LONG_S)
        self.fleet.release(request)
        return seat.url

    def events(self) -> list[str]:
        return [name for name, _ in self.told]


@contextmanager
def shelf(
    folder: Path,
    models: dict[str, ModelSettings],
    profile: str = "test",
    cards: int = 1,
    host_gib: float = 256,
    **more: Any,
) -> Iterator[Shelf]:
    device = make(folder / "cards.json", cards, host_free=int(host_gib * 2**30))
    profiles = {"test": ProfileSettings(swap=("*",), min_loaded_s=0, max_wait_s=2)}
    profiles |= more.pop("profiles", {})
    settings = Settings(models=models, profiles=profiles, **more)
    box: Shelf
    rules = Rules(proof_s=1.0, failed_s=1.0)
    fleet = Fleet(
        settings, device, folder / "state", SystemClock(), lambda event, facts: box.notify(event, facts), rules=rules
    )
    box = Shelf(fleet, device, folder)
    fleet.start(profile)
    try:
        yield box
    finally:
        fleet.close()
        left = [use for card in device.cards() for use in card.processes or ()]
        assert not left, "an engine outlived its fleet"


def until(what: Any, seconds: float = LONG_S) -> None:
    """Until `what()` is true."""
    late = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < late, "it did not come about"
        time.sleep(0.01)
