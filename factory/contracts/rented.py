"""Settings of rented GPUs."""

from decimal import Decimal
from typing import Literal

from factory.contracts.model import Grade
from factory.contracts.record import Field, Record


class RentedSettings(Record):
    """One machine that may be rented; its model may stand in a [[chain]] under this table's name, tier `rented`."""

    model: str = Field(description="hub id of the model it serves")
    gpus: str = Field(description="what to rent, in SkyPilot's words: `RTX4090:2`, `H100:1`")
    cloud: str = Field(default="vast", description="where")
    hour_usd: Decimal = Field(gt=0, description="dollars an hour it may cost at most")
    day_usd: Decimal = Field(default=Decimal(5), ge=0, description="dollars a UTC day it may cost at most")
    mode: Literal["on_demand", "always_on"] = Field(default="on_demand", description="when it is up")
    wake_effort: int = Field(default=8, ge=1, le=10, description="on_demand: effort from which a request wakes it")
    wake_queue: int = Field(default=0, ge=0, description="on_demand: or so many requests waiting locally; 0 = never")
    idle_minutes: float = Field(default=10, gt=0, description="minutes without a request after which it is destroyed")
    start_minutes: float = Field(default=20, gt=0, description="minutes after which a start counts as failed")
    starts_hour: int = Field(default=3, ge=1, description="times an hour it is rented anew at most")
    max_hours: float = Field(default=24, gt=0, description="hours after which a machine is destroyed, whatever it does")
    shared: bool = Field(default=False, description="all keys may use it; else only keys whose ceiling allows rented")
    grades: tuple[Grade, ...] = Field(default=(), description="model tiers it serves; none = all")
    context: int = Field(default=65_536, gt=0, description="tokens, prompt and answer")
    max_output: int = Field(default=8_192, gt=0, description="tokens of one answer")
    args: tuple[str, ...] = Field(default=(), description="further arguments of vllm serve")
    vllm: str = Field(default="vllm", description="what pip installs there: pin it, `vllm==0.32.0`")
    python: str = Field(default="", description="the Python that has SkyPilot; else the one beside `sky` on the PATH")
    spot: bool = Field(default=False, description="rent it interruptible: cheaper, and others may outbid you")
    disk_gib: int = Field(default=200, ge=20, description="disk for the weights; it is billed from the order on")
    secrets: tuple[str, ...] = Field(
        default=(), description="environment variables that go there (HF_TOKEN); the machine's owner can read them"
    )
