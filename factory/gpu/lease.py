"""Memory of the cards that other programs have borrowed: one file each, bound to a process, under one lock.

`gpu/leases/` of the state folder holds them, whoever granted them: a server, or the command itself where no server
runs. A lease whose process has ended is over, however it ended.
"""

import fcntl
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from factory.contracts.engines import CardSettings
from factory.contracts.errors import UsageProblem
from factory.contracts.record import Field, Record, ValidationError
from factory.files import write_whole
from factory.gpu.device import GIB, CardState, Device
from factory.gpu.owner import Owner, parents
from factory.gpu.placement import Need, choices, judged

MOST_GIB = 1024.0
PREFIX = "lease-"  # of every lease's id: no request's begins so


class Lease(Record):
    """So many bytes of these cards, for as long as the process runs."""

    id: str
    bytes: int = Field(gt=0)
    cards: tuple[int, ...]
    pid: int
    started: int  # as factory.gpu.owner
    job: str = ""  # for people

    @property
    def alive(self) -> bool:
        return Owner(self.pid, self.started).alive


class Leases:
    """The folder of leases; safe for several processes."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "gpu" / "leases"

    def all(self) -> tuple[Lease, ...]:
        """The ones that hold. What is over, or no lease at all, is removed."""
        with self._locked():
            return self._all()

    def add(self, lease: Lease) -> None:
        with self._locked():
            self._write(lease)

    def remove(self, name: str) -> None:
        """Ends it; one that is not there has ended."""
        with self._locked():
            for path in self._folder.glob("*.json"):
                if path.stem == name:
                    path.unlink()

    def take(self, device: Device, said: Mapping[str, CardSettings], wanted: Lease) -> Lease:
        """A lease where nobody manages the cards: on `wanted.cards`, or on the fullest card that has room now.

        Raises UsageProblem when there is none.
        """
        with self._locked():
            states = device.cards()
            cards = [judged(state, said.get(str(state.index), CardSettings())) for state in states]
            in_use = {state.index: state.used + promised(state, self._all()) for state in states}
            need = Need("the lease", wanted.bytes, max(1, len(wanted.cards)), wanted.cards)
            found = choices(need, cards, in_use)
            if isinstance(found, str):
                raise UsageProblem(f"{found}. Ask for less with --gib, or wait until others end.")
            lease = wanted.but(cards=found[0])
            self._write(lease)
            return lease

    def _all(self) -> tuple[Lease, ...]:
        found = []
        for path in sorted(self._folder.glob("*.json")):
            lease = None
            with suppress(OSError, ValidationError):
                lease = Lease.from_json(path.read_bytes())
            if lease and lease.alive:
                found.append(lease)
            else:
                path.unlink(missing_ok=True)
        return tuple(found)

    def _write(self, lease: Lease) -> None:
        write_whole(self._folder / f"{lease.id}.json", lease.to_json() + "\n")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def asked(gib: float, card: int | None, who: Owner, job: str = "") -> Lease:
    """A lease as it is asked for: without `card`, cards are still to be chosen. Raises UsageProblem."""
    if not 0 < gib <= MOST_GIB:
        raise UsageProblem(f"--gib {gib:g} is not between 0 and {MOST_GIB:g}: say how much memory the program takes.")
    if card is not None and not 0 <= card < 64:
        raise UsageProblem(f"--card {card} is no card's index: `factory gpu status` lists them.")
    cards = () if card is None else (card,)
    return Lease(
        id=f"{PREFIX}{secrets.token_hex(4)}", bytes=int(gib * GIB), cards=cards, pid=who.pid, started=who.started,
        job=job[:100],
    )  # fmt: skip


def promised(state: CardState, leases: Sequence[Lease]) -> int:
    """Bytes of a card that are lent but not in use yet."""
    total = 0
    for lease in leases:
        if state.index in lease.cards:
            uses = [use.bytes or 0 for use in state.processes or () if lease.pid in parents(use.pid)]
            total += max(0, lease.bytes - sum(uses))
    return total
