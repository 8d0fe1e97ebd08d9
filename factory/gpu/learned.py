"""What stored starts teach the planner: the memory that a set-up like this one really had left for its KV cache."""

from collections.abc import Iterable

from factory.contracts.errors import UsageProblem
from factory.gpu import cards, models
from factory.gpu.calibrations import Key, Starts
from factory.gpu.records import Card, Setup

WEIGHTS = {  # how vLLM's log calls what `--weights` calls otherwise
    "auto-round": "int4", "auto_round": "int4", "awq": "int4", "awq_marlin": "int4", "gptq": "int4",
    "gptq_marlin": "int4", "modelopt_fp4": "nvfp4", "bfloat16": "bf16", "torch.bfloat16": "bf16", "float16": "fp16",
    "torch.float16": "fp16",
}  # fmt: skip


def available(starts: Iterable[Starts], setup: Setup) -> float | None:
    """GiB a card left for the KV cache at the best of the starts of such a set-up; None when there was none.

    A start counts when model, card, ranks and weights are the same; another utilisation is set off. The KV cache's type
    does not change what is left for it; whether a draft head was loaded does, and is not looked at.
    """
    found = [gib for one in starts if _same(one.key, setup) for gib in _left(one, setup)]
    return max(found, default=None)


def _left(starts: Starts, setup: Setup) -> list[float]:
    given = starts.key.utilisation or setup.utilisation
    more = (setup.utilisation - given) * setup.card.memory
    found = [boot.available_gib + more for boot in starts.boots if boot.available_gib is not None]
    return [gib for gib in found if 0 < gib < setup.card.memory]


def _same(key: Key, setup: Setup) -> bool:
    return (
        key.tp == setup.tp
        and WEIGHTS.get(key.weights.lower(), key.weights.lower()) == setup.weights
        and _card(key.card) == setup.card
        and _model(key.model) == setup.geometry.name
    )


def _card(name: str) -> Card | None:
    try:
        return cards.find(name)
    except UsageProblem:
        return None


def _model(name: str) -> str:
    try:
        return models.find(name).name
    except UsageProblem:
        return name
