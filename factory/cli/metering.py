"""What the cards of this box used while a run worked, from their own counters, as a note in its trail."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from factory.app import State

DRIVER = Path("/proc/driver/nvidia/version")


@contextmanager
def metered(run: str, state: "State", driver: Path = DRIVER) -> Iterator[None]:
    """Without NVIDIA's driver, or where a card does not count, nothing is noted: `ledger cost` then says so."""
    from factory.ledger.cost import ENERGY

    before = _joules(driver)
    try:
        yield
    finally:
        after = _joules(driver) if before is not None else None
        if before is not None and after is not None and after >= before:  # less: the driver was loaded anew
            state.journal.note(run, ENERGY, joules=round(after - before, 1))


def _joules(driver: Path) -> float | None:
    from factory.contracts.errors import Stopped

    if not driver.exists():
        return None
    from factory.gpu.nvml import joules

    try:
        return joules()
    except Stopped:
        return None
