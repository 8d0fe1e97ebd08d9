"""Packed posting lists hold what was put in, apart and merged."""

import zlib
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.codegraph.store.segments import MOST, Block, Inverter, lists_in, merged, packed, postings_of

COUNTS = st.dictionaries(st.text(max_size=12), st.integers(1, 100_000), max_size=8)
DOCUMENTS = st.lists(COUNTS, max_size=8)


def blocks_of(documents: Sequence[Mapping[str, int]]) -> list[Block]:
    inverter = Inverter()
    for number, counts in enumerate(documents):
        inverter.add("word", number, counts)
    return list(inverter.blocks())


def looked_up(blocks: Sequence[Block], term: str) -> dict[int, int]:
    """As the store does: in the last block that does not begin behind the term."""
    before = [block for block in blocks if block.first.encode() <= term.encode("utf-8", "replace")]
    found = postings_of(before[-1].data, term) if before else ()
    return {posting >> 16: posting & MOST for posting in found}


def expected(documents: Sequence[Mapping[str, int]], term: str) -> dict[int, int]:
    return {number: min(counts[term], MOST) for number, counts in enumerate(documents) if term in counts}


def ordinary(term: str) -> bool:
    return term != "" and "\n" not in term and term == term.encode("utf-8", "replace").decode()


@given(DOCUMENTS)
def test_what_goes_in_is_found(documents: list[dict[str, int]]) -> None:
    blocks = blocks_of(documents)
    for term in {term for counts in documents for term in counts if ordinary(term)} | {"never said"}:
        assert looked_up(blocks, term) == expected(documents, term)


@given(DOCUMENTS, DOCUMENTS, st.sets(st.integers(0, 20)))
def test_merging_keeps_the_living(one: list[dict[str, int]], other: list[dict[str, int]], dead: set[int]) -> None:
    parts = [(0, blocks_of(one)), (len(one), blocks_of(other))]
    blocks = list(merged(parts, lambda document: document not in dead))
    both = [{} if number in dead else counts for number, counts in enumerate([*one, *other])]
    for term in {term for counts in (*one, *other) for term in counts if ordinary(term)}:
        assert looked_up(blocks, term) == expected(both, term)


def test_many_terms_are_many_blocks() -> None:
    lists = {f"term{number:06}": [number << 16 | 1] for number in range(20_000)}
    blocks = list(packed("name", lists))
    assert len(blocks) > 10
    assert [block.first for block in blocks] == sorted(block.first for block in blocks)
    assert all(looked_up(blocks, term) == {number: 1} for number, term in enumerate(lists) if number % 997 == 0)


@given(st.data())
def test_a_damaged_block_is_noticed_or_harmless(data: st.DataObject) -> None:
    (block,) = blocks_of([{"one": 1, "two": 2}, {"two": 7}])
    raw = bytearray(block.data)
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        found = lists_in(cut)
    except (ValueError, zlib.error):
        return
    assert found == lists_in(block.data)  # a byte that does not matter


def test_an_empty_block_is_damaged() -> None:
    with pytest.raises(ValueError, match="head"):
        lists_in(zlib.compress(b""))
