"""Inverted lists in packed blocks: which documents hold a term, and how often. Light: the processes that parse load it.

A segment holds the lists of some documents, numbered from 0; where it lies in the store says what to add. Its terms
are sorted and cut into blocks of a few kilobytes, so that a look-up reads one block and a build writes few rows.
A posting is one integer: document << 16 | count.
"""

import struct
import zlib
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain
from typing import NamedTuple

MOST = 0xFFFF  # a count above it is kept as it
LONGEST = 200  # characters of a term; longer ones are data and are not found
_BLOCK = 1500  # postings (and as many for each 12 bytes of terms) after which a block is full
_HEAD = struct.Struct("<II")  # terms, their bytes joined by newlines


class Block(NamedTuple):
    """`first` is the least term in it."""

    kind: str
    first: str
    data: bytes


class Inverter:
    """Turns documents round: counts by term go in, blocks come out."""

    def __init__(self) -> None:
        self._lists: dict[str, defaultdict[str, list[int]]] = {}

    def add(self, kind: str, document: int, counts: Mapping[str, int]) -> None:
        lists = self._lists.setdefault(kind, defaultdict(list))
        high = document << 16
        for term, count in counts.items():
            lists[term].append(high + (count if count < MOST else MOST))

    def blocks(self) -> Iterator[Block]:
        for kind in sorted(self._lists):
            yield from packed(kind, self._lists[kind])


def packed(kind: str, lists: Mapping[str, Sequence[int]]) -> Iterator[Block]:
    """The blocks of one kind, in the order of their terms' code points (which is that of UTF-8 and of SQLite)."""
    terms = sorted(term for term in lists if 0 < len(term) <= LONGEST and "\n" not in term)
    found = [lists[term] for term in terms]
    lengths = array("I", map(len, found))
    weights = list(accumulate(length + 1 + len(term) // 12 for term, length in zip(terms, lengths, strict=True)))
    start = 0
    while start < len(terms):
        before = weights[start - 1] if start else 0
        end = min(bisect_left(weights, before + _BLOCK, start) + 1, len(terms))
        joined = "\n".join(terms[start:end]).encode("utf-8", "replace")
        postings = array("Q", chain.from_iterable(found[start:end]))
        head = _HEAD.pack(end - start, len(joined))
        raw = b"".join((head, joined, lengths[start:end].tobytes(), postings.tobytes()))
        yield Block(kind, joined.partition(b"\n")[0].decode(), zlib.compress(raw, 1))
        start = end


def lists_in(data: bytes) -> tuple[list[bytes], "array[int]", "array[int]"]:
    """Terms, how many postings each has, all postings. Raises ValueError or zlib.error when the block is damaged."""
    raw = zlib.decompress(data)
    if len(raw) < _HEAD.size:
        raise ValueError("a block without its head")
    count, size = _HEAD.unpack_from(raw)
    at = _HEAD.size + size
    lengths: array[int] = array("I")
    postings: array[int] = array("Q")
    lengths.frombytes(raw[at : at + count * lengths.itemsize])
    postings.frombytes(raw[at + count * lengths.itemsize :])
    return raw[_HEAD.size : at].split(b"\n"), lengths, postings


def postings_of(data: bytes, term: str) -> Sequence[int]:
    """The term's postings in this block, () when it is not there."""
    terms, lengths, postings = lists_in(data)
    raw = term.encode("utf-8", "replace")
    place = bisect_left(terms, raw)
    if place == len(terms) or terms[place] != raw:
        return ()
    start = sum(lengths[:place])
    return postings[start : start + lengths[place]]


def merged(parts: Iterable[tuple[int, Iterable[Block]]], alive: Callable[[int], bool]) -> Iterator[Block]:
    """One segment from several: each part with what its documents' numbers are moved by. The dead are left out."""
    lists: dict[str, dict[str, list[int]]] = {}
    for moved, blocks in parts:
        for block in blocks:
            kind = lists.setdefault(block.kind, {})
            terms, lengths, postings = lists_in(block.data)
            at = 0
            for term, length in zip(terms, lengths, strict=True):
                kept = [
                    posting + (moved << 16) for posting in postings[at : at + length] if alive(moved + (posting >> 16))
                ]
                at += length
                if kept:
                    kind.setdefault(term.decode(), []).extend(kept)
    for kind_name in sorted(lists):
        yield from packed(kind_name, lists[kind_name])
