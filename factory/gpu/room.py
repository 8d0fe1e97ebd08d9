"""Room on the cards: what is promised, what is seen, and which engines must go so that another fits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

from factory.gpu.placement import Card, Cards
from factory.gpu.tenants import Tenant

MOST = 7  # engines weighed against each other in every combination; of more the dearest stay


@dataclass(frozen=True, slots=True)
class Seen:
    """One card as the device shows it, bytes. `mine`: by tenant; None where the driver does not say who holds what."""

    index: int
    used: int
    mine: Mapping[str, int] | None = None
    others: int = 0  # of processes that are not ours


@dataclass(frozen=True, slots=True)
class Leave:
    """One way of getting one tenant off its cards."""

    name: str
    how: Literal["sleep", "kill"]
    frees: Mapping[int, int]  # bytes by card
    cost: float  # seconds, weighed


@dataclass(slots=True)
class Room:
    """The cards, what is kept free on them, and the last look at them."""

    cards: tuple[Card, ...]
    kept: int = 0  # bytes for other programs on every card; what they use counts as part of it
    looks: int = 0
    seen: Mapping[int, Seen] = field(default_factory=dict)
    baseline: dict[int, int] = field(default_factory=dict)  # bytes no process accounts for, as far as that is known

    def look(self, seen: Iterable[Seen], tenants: Iterable[Tenant]) -> None:
        self.seen = {each.index: each for each in seen}
        self.looks += 1
        for tenant in tenants:
            tenant.measured = {card: self.measured(tenant, card) for card in tenant.cards if card in self.seen}
        for card in self.seen:
            self.baseline[card] = min(self.unexplained(card), self.baseline.get(card, self.seen[card].used))

    def lost(self, card: int) -> int:
        """Bytes that nobody accounts for, beyond what was known before."""
        return self.unexplained(card) - self.baseline.get(card, 0)

    def measured(self, tenant: Tenant, card: int) -> int:
        """What the device shows; blind, what was promised, and what may be left of it after sleep."""
        mine = self.seen[card].mine
        if mine is not None:
            return mine.get(tenant.name, 0)
        return {"cold": 0, "loading": 0, "asleep": tenant.stays()}.get(tenant.state, tenant.model.need.bytes)

    def others(self, card: int, tenants: Iterable[Tenant]) -> int:
        """Bytes in use that are no tenant's."""
        ours = sum(tenant.measured.get(card, 0) for tenant in tenants)
        return max(0, self.seen[card].used - ours)

    def unexplained(self, card: int) -> int:
        """Bytes in use that no process accounts for; blind, all of them."""
        seen = self.seen[card]
        return seen.used - sum((seen.mine or {}).values()) - seen.others

    def foreign(self, card: int, tenants: Sequence[Tenant]) -> int:
        """Bytes of a card that other programs use, or have borrowed."""
        return self.others(card, tenants) + sum(each.held(card) for each in tenants if each.model.lease)

    def reserved(self, card: int, tenants: Sequence[Tenant], more: int = 0) -> int:
        """Bytes of a card that engines may not have: kept free, or foreign (with `more` of it), whichever is more."""
        return max(self.kept, self.foreign(card, tenants) + more)

    def missing(self, tenant: Tenant, card: int, tenants: Sequence[Tenant]) -> int:
        """Bytes that must be freed on a card before the tenant fits; negative: so many are over."""
        size = next(each.size for each in self.cards if each.index == card)
        engines = sum(each.held(card) for each in tenants if each is not tenant and not each.model.lease)
        need = tenant.model.need.bytes
        if tenant.model.lease:
            return engines + self.reserved(card, tenants, need) - size
        return engines + need + self.reserved(card, tenants) - size

    def fits(self, tenant: Tenant, cards: Cards, tenants: Sequence[Tenant]) -> bool:
        return all(self.missing(tenant, card, tenants) <= 0 for card in cards)


def cheapest(missing: Mapping[int, int], ways: Sequence[Sequence[Leave]]) -> tuple[Leave, ...] | None:
    """The set of tenants that costs least to bring back and frees what is missing on each card; None: no set does.

    `ways`: of each tenant that may go, how it may.
    """
    short = {card: need for card, need in missing.items() if need > 0}
    if not short:
        return ()
    useful = sorted((each for each in ways if _helps(each, short)), key=lambda each: min(way.cost for way in each))
    best: tuple[float, tuple[Leave, ...]] | None = None
    for many in (useful[:MOST], useful):  # all of them only when the cheap ones are not enough
        for chosen in _sets(many):
            cost = sum(way.cost for way in chosen)
            if (best is None or cost < best[0]) and _frees(chosen, short):
                best = (cost, chosen)
        if best or len(useful) <= MOST:
            break
    return best[1] if best else None


def _sets(ways: Sequence[Sequence[Leave]]) -> Iterator[tuple[Leave, ...]]:
    if len(ways) > MOST:  # too many to try each combination: all of them, each as thoroughly as it can
        yield tuple(each[-1] for each in ways)
        return
    for chosen in product(*((None, *each) for each in ways)):
        yield tuple(way for way in chosen if way)


def _helps(ways: Sequence[Leave], short: Mapping[int, int]) -> bool:
    return any(way.frees.get(card, 0) > 0 for way in ways for card in short)


def _frees(chosen: Sequence[Leave], short: Mapping[int, int]) -> bool:
    return all(sum(way.frees.get(card, 0) for way in chosen) >= need for card, need in short.items())
