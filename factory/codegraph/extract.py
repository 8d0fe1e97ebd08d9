"""Facts read from one source file by its grammar and its query file. Every file of a tree goes through it: quick."""

import re
from bisect import bisect_right
from collections import Counter
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from factory.codegraph.facts import Facts, Import, Symbol, Use
from factory.codegraph.languages import LANGUAGES, Row, parser, query, query_text

if TYPE_CHECKING:
    from tree_sitter import Node

KINDS = ("class", "interface", "trait", "struct", "enum", "union", "type", "function", "method", "constructor",
         "field", "constant", "variable", "macro", "module", "scope")  # fmt: skip
USES = {"call": "call", "base": "base", "mention": "name"}
MAX_SIGNATURE = 200
MAX_NAME = 100  # characters: what is longer is data, not a name
MAX_IMPORT = 20_000
MAX_ABOVE = 200  # lines of comment that belong to a definition

_TYPES = frozenset(("class", "interface", "trait", "struct", "enum", "union", "scope"))
_CODE = frozenset(("function", "method", "constructor", "variable", "constant", "field"))
_WEAK = frozenset(("variable", "field", "type"))  # when two patterns find one name, the other knows better
_DOCSTRING = re.compile(rb"""[rRuU]{0,2}(\"{3}|'{3}|"|')\s*([^\r\n]*)""")
_WORD = re.compile(r"[^\W\d]\w*")
_SIGNED = re.compile(r"[^\W\d](?:\w|\$)*|\$(?:\w|\$)*")
_BETWEEN = bytes(code for code in range(128) if not (chr(code).isalnum() or code == 95))  # ASCII between two words
_SPACES = bytes.maketrans(_BETWEEN, b" " * len(_BETWEEN))
_SPACES_BUT_SIGN = bytes.maketrans(_BETWEEN.replace(b"$", b""), b" " * (len(_BETWEEN) - 1))


class _Definition(NamedTuple):
    """A definition as it was matched, by byte offsets; `body` is 0 where there is none."""

    start: int
    end: int
    name: int
    name_end: int
    body: int
    kind: str
    owner: str


class _Source(NamedTuple):
    """A file and where its lines begin."""

    row: Row
    data: bytes
    ends: list[int]  # one behind each line's newline

    def line(self, at: int) -> int:
        return bisect_right(self.ends, at) + 1

    def beginning(self, line: int) -> int:
        return self.ends[line - 2] if line > 1 else 0

    def text(self, line: int) -> bytes:
        return self.data[self.beginning(line) : self.ends[line - 1]]


def extract(language: str, data: bytes) -> Facts:
    """All that is read from one file, as far as it parses; "" as language: its identifiers and lines only."""
    ends = list(accumulate(map(len, data.split(b"\n")), lambda at, size: at + size + 1, initial=0))[1:]
    lines = len(ends) - (not data or data.endswith(b"\n"))
    row = LANGUAGES.get(language)
    if row is None:
        return Facts("", lines, (), (), (), identifiers(data), {}, 0)
    from tree_sitter import QueryCursor

    root = parser(language).parse(data).root_node
    matches = QueryCursor(query(language)).matches(root)
    source = _Source(row, data, ends)
    symbols, uses, imports = _read(source, roles(language), matches)
    return Facts(language, lines, symbols, uses, imports, identifiers(data, row.sign), {}, _broken(root))


def identifiers(data: bytes, sign: bool = False) -> dict[str, int]:
    """Every identifier of a file, comments and texts included, counted; `sign` = a `$` may be part of one."""
    if data.isascii():
        counted = Counter(data.translate(_SPACES_BUT_SIGN if sign else _SPACES).decode("ascii").split())
        return {word: n for word, n in counted.items() if word[0] > "9" or word[0] == "$"}
    words = Counter((_SIGNED if sign else _WORD).findall(data.decode("utf-8", "replace")))
    return {word: n for word, n in words.items() if len(word) < MAX_NAME}


@lru_cache(maxsize=32)
def roles(language: str) -> tuple[str, ...]:
    """For each pattern of a language's query file the capture that says what it finds."""
    compiled, text = query(language), query_text(language).encode()
    spans = (
        (compiled.start_byte_for_pattern(n), compiled.end_byte_for_pattern(n)) for n in range(compiled.pattern_count)
    )
    return tuple(_role(text[start:end].decode()) for start, end in spans)


def _role(pattern: str) -> str:
    captures: list[str] = re.findall(r"@(\w+)", re.sub(r";[^\n]*", "", pattern))
    return next(name for name in captures if name in (*KINDS, *USES, "import", "outer"))


def _read(
    source: _Source, parts: tuple[str, ...], matches: list[tuple[int, dict[str, list["Node"]]]]
) -> tuple[tuple[Symbol, ...], tuple[Use, ...], tuple[Import, ...]]:
    data, ends = source.data, source.ends
    found: list[_Definition] = []
    outer: list[tuple[int, int]] = []
    imports: list[Import] = []
    uses: list[Use] = []
    seen: set[int] = set()  # where a name stands that is more than mentioned
    mentions: list[tuple[int, int]] = []
    for pattern, captures in matches:
        part = parts[pattern]
        node = captures[part][0]
        start = node.start_byte
        if part == "mention":
            mentions.append((start, node.end_byte))
        elif part in USES:
            seen.add(start)
            name = data[start : node.end_byte].decode("utf-8", "replace")
            uses.append(Use(name, bisect_right(ends, start) + 1, USES[part]))
        elif part == "import":
            text = data[start : min(node.end_byte, start + MAX_IMPORT)].decode("utf-8", "replace")
            imports.extend(Import(module, names, source.line(start)) for module, names in source.row.imports(text))
        elif part == "outer":
            outer.append((start, node.end_byte))
        else:
            found.append(_definition(part, captures, data))
            seen.add(found[-1].name)
    for start, end in mentions:
        if start not in seen:
            uses.append(Use(data[start:end].decode("utf-8", "replace"), source.line(start), "name"))
    return tuple(_symbols(source, found, outer)), tuple(uses), tuple(imports)


