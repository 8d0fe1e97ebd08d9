"""Facts come back as they went in."""

import marshal
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.codegraph.facts import NOTHING, Facts, Import, Symbol, Use
from factory.codegraph.store.packing import packed, unpacked

TEXT = st.text(st.characters(codec=None), max_size=8)  # lone surrogates too
LINE = st.integers(0, 10**6)
COUNTS = st.dictionaries(TEXT, LINE, max_size=4)
FACTS = st.builds(
    Facts, TEXT, LINE,
    st.lists(st.builds(Symbol, TEXT, TEXT, TEXT, LINE, LINE, LINE, TEXT, TEXT), max_size=4).map(tuple),
    st.lists(st.builds(Use, TEXT, LINE, TEXT), max_size=4).map(tuple),
    st.lists(st.builds(Import, TEXT, st.lists(TEXT, max_size=3).map(tuple), LINE), max_size=4).map(tuple),
    COUNTS, COUNTS, LINE,
)  # fmt: skip


@given(FACTS)
def test_there_and_back(facts: Facts) -> None:
    back = unpacked(packed(facts))
    assert back == facts
    assert list(back.idents) == list(facts.idents)


def test_nothing() -> None:
    assert unpacked(packed(NOTHING)) == NOTHING


ODD = (zlib.compress(marshal.dumps((1, 2))), zlib.compress(marshal.dumps(7)), zlib.compress(b""))


@pytest.mark.parametrize("data", [b"", b"\0\1", *ODD, packed(NOTHING)[:-1]])
def test_damage_is_noticed(data: bytes) -> None:
    with pytest.raises((ValueError, TypeError, EOFError, zlib.error)):
        unpacked(data)
