"""What is rented, on disk: written before money is spent, so that a killed gateway finds its machines again."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from factory.contracts.errors import UsageProblem
from factory.contracts.record import Record, ValidationError
from factory.files import trusted_folder, write_whole

Phase = Literal["off", "launching", "up", "destroying"]
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
GATEWAY = re.compile(r"[0-9a-f]{8}")


class Period(Record):
    """Hours that are reserved: `number` is the ledger's. Times in seconds of the epoch."""

    number: int
    start: float
    end: float


class Held(Record):
    """One table of [rented] and its machine. Times in seconds of the epoch, money in micro-dollars."""

    name: str
    label: str
    phase: Phase = "off"
    machine: str = ""  # the cloud's id, once it is known
    since: float = 0  # from when on it may be billed: the moment before it was ordered
    asked: float = 0  # when it was last ordered; 0: it was found, not ordered
    hour: int = 0  # what an hour costs: the dearest allowed until the cloud says it
    priced: bool = False  # the cloud said it
    periods: tuple[Period, ...] = ()  # reserved and not settled, in order, without gaps
    booked: float = 0  # up to when hours are settled or reserved
    starts: tuple[float, ...] = ()  # orders of the last hour
    took: float = 0  # seconds the last start took
    why: str = ""  # why it is not up, in one sentence
    until: float = 0  # not tried again before
    allowance: float = 0  # seconds a machine may live
    holder: str = ""  # the process that keeps it, see factory.ledger.process
    beat: float = 0  # when that process last looked after it


def load(folder: Path, name: str, gateway: str) -> Held:
    """What is on disk of a name. Raises UsageProblem for a damaged file: it may stand for a machine that bills."""
    from factory.rented.seam import label_of

    if not NAME.fullmatch(name):
        raise UsageProblem(f"[rented.{name}]: name it in small letters, digits and hyphens, at most 40.")
    path = _path(folder, name)
    try:
        return Held.from_json(path.read_bytes())
    except FileNotFoundError:
        return Held(name=name, label=label_of(gateway, name))
    except ValidationError:
        raise UsageProblem(
            f"{path} is damaged: run `factory gpu reap` to see what is rented, then remove the file."
        ) from None


def save(folder: Path, held: Held) -> None:
    write_whole(_path(folder, held.name), held.to_json(indent=1) + "\n")


def everything(folder: Path) -> tuple[Held, ...]:
    """All that is readable, for the reaper. A damaged file claims nothing."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(Held.from_json(path.read_bytes()))
        except (ValidationError, OSError):
            continue
    return tuple(found)


def gateway_of(folder: Path) -> str:
    """This state folder's part of every label; made once."""
    path = trusted_folder(folder) / "gateway"
    if not path.exists():
        write_whole(path, secrets.token_hex(4) + "\n")
    found = path.read_text(encoding="utf-8").strip()
    if not GATEWAY.fullmatch(found):
        raise UsageProblem(f"{path} is damaged: run `factory gpu reap --all`, then remove the file.")
    return found


@contextmanager
def only_keeper(folder: Path) -> Iterator[None]:
    """While inside, no other process keeps this folder's machines. Raises UsageProblem when one does."""
    import fcntl

    with (trusted_folder(folder) / "lock").open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageProblem(f"Another gateway keeps the rented machines of {folder}: stop it first.") from None
        yield


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"