def _definition(kind: str, captures: dict[str, list["Node"]], data: bytes) -> _Definition:
    whole, name = captures[kind][0], captures["name"][0]
    body, owner = captures.get("body"), captures.get("owner")
    of = data[owner[0].start_byte : owner[0].end_byte].decode("utf-8", "replace") if owner else ""
    return _Definition(
        whole.start_byte, whole.end_byte, name.start_byte, name.end_byte, body[0].start_byte if body else 0, kind, of
    )


def _symbols(source: _Source, found: list[_Definition], outer: list[tuple[int, int]]) -> list[Symbol]:
    """In the order of their beginnings, so that those around one are on a stack."""
    found.sort(key=lambda each: (each.start, -each.end, each.name, each.kind in _WEAK))
    outer.sort(reverse=True)
    around: list[tuple[int, str, str, int]] = []  # (end, full name, kind, start)
    symbols: list[Symbol] = []
    last = -1
    for each in found:
        if each.name == last:
            continue
        last = each.name
        while around and (around[-1][0] <= each.start or around[-1][::3] == (each.end, each.start)):
            around.pop()  # over, or another name in the same statement
        start = each.start
        while outer and outer[-1][0] <= each.start:
            wrap, wrap_end = outer.pop()
            start = min(start, wrap) if wrap_end >= each.end else start
        inside, place = around[-1][1:3] if around else ("", "")
        kind = _kind(each, place, source)
        if not kind:
            continue
        name = source.data[each.name : each.name_end].decode("utf-8", "replace").strip("`")
        owner = each.owner or inside
        if kind != "scope" and 0 < len(name) <= MAX_NAME:
            symbols.append(_symbol(source, each, start, name, kind, owner))
        around.append((each.end, f"{owner}.{name}" if owner else name, kind, each.start))
    return symbols


def _kind(each: _Definition, place: str, source: _Source) -> str:
    """What a definition is where it stands; "" = a variable of a function, which nobody outside can name."""
    name = source.data[each.name : each.name_end]
    if each.kind == "function" and (place in _TYPES or each.owner):
        return "constructor" if name.decode("utf-8", "replace") in source.row.constructors else "method"
    if each.kind == "method" and name.decode("utf-8", "replace") in source.row.constructors:
        return "constructor"
    if each.kind in ("variable", "constant"):
        if place in _CODE:
            return ""
        if place in _TYPES and each.kind == "variable":
            return "field"
        return "constant" if name.isupper() else each.kind
    return each.kind


def _symbol(source: _Source, each: _Definition, start: int, name: str, kind: str, owner: str) -> Symbol:
    line, first, last = source.line(each.name), source.line(start), source.line(max(each.end - 1, start))
    begin = source.beginning(line) if _alone(source, line, each.start) else each.start
    doc = ""
    if not source.row.docstrings:
        if first > 1 and _alone(source, first, start):
            first, doc = _above(source, first)
    elif each.body:
        found = _DOCSTRING.match(source.data, each.body)
        doc = _clean(found[2].partition(found[1])[0]) if found else ""
    return Symbol(name, kind, owner, first, last, line, _signature(source, each, begin, line), doc)


def _alone(source: _Source, line: int, start: int) -> bool:
    """Nothing but words (`export default`, `type`) stands before it on the line."""
    begin = source.beginning(line)
    return start <= begin or not (before := source.data[begin:start].strip()) or before.replace(b" ", b"").isalnum()


def _signature(source: _Source, each: _Definition, begin: int, line: int) -> str:
    end = each.body if each.body > each.name else min(each.end, source.ends[line - 1])
    text = _clean(source.data[begin : min(end, begin + 4 * MAX_SIGNATURE)])
    return text.removesuffix("=>").rstrip(" :{=;,")


def _clean(text: bytes) -> str:
    return " ".join(text.decode("utf-8", "replace").split())[:MAX_SIGNATURE]


def _above(source: _Source, first: int) -> tuple[int, str]:
    """(first line of the comment and attributes right above a line, the first sentence of it)."""
    top, doc = first, ""
    while top > 1 and first - top < MAX_ABOVE:
        text = source.text(top - 1).strip()
        if not text.startswith(source.row.above) and not text.endswith(b"*/"):
            break
        words = text.strip(b"/*#!- \t") if text[:2] != b"#[" else b""
        doc = _clean(words) if words else doc
        top -= 1
    return top, doc


def _broken(root: "Node") -> int:
    """1-based line of the first syntax error, 0 when there is none."""
    if not root.has_error:
        return 0
    todo = [root]
    while todo:
        node = todo.pop()
        if node.is_error or node.is_missing:
            return int(node.start_point[0]) + 1
        todo.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)
    return 1
