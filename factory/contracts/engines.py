"""Settings of the box: models that the factory starts itself, the cards they run on, and sets of them."""

from typing import Literal

from factory.contracts.model import Grade
from factory.contracts.record import Field, Record

EngineKind = Literal["vllm", "ollama", "llama-server"]
Sleep = Literal["auto", "off", "1", "2"]


class VariantSettings(Record):
    """One size of an elastic checkpoint: served from the same weights as its model."""

    model: str = Field(description="the name under which the engine serves this size")
    grades: tuple[Grade, ...] = Field(default=(), description="model tiers that this size serves")
    args: tuple[str, ...] = Field(default=(), description="further arguments when the engine needs a start of its own")
    gib: float | None = Field(
        default=None, gt=0, description="VRAM on each card with a start of its own; else as its model"
    )


class ModelSettings(Record):
    """A model that `factory serve` starts, watches and stops. Its name may stand in a [[chain]] like an endpoint's."""

    engine: EngineKind = Field(description="what runs it")
    model: str = Field(description="what the engine loads: a folder, a hub id, a GGUF file, an Ollama name")
    grades: tuple[Grade, ...] = Field(default=(), description="model tiers it serves; none = all")
    context: int = Field(default=65_536, gt=0, description="tokens, prompt and answer")
    max_output: int = Field(default=8_192, gt=0, description="tokens of one answer")
    gib: float = Field(gt=0, description="VRAM it takes on each of its cards, GiB (see `factory gpu plan`)")
    cards: int = Field(default=1, ge=1, description="how many cards it is spread over (tensor parallel)")
    pin: tuple[int, ...] = Field(default=(), description="indices of the cards it must run on; none = any that fit")
    offload: bool = Field(default=False, description="keeps experts in host memory: needs a wide PCIe slot")
    vision: bool = Field(default=False, description="it sees pictures: the tool `screenshot` shows it some")
    args: tuple[str, ...] = Field(default=(), description="further arguments of the engine, as they are")
    env: dict[str, str] = Field(default={}, description="further environment of the engine")
    program: tuple[str, ...] = Field(default=(), description="the engine's program, if it is not on the PATH")
    sleep: Sleep = Field(default="auto", description="vllm: sleep level; auto = 1 if host memory allows, else 2")
    asleep_gib: float = Field(
        default=2, ge=0, description="VRAM that may stay in use on each card asleep; more ends it"
    )
    load_s: float = Field(
        default=60, gt=0, description="seconds a cold start is expected to take, until one is measured"
    )
    start_s: float = Field(default=900, gt=0, description="seconds after which a start counts as failed")
    kv_tokens: int | None = Field(default=None, gt=0, description="tokens of its KV cache, until its log says it")
    variants: dict[str, VariantSettings] = Field(default={}, description="elastic checkpoint: further sizes by name")


class ProfileSettings(Record):
    """A set of models that share the cards. `factory gpu profile NAME` switches to it.

    `dev`, `production` and `creative` are there already (factory/gpu/profiles.toml); one of your own with such a name
    takes its place.
    """

    up: tuple[str, ...] = Field(
        default=(), description="models that are started with the profile and stay; @largest, @smallest: by VRAM"
    )
    swap: tuple[str, ...] = Field(
        default=(), description="models that are loaded when asked for, and swapped out; * = all others"
    )
    free_gib: float = Field(default=0, ge=0, description="VRAM left free on every card for other programs, GiB")
    min_loaded_s: float = Field(
        default=60,
        ge=0,
        description="a model is not swapped out before; at most four times what bringing it back takes",
    )
    max_wait_s: float = Field(
        default=120, gt=0, description="a swap is not put off longer for requests of other models"
    )


class CardSettings(Record):
    """What the owner says of one card, by its index. What is not said is asked of NVML."""

    gib: float | None = Field(default=None, gt=0, description="VRAM to be used at most, GiB")
    lanes: int | None = Field(default=None, ge=1, le=32, description="PCIe lanes of its slot")
    wide: bool = Field(default=False, description="take tensor-parallel and offload work in a slot of 4 lanes or fewer")
    watts: int | None = Field(default=None, gt=0, description="power cap: the card is not used when it is set higher")
