"""Profiles: which models are up, which take turns, and where the ones that stay stand."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from factory.contracts.engines import ModelSettings, ProfileSettings
from factory.contracts.errors import UsageProblem
from factory.contracts.record import Json
from factory.gpu.catalog import Offer
from factory.gpu.device import GIB
from factory.gpu.placement import Card, Cards, Need, pack
from factory.gpu.swaps import Rules
from factory.settings import Settings


@dataclass(frozen=True)
class Lineup:
    """A profile on these cards: what stays where, what may come and go, and by which rules."""

    name: str
    pinned: Mapping[str, Cards]
    allowed: tuple[str, ...]
    rules: Rules
    kept: int  # bytes left free on every card


def profile(settings: Settings, name: str) -> ProfileSettings:
    """One of the settings' own, or a bundled one. Raises UsageProblem that names them all."""
    known = {**bundled(), **settings.profiles}
    if name not in known:
        raise UsageProblem(f"There is no profile {name[:100]!r}; there are: {', '.join(sorted(known))}.")
    return known[name]


@cache
def bundled() -> dict[str, ProfileSettings]:
    text = Path(__file__).with_name("profiles.toml").read_text(encoding="utf-8")
    rows: dict[str, Json] = tomllib.loads(text)
    return {name: ProfileSettings.model_validate(row) for name, row in rows.items()}


def members(said: ProfileSettings, models: Mapping[str, ModelSettings]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the models that stay, and of those that take turns. Raises UsageProblem for one that there is not."""
    by_size = sorted(models, key=lambda name: (models[name].gib * models[name].cards, name))
    if not by_size:
        raise UsageProblem("No model is configured: put a [models.NAME] table into factory.toml.")
    known = {"@largest": by_size[-1], "@smallest": by_size[0], **{name: name for name in models}}
    if unknown := [name for name in (*said.up, *said.swap) if name not in known and name != "*"]:
        raise UsageProblem(f"The profile names the model {unknown[0]!r}, which is not in [models].")

    def named(words: tuple[str, ...]) -> tuple[str, ...]:
        found = [name for word in words for name in (models if word == "*" else (known[word],))]
        return tuple(dict.fromkeys(found))

    up = named(said.up)
    return up, tuple(name for name in named(said.swap) if name not in up)


def lineup(
    settings: Settings, name: str, offers: Mapping[str, Offer], cards: Sequence[Card], foreign: Mapping[int, int],
    standing: Mapping[str, Cards], rules: Rules,
) -> Lineup:  # fmt: skip
    """The profile on these cards; what stands already stays where it is if that can be.

    `foreign`: bytes that other programs use now, which those that stay must fit beside; those that take turns must fit
    once the others are gone. `rules`: what no profile says. Raises UsageProblem when that cannot be.
    """
    said = profile(settings, name)
    up, swap = members(said, settings.models)
    kept = int(said.free_gib * GIB)
    others = _with_starts_of_their_own(swap, offers, up)
    needs, beside = [offers[each].model.need for each in up], [offers[each].model.need for each in others]
    now = {card.index: max(kept, foreign.get(card.index, 0)) for card in cards}
    if isinstance(problem := pack(needs, cards, now), str):
        raise UsageProblem(f"The profile {name} does not fit: {problem}.")
    for reserved in (now, {card.index: kept for card in cards}):
        for places in (standing, {}):
            found = pack([_at(need, places.get(need.name, ())) for need in needs], cards, reserved, beside)
            if not isinstance(found, str):
                own = replace(rules, min_loaded_s=said.min_loaded_s, max_wait_s=said.max_wait_s)
                return Lineup(name, found, others, own, kept)
    raise UsageProblem(f"The profile {name} does not fit: {found}.")


def _with_starts_of_their_own(swap: Sequence[str], offers: Mapping[str, Offer], up: Sequence[str]) -> tuple[str, ...]:
    """A size of an elastic checkpoint that needs an engine of its own takes turns with its model's others."""
    return tuple(name for name, offer in offers.items() if offer.of in swap or (offer.of in up and name not in up))


def _at(need: Need, cards: Cards) -> Need:
    return Need(need.name, need.bytes, need.cards, cards or need.pin, need.offload)
