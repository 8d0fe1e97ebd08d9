"""The engines' and the rented machines' own words about themselves, as the status page shows them."""

from collections.abc import Sequence

from factory.gpu.device import GIB
from factory.gpu.fleet import Fleet
from factory.gpu.status import CardView, FleetStatus, Happened, Held, LeaseView, ModelView
from factory.rented.answers import RentedStatus
from factory.rented.keeper import Keeper
from factory.serve.status import Card, Kind, Lease, Machine, Model, Part, Rented


def machine_now(fleet: Fleet | None, keeper: Keeper | None) -> Machine:
    """As it is now. Raises FactoryError; may wait for a lock or the disk for a moment."""
    return machine_of(fleet.status() if fleet else None, keeper.status() if keeper else ())


def machine_of(fleet: FleetStatus | None, rented: Sequence[RentedStatus] = ()) -> Machine:
    """None: there are no engines."""
    hired = tuple(map(_rented, rented))
    if fleet is None:
        return Machine(rented=hired)
    leases = {lease.id: lease for lease in fleet.leases}
    return Machine(
        device=fleet.device,
        profile=fleet.profile,
        cards=tuple(_card(card, leases, fleet.last) for card in fleet.cards),
        models=tuple(map(_model, fleet.models)),
        leases=tuple(Lease(_job(lease), round(lease.gib * GIB), lease.cards, lease.waiting) for lease in fleet.leases),
        rented=hired,
    )


def _card(card: CardView, leases: dict[str, LeaseView], last: Sequence[Happened]) -> Card:
    parts = tuple(_part(held, leases) for held in card.map)
    total, used = round(card.gib * GIB), round(card.used_gib * GIB)
    lost = _lost(card, last)
    return Card(card.index, card.name, total, used, parts, card.celsius, card.watts, card.lanes, lost, card.note)


def _lost(card: CardView, last: Sequence[Happened]) -> int:
    """What an engine left behind when it ended; 0 again as soon as less than that is in use by others."""
    found = [happened.facts for happened in last if happened.event == "card_dirty"]
    gib = next((float(facts["gib"]) for facts in reversed(found) if facts["card"] == card.index), 0.0)
    others = sum(held.gib for held in card.map if held.who == "others")
    return round(gib * GIB) if others >= gib else 0


def _part(held: Held, leases: dict[str, LeaseView]) -> Part:
    kinds: dict[str, Kind] = {"free": "free", "others": "others", "used": "others"}
    kind: Kind = "lease" if held.who in leases else kinds.get(held.who, "model")
    label = {"others": "other programs", "used": "in use"}.get(held.who, held.who)
    return Part(_job(leases[held.who]) if kind == "lease" else label, round(held.gib * GIB), kind)


def _model(view: ModelView) -> Model:
    return Model(
        name=view.name, state=view.state, since_s=view.since_s, cards=view.cards, running=view.running,
        waiting=view.waiting, load_s=view.load_s, failed_s=view.failed_s, why=view.why,
    )  # fmt: skip


def _job(lease: LeaseView) -> str:
    return lease.job or lease.id


def _rented(status: RentedStatus) -> Rented:
    return Rented(
        name=status.name, model=status.model, state=status.phase, why=status.why, hour=status.hour,
        spent=status.spent, cap=status.cap, idle_s=status.idle_s, sleeps_s=status.sleeps_s, running=status.running,
    )  # fmt: skip
