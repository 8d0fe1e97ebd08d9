"""[egress]: what of a repository may leave for endpoints that are not local. The owner's own file alone says it."""

from collections.abc import Iterable

from factory.contracts.model import Tier
from factory.contracts.record import Field, Record


class TierEgress(Record):
    """What may leave for endpoints of one tier."""

    allow: tuple[str, ...] = Field(default=("*",), description="files that may be sent, as .gitignore writes patterns")
    deny: tuple[str, ...] = Field(default=(), description="files that may not, whatever `allow` says")
    run_kib: int | None = Field(default=None, ge=0, description="KiB one run may send, every repetition counted")
    day_kib: int | None = Field(default=None, ge=0, description="KiB a UTC day, all runs and the gateway together")
    run_share: float | None = Field(
        default=None, ge=0, le=1,
        description="share of the repository's bytes one run may send, each piece counted once; not set: 0.5 (rented) "
        "or 0.25 (frontier), and 64 KiB where that is more",
    )  # fmt: skip
    day_share: float | None = Field(
        default=None, ge=0, le=1,
        description="the same for a UTC day, all runs on that repository together; not set: twice as much as a run",
    )  # fmt: skip


class RentedEgress(TierEgress):
    """What may leave for rented machines."""


class FrontierEgress(TierEgress):
    """What may leave for frontier models."""

    run_kib: int | None = Field(default=262_144, ge=0, description="KiB one run may send, every repetition counted")
    day_kib: int | None = Field(default=1_048_576, ge=0, description="KiB a UTC day, all runs and the gateway together")


class EgressSettings(Record):
    """What may leave for rented and frontier endpoints; a local one is yours and gets everything (docs/egress.md)."""

    never: tuple[str, ...] = Field(
        default=(),
        description="more files that never leave, as .gitignore writes patterns; `!pattern` takes a built-in one back",
    )
    rented: RentedEgress = Field(default=RentedEgress(), description="what may leave for rented machines")
    frontier: FrontierEgress = Field(default=FrontierEgress(), description="what may leave for frontier models")
    run_kib: int | None = Field(
        default=None, ge=0,
        description="KiB one run may send to rented and frontier endpoints together; not set: as much as the tier of "
        "the two that may have more",
    )  # fmt: skip
    day_kib: int | None = Field(default=None, ge=0, description="the same for a UTC day, with the gateway")
    run_share: float | None = Field(
        default=None, ge=0, le=1,
        description="share of the repository's bytes one run may send to both together, what both are sent counted "
        "once; not set: as much as the tier that may have more",
    )  # fmt: skip
    day_share: float | None = Field(default=None, ge=0, le=1, description="the same for a UTC day")

    def of(self, tier: Tier) -> TierEgress | None:
        """None for what stays on the box."""
        return {"rented": self.rented, "frontier": self.frontier}.get(tier)

    def of_a_day(self) -> dict[str, int]:
        """Bytes that may leave for a tier in a UTC day, and for both ('') together, where that is limited."""
        limits = {"rented": self.rented.day_kib, "frontier": self.frontier.day_kib}
        limits[""] = together(self.day_kib, limits.values())
        return {tier: kib * 1024 for tier, kib in limits.items() if kib is not None}


def together(own: int | None, tiers: Iterable[int | None]) -> int | None:
    """The limit of all tiers together: its own, else the highest of theirs; None when one of them has none."""
    limits = tuple(tiers)
    if own is not None or None in limits:
        return own
    return max(limit for limit in limits if limit is not None)
