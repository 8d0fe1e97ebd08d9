"""A stand-in for the cards: a file that several processes share, for demonstrations and for tests without a GPU.

Fake engines write into it what they hold; what a process held is free when it has ended, but for its residue. More
than the card has is refused, as CUDA refuses it, and counted: a scheduler under test must never cause one.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from factory.gpu.device import GIB, CardState, Use, host_free, unreachable
from factory.gpu.owner import Owner, owner

Book = dict[str, Any]


class DeviceDouble:
    """The file: {"cards": [...], "held": [...], "lost": {card: bytes}, "host_free": bytes or null}."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def kind(self) -> str:
        return f"a stand-in for cards ({self._path}), no GPU"

    def cards(self) -> tuple[CardState, ...]:
        with self._book() as book:
            return tuple(_state(book, row) for row in book["cards"])

    def host_free(self) -> int:
        with self._book() as book:
            said = book["host_free"]
        return host_free() if said is None else int(said)

    def hold(self, card: int, bytes: int, pid: int = 0, residue: int = 0) -> bool:
        """The process (pid 0: this one) holds exactly so much of the card from now on. False: it does not fit.

        `residue` bytes stay in use, of no process, when it has ended.
        """
        who = owner(pid)
        with self._book() as book:
            row = next(row for row in book["cards"] if row["index"] == card)
            rest = [each for each in book["held"] if (each["card"], each["pid"]) != (card, who.pid)]
            used = row["base"] + book["lost"].get(str(card), 0) + sum(r["bytes"] for r in rest if r["card"] == card)
            if used + bytes > row["total"]:
                row["refused"] += 1
                return False
            mine = {"card": card, "pid": who.pid, "started": who.started, "bytes": bytes, "residue": residue}
            book["held"] = [*rest, mine] if bytes or residue else rest
            row["most"] = max(row["most"], used + bytes)
            return True

    def clear(self, card: int) -> None:
        """Lost memory comes back, as after a reset of the card."""
        with self._book() as book:
            book["lost"].pop(str(card), None)

    def most(self, card: int) -> int:
        """The most bytes of a card that were ever in use."""
        with self._book() as book:
            return int(book["cards"][card]["most"])

    def refused(self) -> int:
        """How often a process asked for more than there was."""
        with self._book() as book:
            return sum(row["refused"] for row in book["cards"])

    @contextmanager
    def _book(self) -> Iterator[Book]:
        """The file under its lock, without what ended processes held; written back when it changed."""
        with Path(f"{self._path}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                before = self._path.read_text()
            except OSError as error:
                raise unreachable(str(error)) from error
            book: Book = json.loads(before)
            _bury(book)
            yield book
            after = json.dumps(book, indent=1)
            if after != before:
                draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
                draft.write_text(after)
                draft.replace(self._path)


def make(path: Path, cards: int = 1, host_free: int | None = None, **said: Any) -> DeviceDouble:
    """A new file with so many equal cards, RTX 3090 unless `said` otherwise (fields of CardState)."""
    path.write_text(json.dumps({
        "cards": [_row(index, said) for index in range(cards)], "held": [], "lost": {}, "host_free": host_free,
    }))  # fmt: skip
    return DeviceDouble(path)


def change(path: Path, card: int, **said: Any) -> None:
    """Another width, name, limit ... of one card (fields of CardState)."""
    with DeviceDouble(path)._book() as book:
        book["cards"][card].update(said)


def _row(index: int, said: Mapping[str, Any]) -> Book:
    usual = {
        "index": index, "name": "NVIDIA GeForce RTX 3090", "uuid": f"GPU-double-{index}", "total": 24 * GIB,
        "base": 300 * 1024**2, "lanes": 16, "lanes_max": 16, "watts": 350, "watts_default": 350, "celsius": 40,
        "most": 0, "refused": 0,
    }  # fmt: skip
    return {**usual, **said}


def _bury(book: Book) -> None:
    """Frees what ended processes held; their residue is lost."""
    ended = [row for row in book["held"] if not Owner(row["pid"], row["started"]).alive]
    for row in ended:
        if row["residue"]:
            key = str(row["card"])
            book["lost"][key] = book["lost"].get(key, 0) + row["residue"]
    book["held"] = [row for row in book["held"] if row not in ended]


def _state(book: Book, row: Book) -> CardState:
    held = [each for each in book["held"] if each["card"] == row["index"]]
    used = row["base"] + book["lost"].get(str(row["index"]), 0) + sum(each["bytes"] for each in held)
    return CardState(
        index=row["index"], name=row["name"], uuid=row["uuid"], total=row["total"], used=used, lanes=row["lanes"],
        lanes_max=row["lanes_max"], watts=row["watts"], watts_default=row["watts_default"], celsius=row["celsius"],
        processes=tuple(Use(each["pid"], each["bytes"]) for each in held if each["bytes"]),
    )  # fmt: skip
