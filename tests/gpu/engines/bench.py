"""Engines to test with: the fake one as a real process, on a free port, in a folder of the test."""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from factory.app import SystemClock
from factory.contracts.engines import ModelSettings
from factory.gpu.engines.process import Process
from factory.gpu.engines.registry import launch

FAKE = Path(__file__).parents[1] / "fake_engine.py"
PATIENCE = 30.0  # seconds: others use the machine too


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def fake_model(*args: str, **changes: object) -> ModelSettings:
    about = {"engine": "vllm", "model": "any", "gib": 8, "program": (sys.executable, "-S", str(FAKE)), "args": args}
    return ModelSettings.model_validate({**about, **changes})


@contextmanager
def engine(folder: Path, *args: str, name: str = "tiny", **changes: object) -> Iterator[Process]:
    """A fake engine that is ended afterwards; it is not started."""
    made = Process(launch(name, fake_model(*args, **changes), free_port(), (0,)), folder, SystemClock())
    try:
        yield made
    finally:
        made.stop(0)


@contextmanager
def ready(folder: Path, *args: str, **changes: object) -> Iterator[Process]:
    with engine(folder, *args, **changes) as made:
        made.start()
        made.wait_ready(PATIENCE)
        yield made


def until(true: Callable[[], object], what: str) -> None:
    end = monotonic() + PATIENCE
    while not true():
        assert monotonic() < end, what
        sleep(0.01)
