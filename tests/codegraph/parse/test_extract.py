"""Facts of one file: a source of each language beside what is read from it, and what holds for all of them."""

from pathlib import Path

import pytest

from factory.codegraph.facts import Facts
from factory.codegraph.parse.extract import extract, identifiers, roles
from factory.codegraph.parse.languages import LANGUAGES, language_of, query

SOURCES = Path(__file__).parents[2] / "data" / "extract"


def shown(facts: Facts) -> str:
    """As text, one fact a line: what a golden file holds."""
    lines = [
        f"{each.kind} {each.full} {each.start}-{each.end} @{each.line} | {each.signature} | {each.doc}".rstrip(" |")
        for each in facts.symbols
    ]
    lines += [f"import {each.module} {','.join(each.names)} @{each.line}" for each in facts.imports]
    lines += [f"{each.kind}: {each.name} @{each.line}" for each in facts.uses]
    return "\n".join([f"{facts.language}, {facts.lines} lines, broken {facts.broken}", *lines, ""])


@pytest.mark.parametrize("name", sorted(path.name for path in SOURCES.iterdir() if path.suffix != ".txt"))
def test_golden(name: str) -> None:
    """After a change on purpose: `python -m tests.codegraph.parse.golden` writes the .txt files anew, to be read."""
    facts = extract(language_of(name), (SOURCES / name).read_bytes())
    assert shown(facts) == (SOURCES / f"{name}.txt").read_text(encoding="utf-8")
    assert {symbol.name for symbol in facts.symbols if symbol.name.isidentifier()} <= facts.idents.keys()


def test_every_language_has_a_golden_source() -> None:
    assert {language_of(path.name) for path in SOURCES.iterdir() if path.suffix != ".txt"} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_query_file_compiles_and_each_pattern_has_a_role(language: str) -> None:
    assert len(roles(language)) == query(language).pattern_count > 0


@pytest.mark.parametrize(
    ("path", "head", "language"),
    [
        ("a/b.py", b"", "python"), ("b.PYI", b"", "python"), ("a.d.ts", b"", "typescript"), ("a.tsx", b"", "tsx"),
        ("x.h", b"int f(void);", "c"), ("x.h", b"namespace a {", "cpp"), ("Rakefile", b"", "ruby"),
        ("run", b"#!/usr/bin/env -S python3.11 -u\n", "python"), ("run", b"#!/bin/sh\n", "bash"),
        ("run", b"#!/usr/bin/env node\n", "javascript"), ("run", b"#!", ""), ("run", b"print", ""),
        ("README.md", b"#!/bin/sh\n", ""), ("Makefile", b"", ""), ("a.unknown", b"", ""),
    ],
)  # fmt: skip
def test_language_of(path: str, head: bytes, language: str) -> None:
    assert language_of(path, head) == language


def test_plain_text_has_words_and_lines() -> None:
    found = extract("", "Über die foo_bar, “foo_bar” 42\nzwei 2fa\n".encode())
    assert (found.language, found.lines, found.symbols) == ("", 2, ())
    assert found.idents == {"Über": 1, "die": 1, "foo_bar": 2, "zwei": 1}


def test_identifiers_in_ascii_and_beyond_are_the_same() -> None:
    text = b"a_b1 = $scope.x ? f(1e5) : 'it is' // _"
    for sign in (False, True):
        with_more = identifiers(text + " – é".encode(), sign)
        assert with_more == {**identifiers(text, sign), "é": 1}
    assert identifiers(b"$scope.$ x", sign=True) == {"$scope": 1, "$": 1, "x": 1}
