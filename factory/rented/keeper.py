"""Keeps the rented machines: one thread a table of [rented], asked by the gateway without ever blocking it."""

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from factory.contracts.errors import FactoryError
from factory.contracts.rented import RentedSettings
from factory.contracts.seams import Clock
from factory.ledger.spend import micro
from factory.rented.account import Notify
from factory.rented.answers import Refused, RentedStatus, Seat, Starting
from factory.rented.held import gateway_of, only_keeper
from factory.rented.money import Hours
from factory.rented.seam import RentalProblem, Renter
from factory.rented.tenancy import HOUR_S, LOOK_S, Tenancy

AFTER_PROBLEM_S = 15.0
LAST_CALL_S = 10.0  # a call to the cloud that is under way at the end is waited for so long
FAREWELL_S = 120.0  # how long `close(destroy=True)` tries


class Keeper:
    """Thread-safe. `folder` is for this alone; a second process on it is refused.

    `now` in `used` is the clock's monotonic time. `notify(event, sentence)` is called from the keeper's threads.
    `pace`: their waits are so many times as long (a test's are shorter).
    """

    def __init__(
        self, rented: Mapping[str, RentedSettings], provisioner: Renter, hours: Hours, clock: Clock,
        notify: Notify, folder: Path, pace: float = 1.0,
    ) -> None:  # fmt: skip
        self._rented = dict(rented)
        self._pace = pace
        self._cloud = provisioner
        self._hours = hours
        self._clock = clock
        self._notify = notify
        self._folder = folder
        self._held = ExitStack()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._wakes: dict[str, threading.Event] = {}
        self._counts = threading.Lock()
        self._alarms: dict[str, str] = {}  # the last one of each name, told once
        self.tenancies: dict[str, Tenancy] = {}

    def start(self) -> None:
        """Take the folder, find what is rented already, and begin. Raises UsageProblem when another process has it."""
        self.open()
        for name in self._rented:
            thread = threading.Thread(target=self._keep, args=(name,), name=f"rented {name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def open(self) -> None:
        """Without threads: whoever calls this takes the turns (`tenancies[name].turn()`) himself."""
        self._held.enter_context(only_keeper(self._folder))
        gateway, wall = gateway_of(self._folder), wall_of(self._clock)
        for name, rented in self._rented.items():
            self.tenancies[name] = Tenancy.read(
                name, gateway, rented, self._cloud, self._hours, wall, self._notify, self._folder
            )
            self._wakes[name] = threading.Event()

    def close(self, destroy: bool = False) -> None:
        """Stop keeping. The machines go on (the next gateway finds them, else the reaper) unless `destroy`."""
        self._closing.set()
        for wake in self._wakes.values():
            wake.set()
        for thread in self._threads:
            thread.join(timeout=FAREWELL_S if destroy else LAST_CALL_S)
        if destroy:
            self._end_all()
        self._held.close()

    def wanted(self, name: str, effort: int, queue: int) -> Seat | Starting | Refused:
        """A request of this effort wants it while so many wait locally. Never blocks; may set a start going."""
        tenancy, rented = self.tenancies[name], self._rented[name]
        url, phase = tenancy.url, tenancy.held.phase
        if url and phase == "up":
            return Seat(url=url)
        wakes = rented.mode == "always_on" or effort >= rented.wake_effort or 0 < rented.wake_queue <= queue
        if not wakes and phase in ("off", "destroying"):
            also = f" or when {rented.wake_queue} requests wait" if rented.wake_queue else ""
            return Refused(sentence=f"{name} is off: it is rented from effort {rented.wake_effort}{also}.")
        barred = tenancy.barred() if phase == "off" else ""
        if barred:
            return Refused(sentence=barred)
        if wakes:
            tenancy.wish()
            if phase == "off":
                self._wakes[name].set()
        return Starting(eta_s=tenancy.eta_s())

    def used(self, name: str, now: float, change: int = 0) -> None:
        """A request there began (change 1), ended (-1) or goes on (0): while one runs it is not idle."""
        tenancy = self.tenancies[name]
        with self._counts:
            tenancy.running = max(0, tenancy.running + change)
            tenancy.used_at = max(tenancy.used_at, tenancy.wall() - (self._clock.monotonic() - now))

    def status(self) -> tuple[RentedStatus, ...]:
        return tuple(self._status(name, tenancy) for name, tenancy in self.tenancies.items())

    def _status(self, name: str, tenancy: Tenancy) -> RentedStatus:
        rented, held, idle, now = self._rented[name], tenancy.held, tenancy.idle_s(), tenancy.wall()
        asleep_in = rented.idle_minutes * 60 - idle if rented.mode == "on_demand" and held.phase == "up" else None
        return RentedStatus(
            name=name, model=rented.model, gpus=rented.gpus, why=held.why, hour=held.hour, running=tenancy.running,
            phase="idle" if held.phase == "up" and not tenancy.running else held.phase,
            up_s=now - held.since if held.since else 0.0, idle_s=idle,
            sleeps_s=None if asleep_in is None else max(0.0, asleep_in), spent=self._hours.spent(name),
            cap=micro(rented.day_usd), starts=sum(1 for start in held.starts if now - start < HOUR_S),
        )  # fmt: skip

    def _keep(self, name: str) -> None:
        """A thread's whole life. It must not die: a machine that nobody keeps costs money."""
        tenancy, wake, found = self.tenancies[name], self._wakes[name], False
        while not self._closing.is_set():
            wake.clear()
            try:
                if not found:
                    tenancy.find()
                    found = True
                wait = tenancy.turn()
            except RentalProblem:
                wait = AFTER_PROBLEM_S
            except Exception as problem:  # noqa: BLE001  disk, ledger, our bugs: the machine is ended if need be
                wait = AFTER_PROBLEM_S
                self._alarm(tenancy, problem)
            wake.wait(wait * self._pace)

    def _alarm(self, tenancy: Tenancy, problem: Exception) -> None:
        sentence = f"{tenancy.held.name}: {problem or type(problem).__name__}"
        if self._alarms.get(tenancy.held.name) != sentence:
            self._alarms[tenancy.held.name] = sentence
            self._notify("rented_problem", sentence)
        try:
            tenancy.panic()
        except RentalProblem as second:
            self._notify("rented_problem", f"{tenancy.held.name}: {second}")

    def _end_all(self) -> None:
        limit = self._clock.monotonic() + FAREWELL_S
        for tenancy in self.tenancies.values():
            tenancy.end("The gateway was stopped.")
            while not tenancy.is_off() and self._clock.monotonic() < limit:
                try:
                    tenancy.turn()
                except FactoryError as problem:
                    self._notify("rented_problem", f"{tenancy.held.name}: {problem}")
                if not tenancy.is_off():
                    self._clock.sleep(LOOK_S["destroying"])


def wall_of(clock: Clock) -> Callable[[], float]:
    """Seconds of the epoch by this clock, for what must outlive the process."""
    return lambda: datetime.fromisoformat(clock.now()).timestamp()
