"""The box: everything `factory serve` keeps up behind its port, started in order and ended in order."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from factory.contracts.record import Json
from factory.contracts.seams import Clock
from factory.db import Database
from factory.gpu.device import device_for
from factory.gpu.fleet import Fleet
from factory.gpu.orders import answer
from factory.ledger.hours import Hours
from factory.ledger.till import Till
from factory.llm.reserve import Reserve
from factory.rented.keeper import Keeper
from factory.rented.seam import Renter
from factory.serve.kept import Kept, kept_as_endpoints, shared
from factory.serve.machine import machine_now
from factory.serve.recent import Recent
from factory.serve.server import Log, Parts
from factory.serve.watch import Watch, engines, external
from factory.settings import Settings

if TYPE_CHECKING:
    from factory.rented.skypilot import SkyPilot


@contextmanager
def box(
    settings: Settings,
    folder: Path,
    db: Database,
    clock: Clock,
    log: Log,
    environment: Mapping[str, str],
    renter: Renter | None = None,
) -> Iterator[Parts]:
    """What the gateway stands on. `folder`: the state folder; `renter`: who rents machines out, SkyPilot if not said.

    Engines start behind it: the port is there before the first model is. Raises UsageProblem when a profile cannot
    fit, or when another server uses the same state folder.
    """
    with ExitStack() as stack:
        log = recent = Recent(log, clock.now)
        till = stack.enter_context(
            Till(
                db, settings.serve.keys, settings.budget, clock, log, Reserve(settings).kept, settings.egress.of_a_day()
            )
        )
        fleet = keeper = None
        if settings.models:
            fleet = Fleet(settings, device_for(environment), folder, clock, log)
            stack.callback(fleet.close)
            fleet.start(settings.serve.profile)
        if settings.rented:
            renter = renter or stack.enter_context(closing(_sky(settings, folder)))
            keeper = Keeper(settings.rented, renter, Hours(till, settings.rented), clock,
                            _told(log), folder / "rented")  # fmt: skip
            stack.callback(keeper.close)
            keeper.start()
        watch = Watch(external(settings), partial(engines, fleet), log)
        stack.callback(watch.close)
        watch.start()
        kept = Kept(fleet, keeper, clock, frozenset(settings.rented), settings.serve.max_wait_s)
        orders = partial(answer, fleet) if fleet is not None else None
        yield Parts(kept_as_endpoints(settings), till, recent, environment, kept, shared(settings), orders,
                    watch.measured, partial(machine_now, fleet, keeper))  # fmt: skip


def _sky(settings: Settings, folder: Path) -> "SkyPilot":
    from factory.rented.skypilot import SkyPilot

    return SkyPilot(settings.rented, folder / "rented")


def _told(log: Log) -> Callable[[str, str], None]:
    def told(event: str, sentence: str) -> None:
        facts: Json = {"text": sentence}
        log(event, facts)

    return told
