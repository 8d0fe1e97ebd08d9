"""Where a card's memory goes: what is left for the KV cache after weights, runtime, activations and CUDA graphs.

For each card: available = utilisation · total − weights − non-torch − peak activation − CUDA graphs (since vLLM 0.21).
The last three are an estimate with a band; a boot log (`factory gpu calibrate`) knows better.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from factory.contracts.record import Record
from factory.gpu.capacity import GIB
from factory.gpu.records import Setup
from factory.gpu.weights import weight_bytes


class Memory(Record):
    """GiB of one card. `available` may be negative: then the weights alone do not fit."""

    total: float
    usable: float  # utilisation · total
    weights: float
    non_torch: float
    activation: float
    graphs: float
    available: float
    band: float  # either way

    @property
    def fits(self) -> bool:
        return self.available > 0


def memory(setup: Setup, available: float | None = None) -> Memory:
    """The parts of one card's memory; `available` GiB from a boot log replace the estimate, and its band is 0."""
    known = _constants()
    usable = setup.utilisation * setup.card.memory
    parts = {
        "weights": weight_bytes(setup.geometry, setup.weights, setup.tp, draft=setup.speculate > 0) / GIB,
        "non_torch": known["non_torch"]["several" if setup.tp > 1 else "one"],
        "activation": known["activation"]["base"]
        + setup.max_batched_tokens * setup.geometry.hidden * known["activation"]["per_value"] / GIB,
        "graphs": known["graphs"]["estimate"],
    }
    left = usable - sum(parts.values())
    return Memory(
        total=setup.card.memory, usable=usable, available=left if available is None else available,
        band=known["band"]["gib"] if available is None else 0, **parts,
    )  # fmt: skip


@cache
def _constants() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "memory.toml").read_text(encoding="utf-8"))
