"""The egress ledger as lines of text: each piece of the repository once, then who was sent which pieces and when.

A tool loop sends the same pieces with every request; a row each would be most of a bundle.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated

from factory.contracts.model import Tier
from factory.contracts.record import Field, Record
from factory.handover.folder import damaged
from factory.ledger.travel import Count, EgressRow

MAX_ROWS = 2_000_000


class SendingLine(Record):
    """One call: `new` are pieces that no line before had (path, start, stop, bytes, sha256), numbered as they come."""

    origin: str = Field(pattern=r"^[0-9a-z][0-9a-z.-]{0,79}:[0-9]{1,15}$")  # of its first row; the others follow
    at: str = Field(max_length=40)
    endpoint: str = Field(max_length=200)
    tier: Tier
    new: tuple[tuple[str, int, int, Annotated[int, Count], str], ...] = ()
    pieces: tuple[int, ...]


def lines_of(rows: Iterable[EgressRow]) -> Iterator[SendingLine]:
    """Rows of one call stand together and are numbered one after the other."""
    known: dict[tuple[str, int, int, int, str], int] = {}
    for call in _calls(rows):
        new, pieces = [], []
        for row in call:
            piece = (row.path, row.start, row.stop, row.bytes, row.sha256)
            if piece not in known:
                known[piece] = len(known)
                new.append(piece)
            pieces.append(known[piece])
        first = call[0]
        yield SendingLine(origin=first.origin, at=first.at, endpoint=first.endpoint, tier=first.tier,
                          new=tuple(new), pieces=tuple(pieces))  # fmt: skip


def rows_of(lines: Iterable[SendingLine]) -> Iterator[EgressRow]:
    """Raises Refusal('bundle_damaged')."""
    known: list[tuple[str, int, int, int, str]] = []
    total = 0
    for line in lines:
        known += line.new
        total += len(line.pieces)
        if total > MAX_ROWS or any(not 0 <= number < len(known) for number in line.pieces):
            damaged("egress.jsonl names pieces that are not there")
        machine, _, first = line.origin.partition(":")
        for at, number in enumerate(line.pieces):
            path, start, stop, size, sha256 = known[number]
            yield EgressRow.model_construct(
                origin=f"{machine}:{int(first) + at}", at=line.at, endpoint=line.endpoint, tier=line.tier, path=path,
                start=start, stop=stop, bytes=size, sha256=sha256,
            )  # fmt: skip


def _calls(rows: Iterable[EgressRow]) -> Iterator[list[EgressRow]]:
    call: list[EgressRow] = []
    for row in rows:
        if call and not _goes_on(call[-1], row):
            yield call
            call = []
        call.append(row)
    if call:
        yield call


def _goes_on(before: EgressRow, row: EgressRow) -> bool:
    machine, _, number = row.origin.partition(":")
    same = (before.at, before.endpoint, before.tier) == (row.at, row.endpoint, row.tier)
    return same and before.origin == f"{machine}:{int(number) - 1}"
