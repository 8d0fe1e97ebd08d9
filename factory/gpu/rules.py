"""Which set-ups do not start and which start but lose: rules.toml read against a set-up.

For whoever plans or switches: ask `refused` before a byte is downloaded.
"""

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

from factory.contracts.errors import UsageProblem
from factory.contracts.record import Json, Record
from factory.gpu.capacity import splits
from factory.gpu.records import Geometry, Setup


class Rule(Record):
    """One rule of rules.toml. `when`: the conditions that must all hold; `say`: the sentence, with {names}."""

    id: str
    kind: Literal["refuse", "advise"]
    when: Json
    say: str
    source: str


def refused(setup: Setup) -> tuple[str, ...]:
    """Why this set-up does not start, one sentence with the way out each; empty when it starts."""
    return (*_said(setup, "refuse"), *_unsplit(setup))


def advised(setup: Setup) -> tuple[str, ...]:
    """What to know or do better about a set-up that starts, one sentence each."""
    return _said(setup, "advise")


def kinds(model: Geometry) -> frozenset[str]:
    """What kinds of model this is: moe or dense; and hybrid (linear layers), sliding, latent (MLA) where it is that."""
    found = {"moe" if model.moe else "dense"}
    found |= {"hybrid"} if model.linear else set()
    found |= {"latent"} if model.latent else set()
    return frozenset(found | ({"sliding"} if model.sliding else set()))


@cache
def rules() -> tuple[Rule, ...]:
    """All rules in the order of the file."""
    text = Path(__file__).with_name("rules.toml").read_text(encoding="utf-8")
    return tuple(Rule.model_validate(row) for row in tomllib.loads(text)["rule"])


def _said(setup: Setup, kind: str) -> tuple[str, ...]:
    return tuple(rule.say.format(**_names(setup)) for rule in rules() if rule.kind == kind and _holds(rule, setup))


def _holds(rule: Rule, setup: Setup) -> bool:
    return all(CONDITIONS[name](setup, value) for name, value in rule.when.items())


def _unsplit(setup: Setup) -> tuple[str, ...]:
    try:
        splits(setup)
    except UsageProblem as problem:
        return (str(problem),)
    return ()


def _names(setup: Setup) -> dict[str, object]:
    model, card = setup.geometry, setup.card
    return {
        "model": model.name or "The model", "context": f"{model.context:,}", "length": f"{setup.max_model_len:,}",
        "card": card.name, "sm": card.capability.replace(".", ""), "limit": card.watts, "watts": setup.watts,
        "count": setup.count, "tp": setup.tp, "weights": setup.weights, "kv": setup.kv,
    }  # fmt: skip


def version(capability: str) -> tuple[int, int]:
    """CUDA capability as numbers that compare: "12.0" is more than "8.9"."""
    major, _, minor = capability.partition(".")
    return int(major), int(minor or 0)


CONDITIONS: dict[str, Callable[[Setup, Any], bool]] = {
    "below": lambda setup, value: version(setup.card.capability) < version(value),
    "from": lambda setup, value: version(setup.card.capability) >= version(value),
    "has_mtp": lambda setup, value: bool(setup.geometry.mtp) == value,
    "kinds": lambda setup, value: bool(kinds(setup.geometry) & set(value)),
    "kv": lambda setup, value: setup.kv in value,
    "longer": lambda setup, value: setup.max_model_len > value,
    "odd_ranks": lambda setup, value: bool(setup.tp & (setup.tp - 1)) == value,
    "over_context": lambda setup, value: (setup.max_model_len > setup.geometry.context) == value,
    "over_watts": lambda setup, value: (setup.watts > setup.card.watts) == value,
    "prefix": lambda setup, value: setup.prefix in value,
    "speculate": lambda setup, value: bool(setup.speculate) == value,
    "tp": lambda setup, value: setup.tp >= value,
    "uneven_ranks": lambda setup, value: bool(setup.count % setup.tp) == value,
    "weights": lambda setup, value: setup.weights in value,
}
