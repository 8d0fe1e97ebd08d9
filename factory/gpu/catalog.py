"""What can be asked for: models of the settings and the sizes of elastic ones, and the engine that serves each."""

from collections.abc import Mapping
from dataclasses import dataclass

from factory.contracts.engines import ModelSettings
from factory.contracts.errors import UsageProblem
from factory.gpu.device import GIB
from factory.gpu.placement import Need
from factory.gpu.tenants import Model

SLEEPERS = ("vllm",)  # engines that can give their memory back without ending
LEVELS: Mapping[str, tuple[int, ...]] = {"auto": (1, 2), "1": (1,), "2": (2,), "off": ()}


@dataclass(frozen=True)
class Offer:
    """One engine to be: what the scheduler must know of it and what it is started with."""

    model: Model
    settings: ModelSettings
    of: str  # the model of the settings
    variant: str = ""  # the size it is started as, if it is one that needs a start of its own


@dataclass(frozen=True)
class Name:
    """What a client may ask for, and who answers."""

    offer: str  # the engine
    size: str = ""  # of an elastic checkpoint, by the name under which the engine serves it; "" = the engine's own


def offers(models: Mapping[str, ModelSettings]) -> dict[str, Offer]:
    """Every engine that may be started, by name. A size without arguments of its own shares its model's."""
    found = {}
    for name, said in models.items():
        found[name] = Offer(_model(name, said, said.gib), said, name)
        for variant, size in said.variants.items():
            if size.args:
                found[variant] = Offer(_model(variant, said, size.gib or said.gib), said, name, variant)
    return found


def names(models: Mapping[str, ModelSettings]) -> dict[str, Name]:
    """Everything that can be asked for. Raises UsageProblem for a name that two have."""
    found: dict[str, Name] = {}
    for name, said in models.items():
        if twice := [each for each in (name, *said.variants) if each in found]:
            raise UsageProblem(f"{twice[0]!r} is the name of two models or sizes in [models]: rename one.")
        found[name] = Name(name)
        for variant, size in said.variants.items():
            found[variant] = Name(variant) if size.args else Name(name, size.model)
    return found


def _model(name: str, said: ModelSettings, gib: float) -> Model:
    held = int(gib * GIB)
    return Model(
        need=Need(name, held, said.cards, said.pin, said.offload),
        levels=LEVELS[said.sleep] if said.engine in SLEEPERS else (),
        left=min(int(said.asleep_gib * GIB), held // 2), host=held * said.cards, load_s=said.load_s,
    )  # fmt: skip
