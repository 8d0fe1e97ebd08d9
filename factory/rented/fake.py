"""A cloud that is not there: it bills by the second, loses machines, outbids, hangs and does not answer.

For tests, and for trying the keeper without an account. Every machine's fate is drawn before it is ordered, so that a
seed gives the same day again. With a path the cloud outlives the process that rented, like a real one.
"""

import fcntl
import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from factory.contracts.record import Record
from factory.contracts.rented import RentedSettings
from factory.files import write_whole
from factory.rented.seam import Machine, NoOffer, Quote, RentalProblem, Standing

HOUR = 3600


class Fate(Record):
    """What happens to one order. Seconds count from the order."""

    refused: bool = False
    unanswered: bool = False  # the machine is made, but the order's answer is lost
    boots: float = 60  # until it is up; inf = never
    lost: float = math.inf  # it vanishes
    outbid: float = math.inf  # it stops; its storage bills on
    late: float = 0  # its order shows up in the cloud only then
    stubborn: int = 0  # orders to destroy that fail before one works
    lingers: float = 0  # seconds it lives on after the order to destroy
    price: float = 1.0  # the real price as a part of the quoted one


class Rented(Record):
    """One machine of the fake, past or present."""

    id: str
    label: str
    made: float
    ended: float | None = None
    hour_usd: Decimal
    fate: Fate
    refusals: int = 0  # orders to destroy that failed so far


class Sky(Record):
    """All that the cloud knows; what is written to the path."""

    machines: tuple[Rented, ...] = ()
    orders: int = 0


