"""The clock of every command. Only the simulator has another: one that sleeping moves on."""

import fcntl
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


class SystemClock:
    """Implements contracts.seams.Clock. With $FACTORY_CLOCK it is the simulator's: real time and the seconds that this
    file holds, and who sleeps moves it on instead of waiting."""

    def __init__(self) -> None:
        self._ahead = Path(os.environ["FACTORY_CLOCK"]) if os.environ.get("FACTORY_CLOCK") else None

    def now(self) -> str:
        moment = datetime.now(UTC) + timedelta(seconds=self._skipped())
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped()

    def sleep(self, seconds: float) -> None:
        if self._ahead is None:
            time.sleep(seconds)
        else:
            skip(self._ahead, self._skipped() + seconds)

    def _skipped(self) -> float:
        return float(self._ahead.read_text(encoding="ascii") or 0) if self._ahead else 0.0


def skip(clock: Path, seconds: float) -> None:
    """The simulator's clock is at least this far ahead of real time from now on; it never goes back."""
    with clock.open("r+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if seconds > float(file.read() or 0):
            file.seek(0)
            file.write(f"{seconds:020.6f}")  # always as long: who reads meanwhile sees one or the other
