"""What runs taught, shared between machines: lines on the orphan branch `factory-memory`. Written by ship jobs only.

Here they are bytes; what a line may be is the memory's to say, on every machine that reads it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from factory.contracts.seams import Clock
from factory.forge.orphan import MONTHS, Addition, OrphanBranch, Tip
from factory.forge.remote import Remote

BRANCH = "factory-memory"
MOST = 16 * 1024 * 1024  # bytes of a month that are read, the newest


class Entry(NamedTuple):
    """One line to write, without its end, and the time that says which month it belongs to."""

    at: str
    text: str


class SharedMemory:
    """One repository's. The remote's folder is a bare repository of our own; other branches may share it."""

    def __init__(self, remote: Remote, clock: Clock) -> None:
        self.branch, self.clock = OrphanBranch(remote, clock, BRANCH), clock

    def read(self) -> bytes:
        """All lines of the months that count, b'' without a branch. Raises HubProblem."""
        return _lines(self.branch.read())

    def append(self, decide: Callable[[bytes], Sequence[Entry]], message: str) -> int:
        """Write the lines that `decide` wants, given those that are there; how many. It is asked again whenever the
        branch has moved on. Months that no longer count are taken out of the branch. Raises HubProblem."""
        written = 0

        def addition(tip: Tip) -> Addition | None:
            nonlocal written
            wanted = decide(_lines(tip))
            written = len(wanted) or written  # nothing wanted any more: an earlier push of ours did arrive
            return _addition(tip, wanted, message, self.clock.now()) if wanted else None

        self.branch.append(addition)
        return written


def _lines(tip: Tip) -> bytes:
    months = [raw[-MOST:] for raw in tip.files.values() if raw]
    return b"".join(raw if raw.endswith(b"\n") else raw + b"\n" for raw in months)


def _addition(tip: Tip, wanted: Sequence[Entry], message: str, now: str) -> Addition:
    lines: dict[str, bytes] = {}
    for entry in wanted:
        name = f"{entry.at[:7]}.jsonl"
        lines[name] = lines.get(name, b"") + f"{entry.text}\n".encode()
    names = sorted({*tip.files, *lines})
    old = tuple(name for name in names[:-MONTHS] if name in tip.files and name not in lines)
    return Addition(lines, message, now, old)
