"""The shared books: JSON lines on the orphan branch `factory-ledger`, read and appended by real git.

A push that is not forced is the compare-and-swap (orphan.py). On a rejection the rows are read again and the decision
is made again; an answer that got lost is found by reading, since rows have ids. What cannot be read is kept, counted
and ignored. docs/github.md#books
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from factory.contracts.books import Row
from factory.contracts.record import ValidationError
from factory.contracts.seams import Clock
from factory.forge.orphan import TRIES, Addition, OrphanBranch, Tip
from factory.forge.remote import Remote

__all__ = ["TRIES", "Booked", "Books", "SharedBooks", "books_in"]
BRANCH = "factory-ledger"
LINE = 16_384  # bytes of one row
Decide = Callable[[tuple[Row, ...]], tuple[Row, ...]]


@dataclass(frozen=True)
class Books:
    """What stood there at `commit` ("": no branch yet). `bad` lines could not be read."""

    commit: str
    rows: tuple[Row, ...]
    bad: int = 0


@dataclass(frozen=True)
class Booked:
    """After an append: everything, and which of it this append wrote."""

    rows: tuple[Row, ...]
    added: tuple[Row, ...]
    bad: int = 0


class SharedBooks:
    """One repository's books. `folder` is a bare repository of our own, made on first use."""

    def __init__(self, folder: Path, url: str, token: str, clock: Clock) -> None:
        self.folder, self.clock = folder, clock
        self.branch = OrphanBranch(Remote(folder, url, token), clock, BRANCH)

    def read(self) -> Books:
        """Raises HubProblem; no answer is tried again."""
        return _books(self.branch.read())

    def append(self, decide: Decide) -> Booked:
        """Write the rows that `decide` wants on top of what is there; rows whose id is there already are not written.

        `decide` is asked again whenever the books have moved on. Raises HubProblem when they cannot be written.
        """
        wanted: tuple[Row, ...] = ()
        books, fresh = Books("", ()), wanted

        def addition(tip: Tip) -> Addition | None:
            nonlocal wanted, books, fresh
            books = _books(tip)
            known = {row.id for row in books.rows}
            fresh = tuple(row for row in decide(books.rows) if row.id not in known)
            if not fresh:
                return None
            wanted = fresh
            return _addition(fresh)

        self.branch.append(addition)
        # an earlier push of ours whose answer was lost counts as ours
        added = fresh or tuple(row for row in books.rows if row in wanted)
        return Booked((*books.rows, *fresh), added, books.bad)


def _books(tip: Tip) -> Books:
    return books_in(tip.files.values(), tip.commit)


def books_in(files: Iterable[bytes], commit: str = "") -> Books:
    """What their lines say. A row that stands there twice counts once."""
    found: dict[str, Row] = {}
    bad = 0
    for raw in files:
        for line in raw.splitlines():
            row = _row(line)
            if row is None:
                bad += bool(line.strip())
            else:
                found.setdefault(row.id, row)
    return Books(commit, tuple(found.values()), bad)


def _addition(rows: tuple[Row, ...]) -> Addition:
    """The rows for the files of their months."""
    lines: dict[str, bytes] = {}
    for row in rows:
        name = f"{row.at[:7]}.jsonl"
        lines[name] = lines.get(name, b"") + f"{row.model_dump_json(exclude_defaults=True)}\n".encode()
    return Addition(lines, "\n".join(f"{row.kind} {row.run}" for row in rows), rows[-1].at)


def _row(line: bytes) -> Row | None:
    if len(line) > LINE:
        return None
    try:
        return Row.from_json(line)
    except ValidationError:
        return None