class FakeCloud:
    """Implements seam.Renter. `now` gives seconds of the epoch; `fates` are taken in order, then all goes well."""

    def __init__(
        self, now: Callable[[], float], fates: Sequence[Fate] = (), hour_usd: Decimal = Decimal("0.40"),
        storage_usd: Decimal = Decimal("0.04"), path: Path | None = None,
    ) -> None:  # fmt: skip
        self.now = now
        self.fates = fates
        self.hour_usd = hour_usd  # of the machine, while it runs
        self.storage_usd = storage_usd  # an hour, from the order until it is destroyed
        self._path = path
        self._sky = Sky()
        self.silent = False  # no call is answered

    def quote(self, rented: RentedSettings) -> Quote:
        self._heard()
        return Quote(hour_usd=self.hour_usd + self.storage_usd, what=f"{rented.gpus} (fake)")

    def launch(self, rented: RentedSettings, label: str) -> Machine:
        self._heard()
        with self._open() as sky:
            fate = self.fates[sky.orders] if sky.orders < len(self.fates) else Fate()
            number = sky.orders + 1
            if fate.refused:
                self._sky = sky.but(orders=number)
                raise NoOffer(f"No machine with {rented.gpus} is to be had.")
            made = Rented(
                id=str(number), label=label, made=self.now(), fate=fate,
                hour_usd=self.hour_usd * Decimal(str(fate.price)),
            )  # fmt: skip
            self._sky = sky.but(orders=number, machines=(*sky.machines, made))
        if fate.unanswered:
            raise RentalProblem("The order was not answered.")
        return self._machine(made)

    def status(self, machine: Machine) -> Standing:
        self._heard()
        with self._open() as sky:
            found = [each for each in sky.machines if each.label == machine.label and self._alive(each)]
        if not found:
            return Standing(state="gone", why="The cloud knows no such machine.")
        return self._standing(found[-1])

    def endpoint(self, machine: Machine) -> str:
        if self.status(machine).state != "up":
            raise RentalProblem(f"{machine.label} is not up.")
        return "http://127.0.0.1:9/v1"

    def destroy(self, machine: Machine) -> None:
        """By label: a real cloud's machine of an unanswered order has an id that nobody was told."""
        self._heard()
        failed = False
        with self._open() as sky:
            after = []
            for each in sky.machines:
                if each.label != machine.label or not self._alive(each):
                    after.append(each)
                elif each.refusals < each.fate.stubborn:
                    after.append(each.but(refusals=each.refusals + 1))
                    failed = True
                else:
                    after.append(each.but(ended=each.ended or self.now() + each.fate.lingers))
            self._sky = sky.but(machines=tuple(after))
        if failed:
            raise RentalProblem(f"{machine.label} could not be destroyed.")

    def labelled(self) -> Sequence[Machine]:
        self._heard()
        with self._open() as sky:
            return [self._machine(each) for each in sky.machines if self._alive(each)]

    def bill(self, most: Decimal | None = None) -> Decimal:
        """Dollars billed so far, all machines that ever were; `most`: as if none had cost more an hour."""
        with self._open() as sky:
            return sum((self._billed(each, most) for each in sky.machines), Decimal(0))

    def alive(self) -> tuple[Rented, ...]:
        """What is billed now, in any way."""
        with self._open() as sky:
            return tuple(each for each in sky.machines if self._alive(each))

    def _machine(self, each: Rented) -> Machine:
        return Machine(label=each.label, id=each.id, since=each.made, hour_usd=each.hour_usd + self.storage_usd)

    def _standing(self, each: Rented) -> Standing:
        age, hour = self.now() - each.made, each.hour_usd + self.storage_usd
        if age >= each.fate.outbid:
            return Standing(state="stopped", hour_usd=hour, why="Somebody bid more for it.")
        return Standing(state="up" if age >= each.fate.boots else "starting", hour_usd=hour)

    def _alive(self, each: Rented) -> bool:
        now = self.now()
        here = each.ended is None or now < each.ended
        return here and each.fate.late <= now - each.made < each.fate.lost

    def _billed(self, each: Rented, most: Decimal | None) -> Decimal:
        """Storage from the order on, the machine from its first to its last running second."""
        ended = self.now() if each.ended is None else min(each.ended, self.now())
        age = min(ended - each.made, each.fate.lost)
        if age < each.fate.late:
            return Decimal(0)
        ran = max(0.0, min(age, each.fate.outbid) - min(each.fate.boots / 2, HOUR))  # pulling the image is not billed
        hour = each.hour_usd if most is None else min(each.hour_usd, most - self.storage_usd)
        return (hour * Decimal(ran) + self.storage_usd * Decimal(max(0.0, age))) / HOUR

    def _heard(self) -> None:
        if self.silent:
            raise RentalProblem("The cloud does not answer.")

    @contextmanager
    def _open(self) -> Iterator[Sky]:
        """What the cloud knows now; what is put into `_sky` inside is kept."""
        if self._path is None:
            yield self._sky
            return
        with self._path.with_suffix(".lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            raw = self._path.read_text(encoding="utf-8") if self._path.exists() else "{}"
            self._sky = Sky.model_validate(json.loads(raw))
            try:
                yield self._sky
            finally:
                write_whole(self._path, json.dumps(self._sky.model_dump(mode="json")))


def fates(seed: int, count: int) -> tuple[Fate, ...]:
    """So many fates, about every second of them bad."""
    draw = random.Random(seed)  # noqa: S311  a script, not a secret

    def one() -> Fate:
        kind = draw.choice(("well", "well", "well", "refused", "unanswered", "hangs", "lost", "outbid", "dear"))
        boots = math.inf if kind == "hangs" else draw.uniform(5, 600)
        return Fate(
            refused=kind == "refused", unanswered=kind == "unanswered", boots=boots,
            lost=draw.uniform(1, 4000) if kind == "lost" else math.inf,
            outbid=draw.uniform(1, 4000) if kind == "outbid" else math.inf,
            stubborn=draw.choice((0, 0, 1, 3)), lingers=draw.choice((0, 0, 1, 40)),
            late=draw.choice((0, 10, 300)) if kind == "unanswered" else 0, price=1.5 if kind == "dear" else 1.0,
        )  # fmt: skip

    return tuple(one() for _ in range(count))
