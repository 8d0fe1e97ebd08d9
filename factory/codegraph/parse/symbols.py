"""From the definitions that a query file matched to symbols: what stands in what, signature, documentation, lines."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from factory.codegraph.facts import Symbol
from factory.codegraph.parse.languages import Row

KINDS = ("class", "interface", "trait", "struct", "enum", "union", "type", "function", "method", "constructor",
         "field", "constant", "variable", "macro", "module", "prototype", "scope")  # fmt: skip
WEAK = {"class": 1, "type": 2, "variable": 2, "field": 2}
"""When two patterns find the same name, the less weak one knows better what it is."""
MAX_SIGNATURE = 200
MAX_NAME = 100  # characters: what is longer is data, not a name
MAX_OWNER = 300  # deeper nesting adds nothing to an owner's name
MAX_TYPE = 100
MAX_ABOVE = 200  # lines of comment that belong to a definition

_TYPES = frozenset(("class", "interface", "trait", "struct", "enum", "union", "scope"))
_FUNCTIONS = frozenset(("function", "method", "constructor"))
_CODE = frozenset(("function", "method", "constructor", "variable", "constant", "field"))
_DOCSTRING = re.compile(rb"""[rRuU]{0,2}(\"{3}|'{3}|"|')\s*([^\r\n]*)""")
_REMARK = re.compile(rb"\s(?:#(?!define\b)|//)[^\n]*")
_TAG = re.compile(rb"</?\w[^<>]*>")  # C#: <summary>
_MARKED = re.compile(rb"[@\[#]")  # decorators, annotations, attributes
_PRAGMA = re.compile(r"go:|nolint|lint:|eslint|@ts-|prettier|istanbul|noinspection|pylint|rubocop|shellcheck|!/")


class Definition(NamedTuple):
    """A definition as it was matched, by byte offsets. In the order of its fields these sort outer before inner and
    the better one of two for the same name first. `minus_end` and `minus_body` are negative; 0 = no body."""

    start: int
    minus_end: int
    name: int
    weak: int
    minus_body: int
    name_end: int
    kind: str
    owner: str


class Source(NamedTuple):
    """A file and where its lines begin; the last of `begins` is behind the file's end."""

    row: Row
    data: bytes
    begins: list[int]

    def line(self, at: int) -> int:
        """1-based, of a byte."""
        return bisect_right(self.begins, at)


class _Around(NamedTuple):
    """A definition that the next ones may stand in."""

    start: int
    end: int
    full: str
    kind: str


_FILE = _Around(-1, -1, "", "")


def symbols(source: Source, found: list[Definition], outer: list[tuple[int, int]]) -> list[Symbol]:
    """`outer` are the ranges of statements around definitions, each taken by the first definition in it."""
    found.sort()
    outer.sort(reverse=True)
    around: list[_Around] = []
    made: list[Symbol] = []
    names: set[int] = set()
    for each in found:
        begin, end = each.start, -each.minus_end
        if each.name in names:
            continue
        names.add(each.name)
        while around and (around[-1].end <= begin or (around[-1].end == end and around[-1].start == begin)):
            around.pop()  # it is over, or the same statement defines another name
        start = begin
        while outer and outer[-1][0] <= begin:
            wrap, wrap_end = outer.pop()
            start = min(start, wrap) if wrap_end >= end else start
        inside = around[-1] if around else _FILE
        if each.kind == "field" and inside.kind == "constructor" and len(around) > 1:
            inside = around[-2]  # TypeScript, PHP: a parameter that is a field of the class
        name = source.data[each.name : each.name_end].decode("utf-8", "replace")
        if not name.isidentifier():
            name = name.strip("`:\"'").replace("::", ".")
        kind = _kind(each, name, inside, source.row)
        if not kind:
            continue
        owner = _owner(each.owner, inside)
        if kind != "scope" and 0 < len(name) <= MAX_NAME:
            made.append(_symbol(source, each, start, name, kind, owner))
        around.append(
            _Around(begin, end, f"{owner}.{name}" if owner and len(owner) < MAX_OWNER else owner or name, kind)
        )
    return made


def outside_of_functions(found: list[Definition], starts: list[tuple[int, int]]) -> Iterator[int]:
    """The numbers of those `(start, number)` that do not stand directly in a function. Most variables do: dropped here,
    before more is read of them."""
    blocks = sorted((each.start, -each.minus_end, each.kind in _FUNCTIONS) for each in found)
    blocks.reverse()
    around: list[tuple[int, bool]] = []
    for start, number in starts:
        while blocks and blocks[-1][0] <= start:
            begin, end, function = blocks.pop()
            while around and around[-1][0] <= begin:
                around.pop()
            around.append((end, function))
        while around and around[-1][0] <= start:
            around.pop()
        if not (around and around[-1][1]):
            yield number


def _owner(written: str, inside: _Around) -> str:
    """Of a method that stands outside of its type (Go, C++) what is written before its name."""
    if not written:
        return inside.full
    written = written.partition("<")[0].replace("::", ".")
    return f"{inside.full}.{written}" if inside.kind == "module" else written


def _kind(each: Definition, name: str, inside: _Around, row: Row) -> str:
    """What a definition is where it stands; "" = a variable of a function, which nobody outside can name."""
    kind, place = each.kind, inside.kind
    if kind == "variable" or kind == "constant":
        if place in _CODE:
            return ""
        if kind == "variable" and place in _TYPES:
            return "field"
        return "constant" if name.isupper() else kind
    if kind == "prototype":
        if place in _CODE:
            return ""  # C++: `Price p(total);` in a function is a variable
        kind = "function"
    if kind == "function" and (place in _TYPES or each.owner):
        kind = "method"
        if name == (each.owner.partition("<")[0] or inside.full).rpartition(".")[2].rpartition("::")[2]:
            return "constructor"
    return "constructor" if kind == "method" and name in row.constructors else kind


def _symbol(source: Source, each: Definition, start: int, name: str, kind: str, owner: str) -> Symbol:
    data, begins = source.data, source.begins
    line = bisect_right(begins, each.name)
    begin = begins[line - 1]
    first = line if start >= begin else bisect_right(begins, start)
    last = bisect_right(begins, max(-each.minus_end - 1, start))
    signature = _signature(source, each, line, begin)
    doc = ""
    if source.row.docstrings:
        found = _DOCSTRING.match(data, -each.minus_body) if each.minus_body else None
        doc = _clean(found[2].partition(found[1])[0]) if found else ""
    elif first > 1 and _alone(data, begins[first - 1], start):
        first, doc = _above(source, first)
    return Symbol(name, kind, owner, first, last, line, signature, doc)


def _alone(data: bytes, begin: int, start: int) -> bool:
    """Nothing but words (`export default`, `type`) stands before it on its line, which begins at `begin`."""
    before = data[begin:start]
    return not before or before.isspace() or before.translate(None, b" \t").isalnum()


def _signature(source: Source, each: Definition, line: int, begin: int) -> str:
    """One line, from the words before the definition on the line of its name (`begin`) to its body."""
    if each.start > begin:
        begin = begin if _alone(source.data, begin, each.start) else each.start
    elif begin - each.start < MAX_TYPE and not _MARKED.search(source.data, each.start, begin):
        begin = each.start  # its type stands on a line of its own
    end = -each.minus_end
    if -each.minus_body > each.name:
        end = -each.minus_body
    elif each.kind not in ("function", "method", "prototype"):  # a value may be long: its first line will do
        end = min(end, source.begins[line])
    data = source.data[begin : min(end, begin + 4 * MAX_SIGNATURE)]
    text = _clean(_REMARK.sub(b"", data) if b"#" in data or b"//" in data else data)
    if not each.minus_body and each.kind == "function":
        text = text.partition("{")[0]
    return text.removesuffix("=>").rstrip(" :{=;,")


def _clean(text: bytes) -> str:
    return " ".join(text.decode("utf-8", "replace").split())[:MAX_SIGNATURE]


def _above(source: Source, first: int) -> tuple[int, str]:
    """(first line of the comments and attributes right above a line, what the uppermost of them says)."""
    top, doc = first, ""
    inside = False  # of a block comment whose lines begin with nothing
    while top > 1 and first - top < MAX_ABOVE:
        text = source.data[source.begins[top - 2] : source.begins[top - 1]].strip()
        if text.endswith(b"*/") and b"/*" not in text:
            inside = True
        elif not inside and not text.startswith(source.row.above):
            break
        words = _clean(_TAG.sub(b"", text.strip(b"/*#!- \t"))) if not text.startswith(b"#[") else ""
        doc = words if words and not _PRAGMA.match(words) else doc
        inside = inside and b"/*" not in text
        top -= 1
    return (top, doc) if not inside else (first, "")
