"""Import statements in the shapes that people write, and in some that nobody should."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.codegraph.parse import imports
from factory.codegraph.parse.languages import LANGUAGES


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import a", [("a", ())]),
        ("import a.b as c,  d", [("a.b", ()), ("d", ())]),
        ("from a import b", [("a", ("b",))]),
        ("from . import b", [(".", ("b",))]),
        ("from .. a import (b, # c\n d as e,)", [("..a", ("b", "d"))]),
        ("from .a import *", [(".a", ("*",))]),
        ("from a import b, \\\r\n  c", [("a", ("b", "c"))]),
    ],
)
def test_python(text: str, found: list[imports.Found]) -> None:
    assert imports.python(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import a from 'b'", [("b", ("default",))]),
        ("import a, { b as c, type D, default as e } from './f';", [("./f", ("default", "b", "D", "default"))]),
        ("import type { A } from 'b'", [("b", ("A",))]),
        ("import type A from 'b'", [("b", ("default",))]),
        ("import type, { a } from 'b'", [("b", ("default", "a"))]),
        ("import * as a from `b`", [("b", ("*",))]),
        ('import "a"', [("a", ())]),
        ("import data from './a.json' with { type: 'json' }", [("./a.json", ("default",))]),
        ("import {\n  a, // one's own\n  b,\n} from './c'", [("./c", ("a", "b"))]),
        ("export * from 'a'", [("a", ("*",))]),
        ("export * as b from 'a'", [("a", ("*",))]),
        ("export { from } from 'a'", [("a", ("from",))]),
        ("import a = require('b')", [("b", ())]),
        ("require('b')", [("b", ())]),
        ("import('./b')", [("./b", ())]),
        ("import a from ''", []),
    ],
)
def test_javascript(text: str, found: list[imports.Found]) -> None:
    assert imports.javascript(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("use a;", [("a", ())]),
        ("use a::b as c;", [("a", ("b",))]),
        ("pub(in crate::x) use crate::{a, b::{self, c}};", [("crate", ("a",)), ("crate::b", ("c",))]),
        ("use a::{b::{self, c::*}};", [("a::b", ()), ("a::b::c", ("*",))]),
        ("use ::std::fmt;", [("::std", ("fmt",))]),
        ("use {a, b::c};", [("a", ()), ("b", ("c",))]),
        ("use super::*;", [("super", ("*",))]),
        ("pub mod a;", [("self::a", ())]),
        ("extern crate a as b;", [("a", ())]),
        ("use a::{ // one\n b, /* two */ c };", [("a", ("b", "c"))]),
    ],
)  # fmt: skip
def test_rust(text: str, found: list[imports.Found]) -> None:
    assert imports.rust(text) == found


@pytest.mark.parametrize(
    ("read", "text", "found"),
    [
        (imports.dotted, "import a.b.C;", [("a.b", ("C",))]),
        (imports.dotted, "import static a.b.C.*;", [("a.b.C", ("*",))]),
        (imports.dotted, "import a . b /* x */ . C ;", [("a.b", ("C",))]),
        (imports.dotted, "import a.b.C as D", [("a.b", ("C",))]),
        (imports.dotted, "import a", [("a", ())]),
        (imports.csharp, "global using A.B;", [("A.B", ("*",))]),
        (imports.csharp, "using X = A.B.C;", [("A.B", ("C",))]),
        (imports.csharp, "using static A;", [("A", ())]),
        (imports.csharp, "=.", []),
        (imports.php, "use A\\B as C, D\\E;", [("A", ("B",)), ("D", ("E",))]),
        (imports.php, "use const A\\{B, C\\D};", [("A", ("B",)), ("A\\C", ("D",))]),
        (imports.php, "include_once 'a/b.php'", [("a/b.php", ())]),
        (imports.ruby, "require_relative '../a'", [("../a", ())]),
        (imports.ruby, "require_relative 'a'", [("./a", ())]),
        (imports.plain, "<a/b.h>", [("a/b.h", ())]),
        (imports.plain, '""', []),
    ],
)
def test_others(read: imports.Reader, text: str, found: list[imports.Found]) -> None:
    assert read(text) == found


@given(st.text(alphabet="import fromuseas{}()*,;:\\'\"`./#@= \n", max_size=80))
def test_any_text_is_read(text: str) -> None:
    for row in LANGUAGES.values():
        assert all(module for module, _ in row.imports(text))
