"""Sources that are broken, odd or hostile: what can be had is had, nothing raises."""

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.codegraph.facts import Facts
from factory.codegraph.parse.extract import extract
from factory.codegraph.parse.languages import LANGUAGES, language_of
from tests.codegraph.parse.test_extract import SOURCES

GOLDEN = {language_of(path.name): path.read_bytes() for path in SOURCES.iterdir() if path.suffix != ".txt"}
PIECES = [
    b"", b"\n", b"\r\n", b"\r", b"\x00", b"\xff\xfe", "é“”".encode(), b"\xe2\x82", b"(" * 40, b"{" * 40, b"}", b")",
    b'"', b"'''", b"`", b"/*", b"*/", b"#", b"//", b"@", b"<", b"class ", b"def ", b"import ", b"from . import ",
    b"use a::{b, c::{",    b"function ", b"= ", b"$", b"::", b"\xef\xbb\xbf", b"impl ", b"end\n", b";", b",",
]  # fmt: skip


def sound(facts: Facts, data: bytes) -> None:
    """What everybody who reads facts may rely on."""
    assert facts.lines == data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
    for symbol in facts.symbols:
        assert 1 <= symbol.start <= symbol.line <= symbol.end <= max(facts.lines, 1), symbol
        assert symbol.name
        assert "\n" not in symbol.signature
        assert len(symbol.signature) <= 200
    for use in (*facts.uses, *facts.imports):
        assert 1 <= use.line <= max(facts.lines, 1)
    assert {use.kind for use in facts.uses} <= {"call", "plain", "base", "name"}
    assert all(each.module for each in facts.imports)
    assert 0 <= facts.broken <= facts.lines + 1


@pytest.mark.parametrize("language", ["", *LANGUAGES])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_mutated_sources_never_raise(language: str, seed: int) -> None:
    chance = random.Random(seed)
    data = GOLDEN.get(language, b"plain text\n")
    for _ in range(chance.randint(1, 8)):
        at, size = chance.randrange(len(data) + 1), chance.choice((0, 0, 1, 5, 40))
        data = data[:at] + chance.choice((*PIECES, data[at : at + 30] * 3)) + data[at + size :]
    sound(extract(language, data), data)


@pytest.mark.parametrize("language", ["", *LANGUAGES])
@settings(max_examples=10, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_never_raise(language: str, data: bytes) -> None:
    sound(extract(language, data), data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_line_ends_and_a_mark_in_front_change_nothing(language: str) -> None:
    data = GOLDEN[language]
    plain = extract(language, data)
    assert not plain.broken
    windows = extract(language, data.replace(b"\n", b"\r\n"))
    assert names(windows) == names(plain)
    assert windows.imports == plain.imports
    if not data.startswith((b"#!", b"<?php", b"#ifndef")):
        assert extract(language, b"\xef\xbb\xbf" + data).symbols == plain.symbols


def names(facts: Facts) -> list[tuple[str, str, int, int]]:
    return [(each.kind, each.full, each.start, each.end) for each in facts.symbols]


@pytest.mark.parametrize("language", ["", *LANGUAGES])
def test_empty(language: str) -> None:
    assert extract(language, b"") == Facts(language, 0, (), (), (), {}, {}, 0)


def test_a_broken_file_still_tells_what_it_can() -> None:
    found = extract("python", b"def f():\n    pass\n\ndef g(:\n    pass\n\nclass H(I):\n    def j(self): k()\n")
    assert found.broken == 4
    assert {"f", "H", "H.j"} <= {symbol.full for symbol in found.symbols}
    assert ("k", 8, "plain") in found.uses


def test_bytes_that_are_no_utf_8_stand_as_a_sign_of_loss() -> None:
    found = extract("python", b"# \xe9t\xe9\ndef caf\xe9(): return foo()\n")
    assert "foo" in found.idents
    assert ("foo", 2, "plain") in found.uses


def test_a_file_that_would_take_its_grammar_hours_is_plain_text() -> None:
    """Shortened from a mutated Kotlin file: each further line doubles what the parser keeps in mind."""
    data = b"{f<e()\n0\n   \xef\xbb\xbf  n" + b"{" * 19 + GOLDEN["kotlin"][-480:-20].replace(b"{ Shop?", b"{ )Shop?")
    found = extract("kotlin", data * 3)
    assert found.broken == 1
    assert not found.symbols
    assert found.idents["Shop"]


@pytest.mark.parametrize(
    ("language", "data"),
    [
        ("kotlin", b"val x = 1\n@"),
        ("kotlin", b'"${' * 600),
        ("python", b"(" * 50_000 + b")" * 50_000),
        ("python", b"a = " * 20_000 + b"1"),
        ("python", b"".join(b" " * n + b"class A%d:\n" % n for n in range(600))),
        ("javascript", b"function a(){" * 20_000),
        ("javascript", b"a => " * 20_000 + b"1"),
        ("typescript", b"namespace a { " * 2_000 + b"}" * 2_000),
        ("rust", b"use a::" + b"{b::" * 5_000 + b"c" + b"}" * 5_000 + b";"),
        ("rust", b"mod a {" * 5_000),
        ("cpp", b"namespace a { class B { " * 3_000),
        ("java", b"class A { " * 5_000),
        ("go", b"package p\nvar x = " + b"[" * 20_000),
        ("python", b"# " + b"x" * 500_000),
        ("python", b"from a import (" + b"b, " * 50_000 + b")"),
        ("python", b"x" * 500_000 + b"(1)"),
        ("java", b"//\n" * 50_000 + b"class A {}"),
        ("javascript", b"/*" * 50_000 + b"\nfunction a() {}"),
        ("ruby", b"module A::" + b"B::" * 10_000 + b"C\nend"),
    ],
)
def test_hostile_sources_end_and_stay_small(language: str, data: bytes) -> None:
    tracemalloc.start()
    sound(extract(language, data), data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 * 1024 * 1024
