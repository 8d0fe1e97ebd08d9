"""The simulator's clock: sleeping moves it, it never goes back, and all processes have the same."""

import os
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

from factory.app import SystemClock, skip

ASK = """
import sys
from factory.app import SystemClock
clock = SystemClock()
clock.sleep(float(sys.argv[1]))
print(clock.now(), clock.monotonic())
"""


def asked(clock: Path | None, seconds: float) -> tuple[float, float]:
    """(epoch seconds, monotonic) as another process has them after a sleep."""
    environment = {**os.environ, **({"FACTORY_CLOCK": str(clock)} if clock else {})}
    said = subprocess.run(
        [sys.executable, "-c", ASK, str(seconds)], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    return datetime.fromisoformat(said[0]).timestamp(), float(said[1])


def test_without_the_variable_it_is_the_machine_s() -> None:
    now, monotonic = asked(None, 0.0)
    assert abs(now - time.time()) < 60
    assert abs(monotonic - time.monotonic()) < 60
    assert abs(SystemClock().monotonic() - time.monotonic()) < 60


def test_sleeping_moves_it_for_everybody_at_once(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    before = time.monotonic()
    now, monotonic = asked(clock, 86_400.0)
    assert time.monotonic() - before < 3_600, "it waited"
    assert 86_400 <= now - time.time() + 60 < 90_000
    later, _ = asked(clock, 0.0)
    assert later >= now
    assert monotonic > before + 86_000


def test_it_never_goes_back(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    skip(clock, 500.0)
    skip(clock, 20.0)
    assert float(clock.read_text()) == 500.0
