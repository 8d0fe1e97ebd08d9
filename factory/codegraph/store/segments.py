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
    """The blocks of one kind, in the order of their terms' bytes (which is SQLite's order, too)."""
    terms: list[bytes] = []
    postings: array[int] = array("Q")
    lengths: array[int] = array("I")
    weight = 0
    for raw, term in sorted((term.encode("utf-8", "replace"), term) for term in lists if _fit(term)):
        found = lists[term]
        terms.append(raw)
        lengths.append(len(found))
        postings.extend(found)
        weight += len(found) + 1 + len(raw) // 12
        if weight >= _BLOCK:
            yield _block(kind, terms, lengths, postings)
            terms, postings, lengths, weight = [], array("Q"), array("I"), 0
    if terms:
        yield _block(kind, terms, lengths, postings)


def _fit(term: str) -> bool:
    return 0 < len(term) <= LONGEST and "\n" not in term


def _block(kind: str, terms: Sequence[bytes], lengths: "array[int]", postings: "array[int]") -> Block:
    joined = b"\n".join(terms)
    raw = b"".join((_HEAD.pack(len(terms), len(joined)), joined, lengths.tobytes(), postings.tobytes()))
    return Block(kind, terms[0].decode(), zlib.compress(raw, 1))


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
