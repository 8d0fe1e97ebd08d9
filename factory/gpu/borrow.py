"""Leases in a running fleet: those that wait for room, and those that the folder says are held."""

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from factory.contracts.errors import Stopped
from factory.gpu.lease import Lease, Leases
from factory.gpu.placement import Cards, Need
from factory.gpu.scheduler import Scheduler
from factory.gpu.tenants import Model


class Borrowers:
    """The folder is the truth: what is in it is held, also when somebody else put it there."""

    def __init__(self, state: Path) -> None:
        self.held: dict[str, Lease] = {}
        self.wanted: dict[str, tuple[Lease, Future[Lease]]] = {}
        self._folder = Leases(state)

    def ask(self, lease: Lease, scheduler: Scheduler, now: float) -> "Future[Lease]":
        answer: Future[Lease] = Future()
        self.wanted[lease.id] = (lease, answer)
        scheduler.borrow(_model(lease), now)
        return answer

    def grant(self, name: str, cards: Cards, scheduler: Scheduler, now: float) -> None:
        """There is room: written down first, told then. Whoever asked may be gone; then it ends at the next look."""
        lease, answer = self.wanted.get(name, (None, None))
        if lease is None or answer is None:
            return
        lease = lease.but(cards=cards)
        try:
            self._folder.add(lease)
        except Stopped as problem:  # what cannot be written down is not held
            self.refuse(name, problem)
            return scheduler.give_back(name, now)
        self.held[name] = lease
        del self.wanted[name]
        if answer.set_running_or_notify_cancel():
            answer.set_result(lease)

    def refuse(self, name: str, problem: Stopped) -> None:
        _, answer = self.wanted.pop(name, (None, None))
        if answer and answer.set_running_or_notify_cancel():
            answer.set_exception(problem)

    def end(self, name: str, scheduler: Scheduler, now: float) -> None:
        """Of a lease, or of the wait for one."""
        _, answer = self.wanted.pop(name, (None, None))
        if answer:
            answer.cancel()
        if self.held.pop(name, None):
            self._folder.remove(name)
        scheduler.give_back(name, now)

    def read(self) -> tuple[Lease, ...]:
        return self._folder.all()

    def put(self, leases: Sequence[Lease], scheduler: Scheduler, now: float) -> None:
        """What the folder holds and what it does not any more, and who went away while waiting."""
        found = {lease.id: lease for lease in leases}
        for name in [name for name in self.held if name not in found]:
            self.end(name, scheduler, now)
        for name in [name for name, (lease, _) in self.wanted.items() if not lease.alive]:
            self.end(name, scheduler, now)
        for name, lease in found.items():
            if name not in self.held:
                self.held[name] = lease
                scheduler.borrow(_model(lease), now, lease.cards)

    def close(self, problem: Stopped) -> None:
        for name in list(self.wanted):
            self.refuse(name, problem)


def _model(lease: Lease) -> Model:
    return Model(Need(lease.id, lease.bytes, max(1, len(lease.cards)), lease.cards), lease=True)
