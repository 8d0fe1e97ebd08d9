"""Which tenant comes next, on which cards, and who goes for it. Reads the tenants, changes none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from factory.gpu.placement import Cards, choices
from factory.gpu.room import Leave, Room, cheapest
from factory.gpu.tenants import FLUX, Tenant

STAY = 4.0  # docs/scheduler.md: cheap swaps need no long stays
HOST_LEFT = 2 * 1024**3  # bytes of host memory that putting weights there must leave


@dataclass(frozen=True, slots=True)
class Rules:
    """How long things may take and last, seconds."""

    min_loaded_s: float = 60.0  # a model is not swapped out before; at most STAY times what bringing it back takes
    max_wait_s: float = 120.0  # a swap is not put off longer for requests of other models
    proof_s: float = 15.0  # in which freed memory must be seen
    steady_s: float = 600.0  # up so long, an engine's earlier failures are forgotten
    crashes: int = 3  # in a row, then the model is given up for a time
    failed_s: float = 30.0  # given up for so long the first time, twice as long each further time
    failed_most_s: float = 1800.0


@dataclass(slots=True)
class Swap:
    """One tenant on its way in, and the ones that leave for it."""

    target: str
    cards: Cards
    leaving: tuple[str, ...]
    began: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What a swap would take."""

    cards: Cards
    leaves: tuple[Leave, ...]


@dataclass(frozen=True, slots=True)
class Want:
    """A tenant that has a reason to come in. `urgent`: its turn has come, whoever is there."""

    tenant: Tenant
    urgent: bool
    order: tuple[float, ...]


def wants(tenants: Sequence[Tenant], rules: Rules, now: float) -> list[Want]:
    """First what the profile keeps up, then who waited too long, oldest first, then by waiting per second of swap."""
    found = []
    for each in tenants:
        if each.state not in ("cold", "asleep") or not each.allowed or each.failed_until > now:
            continue
        if each.pinned is not None:
            found.append(Want(each, True, (0.0, 0.0)))
        elif each.waiting and now - each.oldest >= rules.max_wait_s:
            found.append(Want(each, True, (1.0, each.oldest)))
        elif each.waiting:
            cost = max(0.1, each.back_s(each.level if each.state == "asleep" else 0))
            found.append(Want(each, False, (2.0, -accrued(each, now, weighed=True) / cost, each.oldest)))
    return sorted(found, key=lambda want: (want.order, want.tenant.name))


def accrued(tenant: Tenant, now: float, weighed: bool = False) -> float:
    """Seconds that its requests have waited, all together; weighed, an effort of 10 counts twice one of 5."""
    return sum((now - ask.arrived) * (ask.effort / 5 if weighed else 1) for ask in tenant.waiting.values())


class Planner:
    """Plans against what is on the cards now. `busy`: cards on which something is on its way, or that are spoken for.

    One change at a time on a card: vLLM measures its memory while it starts and fails when others' changes meanwhile.
    """

    def __init__(self, tenants: Sequence[Tenant], room: Room, rules: Rules, now: float, host_free: int) -> None:
        self._tenants, self._room, self._rules, self._now, self._host_free = tenants, room, rules, now, host_free
        self.busy = {card for each in tenants if each.state in FLUX for card in each.cards}

    def options(self, tenant: Tenant) -> tuple[Cards, ...] | str:
        """The cards it may come in on when everything that may ever leave has left; or why there are none."""
        stay = [
            each for each in self._tenants if each.pinned is not None and each is not tenant and each.state != "cold"
        ]
        cards = [each.index for each in self._room.cards]
        reserved = {
            card: self._room.reserved(card, self._tenants, tenant.model.need.bytes if tenant.model.lease else 0)
            - (tenant.model.need.bytes if tenant.model.lease else 0)
            + sum(each.held(card) for each in stay)
            for card in cards
        }
        need = tenant.model.need
        found = choices(replace(need, pin=tenant.pinned) if tenant.pinned else need, self._room.cards, reserved)
        if isinstance(found, str) or tenant.state != "asleep":
            return found
        return (tenant.cards,) if tenant.cards in found else found

    @property
    def clearing(self) -> bool:
        """Is memory being freed, so that a no may soon be a yes?"""
        return any(each.state in ("killing", "proving", "sleeping") for each in self._tenants)

    def plan(self, want: Want, options: Sequence[Cards]) -> Plan | None:
        """The cheapest swap that may begin now; None when there is none."""
        best: tuple[float, Plan] | None = None
        for cards in options:
            if self.busy & set(cards):
                continue
            missing = {card: self._room.missing(want.tenant, card, self._tenants) for card in cards}
            ways = [
                self.ways(each) for each in self._tenants if self.may_go(each, want) and set(each.cards) & set(cards)
            ]
            ways = [each for each in ways if not self.busy & {card for way in each for card in way.frees}]
            leaves = cheapest(missing, ways)
            if leaves is not None:
                cost = sum(leave.cost for leave in leaves)
                if best is None or cost < best[0]:
                    best = (cost, Plan(cards, leaves))
        return best[1] if best else None

    def may_go(self, tenant: Tenant, want: Want) -> bool:
        """May this one be put out for the other, now?"""
        if tenant is want.tenant or tenant.pinned is not None or tenant.model.lease:
            return False
        if tenant.state == "asleep":
            return True
        if tenant.state != "ready":
            return False
        back, stayed = tenant.back_s(self.level(tenant)), self._now - tenant.since
        if stayed < min(self._rules.min_loaded_s, STAY * back) and want.order[0] > 0:
            return False
        return want.urgent or self._worth_it(tenant, want, back)

    def _worth_it(self, tenant: Tenant, want: Want, back: float) -> bool:
        """Nobody uses it, and it has been idle, or the others have waited, for as long as bringing it back takes.

        That is the rule for renting or buying: whatever comes next, it costs at most twice what foresight would.
        """
        idle, waited = self._now - tenant.used_at, accrued(want.tenant, self._now)
        return tenant.quiet and max(idle, waited) >= back

    def ways(self, tenant: Tenant) -> tuple[Leave, ...]:
        """How it may leave, the gentler first."""
        held = {card: tenant.held(card) for card in tenant.cards}
        warmth = 60 / (60 + self._now - tenant.used_at)  # what was just used is asked for again sooner
        if tenant.state == "asleep":
            extra = max(0.0, tenant.back_s(0) - tenant.back_s(tenant.level))
            return (Leave(tenant.name, "kill", held, extra * warmth),)
        kill = Leave(tenant.name, "kill", held, tenant.back_s(0) * warmth)
        level = self.level(tenant)
        if not level:
            return (kill,)
        freed = {card: max(0, size - tenant.stays()) for card, size in held.items()}
        return (Leave(tenant.name, "sleep", freed, tenant.back_s(level) * warmth), kill)

    def level(self, tenant: Tenant) -> int:
        """1 when host memory allows, else 2; 0 when it cannot sleep."""
        if 1 in tenant.model.levels and self._host_free >= tenant.model.host + HOST_LEFT:
            return 1
        return 2 if 2 in tenant.model.levels else 0
