"""factory gpu status"""

import os
import sys
from typing import TYPE_CHECKING

from factory.cli.options import Config, Json
from factory.contracts.errors import Stopped, UsageProblem

if TYPE_CHECKING:
    from factory.gpu.status import CardView, FleetStatus, Held
    from factory.settings import Settings

ANSWER_S = 10.0


def status(config: Config = None, as_json: Json = False) -> int:
    """The cards, who holds how much of their memory, the models and what was done last. Exit 2: no card can be read."""
    from factory.cli.options import settings_for
    from factory.gpu.port import order
    from factory.gpu.status import FleetStatus

    settings = settings_for(config, None)
    found = order(settings.serve, os.environ, "GET", "/factory/fleet", answer_s=ANSWER_S)
    shown = _unmanaged(settings) if found is None else FleetStatus.model_validate(found)
    if as_json:
        print(shown.to_json(indent=2))
    else:
        _print(shown)
    return 0


def _unmanaged(settings: "Settings") -> "FleetStatus":
    """The cards alone: no server manages them."""
    from factory.contracts.engines import CardSettings
    from factory.gpu.device import device_for
    from factory.gpu.lease import Leases
    from factory.gpu.placement import judged
    from factory.gpu.report import bare_view
    from factory.gpu.status import FleetStatus, LeaseView
    from factory.places import state_folder

    device, views = device_for(os.environ), []
    try:
        cards = device.cards()
    except Stopped as problem:  # no limit was hit: this machine has no card, or no driver for it
        raise UsageProblem(str(problem)) from problem
    for card in cards:
        known = judged(card, settings.cards.get(str(card.index), CardSettings()))
        views.append(bare_view(card).but(note=known.why_not or known.narrow))
    leases = [
        LeaseView(id=lease.id, gib=round(lease.bytes / 2**30, 2), cards=lease.cards, job=lease.job)
        for lease in Leases(state_folder()).all()
    ]
    return FleetStatus(device=device.kind, profile="", cards=tuple(views), leases=tuple(leases))


def _print(shown: "FleetStatus") -> None:
    from factory.render.terminal import table

    print(f"cards by {shown.device}; {f'profile {shown.profile}' if shown.profile else 'no server manages them'}")
    table(
        [
            (card.index, card.name, f"{card.used_gib:.1f} of {card.gib:.1f}", _map(card.map), _limits(card), card.note)
            for card in shown.cards
        ],
        ("card", "name", "GiB in use", "by", "limits", "note"), sys.stdout,
    )  # fmt: skip
    rows = [
        (
            model.name, model.state + (", stays" if model.stays else ""), ", ".join(map(str, model.cards)) or "-",
            model.running, model.waiting, f"{model.load_s:.0f} s",
            "-" if model.wake_s is None else f"{model.wake_s:.1f} s", model.why,
        )
        for model in shown.models
    ]  # fmt: skip
    if rows:
        table(rows, ("model", "state", "cards", "running", "waiting", "load", "wake", "why"), sys.stdout)
    for lease in shown.leases:
        held = "waits for room" if lease.waiting else f"on card {', '.join(map(str, lease.cards))}"
        print(f"{lease.id}: {lease.gib:.1f} GiB {held}, {lease.job}")
    for each in shown.last[-8:]:
        print(f"{each.at}  {each.event}  {', '.join(f'{name} {value}' for name, value in each.facts.items())}")


def _map(parts: "tuple[Held, ...]") -> str:
    return ", ".join(f"{part.who} {part.gib:.1f}" for part in parts)


def _limits(card: "CardView") -> str:
    shown = [f"{card.lanes} lanes" if card.lanes else "", f"{card.watts} W" if card.watts else ""]
    shown += [f"{card.celsius} °C" if card.celsius is not None else ""]
    return ", ".join(filter(None, shown))
