"""How many bytes a model's weights take on a card, and how many of them one decoded token reads."""

from math import ceil
from typing import Any, Literal

from factory.contracts.record import Record
from factory.gpu import quirks
from factory.gpu.records import Geometry, Weights

WHOLE = 16  # bits of what is not quantised


class Kept(Record):
    """How one checkpoint differs from the usual of its format."""

    parts: tuple[Literal["attention", "linear_in", "linear_out", "mlp"], ...] = ()  # in 16 bits besides the usual
    embeddings: bool = False  # input table and head are quantised as well


USUAL = Kept()


def kept_by(checkpoint: str) -> Kept:
    """What is known of a checkpoint by its hub id, case apart; the usual where nothing is."""
    known = quirks.table()["checkpoints"].get(checkpoint.strip().lower(), {})
    return Kept(parts=tuple(known.get("parts", ())), embeddings=known.get("embeddings", False))


def weight_bytes(
    geometry: Geometry, weights: Weights, tp: int, *, draft: bool = False, vision: bool = True, kept: Kept = USUAL
) -> int:
    """Bytes of weights on each of `tp` ranks; every matrix is split, embeddings and head too.

    (quantised · bits + (unquantised + image tower) · 16 [+ draft head]) / 8 / tp, bits of the format in models.toml.
    `draft`: the engine speculates, so the multi-token-prediction head is loaded, in 16 bits where quantisers leave it.
    `vision` False: the engine is told to load the language model only.
    """
    form = _format(weights)
    whole = _whole(geometry, kept)
    total: float = (geometry.parameters - whole) * form["bits"] + whole * WHOLE
    total += geometry.parts.vision * WHOLE if vision else 0
    total += geometry.parts.draft * (WHOLE if "draft" in form["kept"] else form["bits"]) if draft else 0
    return ceil(total / 8 / tp)


def read_bytes(geometry: Geometry, weights: Weights, *, kept: Kept = USUAL) -> int:
    """Bytes of weights that one decoded token reads on all ranks together: its experts, one row of the input table.

    A tied table is read whole, as the head. Several sequences at once read more experts; the draft head is not counted.
    """
    row = geometry.parts.embedding if geometry.parts.head else 0  # the table that only lends a row
    whole = _whole(geometry, kept) - (0 if kept.embeddings else row)
    quantised = geometry.active - row - whole
    return ceil((quantised * bits_of(weights) + whole * WHOLE) / 8)


def bits_of(weights: Weights) -> float:
    """Bits of one quantised parameter with the scales of its group."""
    return float(_format(weights)["bits"])


def _format(weights: Weights) -> dict[str, Any]:
    form: dict[str, Any] = quirks.table()["formats"][weights]
    return form


def _whole(geometry: Geometry, kept: Kept) -> int:
    """Parameters in 16 bits: what the geometry says, or the usual parts with those of the checkpoint."""
    parts = geometry.parts
    tables = parts.embedding + parts.head
    stated: int = tables + parts.small + sum(getattr(parts, part) for part in kept.parts)
    return max(geometry.unquantised, stated) - (tables if kept.embeddings else 0)
