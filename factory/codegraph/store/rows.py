"""What workers found out about files: the rows that the store takes in, many at once."""

from collections.abc import Sequence
from typing import NamedTuple

from factory.codegraph.store.segments import Block


class File(NamedTuple):
    """`name` is the last part of its path: the language is told by it."""

    oid: str
    name: str


class Row(NamedTuple):
    """What was found out about one file. `skip`: why it is not in the index, '' when it is."""

    file: File
    language: str
    size: int
    lines: int
    words: int
    skip: str
    failed: bool
    facts: bytes


class Segment(NamedTuple):
    """Documents, and the blocks that hold their postings, numbered as the documents stand in `rows`."""

    rows: Sequence[Row]
    blocks: Sequence[Block]
