"""The fleet as people see it."""

from collections.abc import Mapping, Sequence
from math import ceil

from factory.gpu.crew import Crew
from factory.gpu.device import GIB, CardState
from factory.gpu.lease import Lease
from factory.gpu.scheduler import Scheduler
from factory.gpu.status import CardView, FleetStatus, Happened, Held, LeaseView, ModelView
from factory.gpu.tenants import Tenant


def status(
    scheduler: Scheduler, cards: Sequence[CardState], crew: Crew, memory: Mapping[str, int],
    leases: Mapping[str, Lease], now: float, *, device: str, profile: str, last: tuple[Happened, ...],
) -> FleetStatus:  # fmt: skip
    """`memory`: host memory of the engines, bytes. Called under the fleet's lock: quick, and changes nothing."""
    tenants = scheduler.tenants.values()
    return FleetStatus(
        device=device, profile=profile, cards=tuple(card_view(card, scheduler) for card in cards), last=last,
        models=tuple(_model(each, crew, memory, now) for each in tenants if not each.model.lease),
        leases=tuple(_lease(each, leases) for each in tenants if each.model.lease),
    )  # fmt: skip


def card_view(state: CardState, scheduler: Scheduler) -> CardView:
    """Measured memory, by who holds it; what is promised and not used yet shows as free."""
    tenants = list(scheduler.tenants.values())
    parts = [(each.name, each.measured.get(state.index, 0)) for each in tenants if state.index in each.cards]
    ours = sum(held for _, held in parts)
    parts += [("others", max(0, state.used - ours)), ("free", state.free)]
    known = next((card for card in scheduler.room.cards if card.index == state.index), None)
    return bare_view(state).but(
        map=tuple(Held(who=who, gib=_gib(held)) for who, held in parts if held), kept_gib=_gib(scheduler.room.kept),
        note=(known.why_not or known.narrow) if known else "",
    )  # fmt: skip


def bare_view(state: CardState) -> CardView:
    """A card that nobody manages."""
    parts = Held(who="used", gib=_gib(state.used)), Held(who="free", gib=_gib(state.free))
    return CardView(
        index=state.index, name=state.name, gib=_gib(state.total), used_gib=_gib(state.used), lanes=state.lanes,
        watts=state.watts, celsius=state.celsius, map=parts,
    )  # fmt: skip


def _model(each: Tenant, crew: Crew, memory: Mapping[str, int], now: float) -> ModelView:
    seat, engine = crew.seat(each.name, ""), crew.engines.get(each.name)
    return ModelView(
        name=each.name, state=each.state, since_s=round(now - each.since, 1), cards=each.cards, level=each.level,
        stays=each.pinned is not None, running=len(each.running), waiting=len(each.waiting),
        load_s=round(each.costs.of("load"), 2), failed_s=ceil(10 * max(0.0, each.failed_until - now)) / 10,
        wake_s=round(each.costs.of(f"wake{each.model.levels[0]}"), 2) if each.model.levels else None,
        why=each.blocked or (each.why if each.failed_until > now else ""), version=engine.version if engine else "",
        kv_tokens=seat.kv_tokens if seat else None, url=seat.url if seat else "",
        host_gib=_gib(memory.get(each.name, 0)),
    )  # fmt: skip


def _lease(each: Tenant, leases: Mapping[str, Lease]) -> LeaseView:
    lease = leases.get(each.name)
    return LeaseView(
        id=each.name, gib=_gib(each.model.need.bytes), cards=each.cards, waiting=each.state == "cold",
        job=lease.job if lease else "",
    )  # fmt: skip


def _gib(held: int) -> float:
    return round(held / GIB, 2)
