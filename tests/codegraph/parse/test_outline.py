"""Top-level names by language, imports, chunks, and what does not parse."""

import threading

import pytest

from factory.codegraph.parse.outline import outline, top_level

PYTHON = """import os
from x import y as z
A = 1
_b = 2
c = d = 3
e, f = 1, 2
x: int = 3
try:
    import q
except ImportError:
    def q(): ...
if True:
    G = 1
else:
    H = 2
@dec
class K:
    def m(self): pass
async def co(): pass
type T[X] = int
a.b = 3
def _private(): pass
"""
JAVASCRIPT = """import {a as b} from 'x';
export {q as r} from 'y';
const {m, n: o} = 1, z = 2;
let w = () => 1;
function f() {}
export default function g() {}
export const h = 1;
export class C { m() {} }
function* gen() {}
async function later() {}
"""
TYPESCRIPT = """export interface I { a: number }
export type T = number;
enum E { A }
namespace N { export const x = 1 }
declare function df(): void;
abstract class AC {}
export function ov(a: string): void;
export function ov(a: any) {}
"""
GO = """package m

import "fmt"

const (
	A = 1
	B = 2
)

var x, y = 1, 2

type S struct{}
type (
	P int
	Q = string
)

func F() {}
func (s *S) M() {}
func (s S[T]) N() {}
"""
RUST = """use std::x;
pub struct S<T> { a: T }
enum E { A }
impl<T> S<T> { pub fn new() -> Self { } fn b() { } }
pub const C: i32 = 1;
static D: i32 = 2;
mod m { }
trait Tr { fn t(); }
fn f() { }
macro_rules! mm { () => { } }
type Al = i32;
"""
JAVA = """package p;
import a.B;
public class A { int f; A() {} void m() {} static class In {} }
interface I { void q(); }
enum E { X; void z() {} }
record R(int a) { int s() { return 1; } }
@interface An {}
"""


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("a.py", PYTHON, "A c d e f x q G H K co T _private"),
        ("a.js", JAVASCRIPT, "m o z w f g h C gen later"),
        ("a.JSX", "export const App = () => <div/>;\n", "App"),
        ("a.ts", TYPESCRIPT, "I T E N df AC ov"),
        ("a.tsx", "export const App = () => <div/>;\n", "App"),
        ("a.go", GO, "A B x y S P Q F S.M S.N"),
        ("a.rs", RUST, "S E S.new S.b C D m Tr f mm Al"),
        ("A.java", JAVA, "A A.A A.m I I.q E E.z R R.s An"),
        ("empty.py", "", ""),
    ],
)
def test_names(path: str, text: str, names: str) -> None:
    assert top_level(path, text) == frozenset(names.split())


def test_unknown_language_and_broken_text_give_none() -> None:
    assert top_level("a.txt", "def f(): pass") is None
    assert top_level("Makefile", "all:\n") is None
    assert top_level("a.py", "def f(:\n    pass\n") is None
    assert top_level("a.py", "x" * 2_000_001) is None


def test_a_broken_file_still_tells_what_it_can() -> None:
    found = outline("a.py", "def f():\n    pass\n\ndef g(:\n    pass\n\ndef h():\n    pass\n")
    assert found is not None
    assert found.broken == 4
    assert {"f", "h"} <= found.symbols


def test_imports() -> None:
    found = outline("a.py", PYTHON)
    assert found is not None
    assert {"os", "y", "z", "q"} <= found.imported
    found = outline("a.js", JAVASCRIPT)
    assert found is not None
    assert {"b", "r"} <= found.imported
    for path, text in (("a.py", "from x import *\n"), ("a.ts", "export * from './x'\n"), ("a.rs", "use a::*;\n")):
        found = outline(path, text)
        assert found is not None
        assert "*" in found.imported
    found = outline("a.ts", "export const x = 2 * 3\n")
    assert found is not None
    assert "*" not in found.imported


def test_chunks_hold_whole_definitions_with_their_decorators() -> None:
    found = outline("a.py", PYTHON)
    assert found is not None
    assert ("K", 16, 18) in found.chunks
    assert ("co", 19, 19) in found.chunks


def test_deep_nesting_is_survived() -> None:
    outline("a.py", "(" * 50_000 + ")" * 50_000)
    outline("a.js", "{" * 50_000)
    outline("a.py", "a = " * 20_000 + "1")
    outline("a.ts", "declare " * 20_000 + "const x = 1")
    outline("a.ts", "export " * 20_000 + "const x = 1")
    outline("a.py", "if x:\n" + "".join(" " * n + "if x:\n" for n in range(1, 600)))


def test_parsing_in_threads() -> None:
    results: list[frozenset[str] | None] = []
    threads = [
        threading.Thread(target=lambda: results.extend(top_level("a.py", PYTHON) for _ in range(20))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 120
    assert set(results) == {top_level("a.py", PYTHON)}
