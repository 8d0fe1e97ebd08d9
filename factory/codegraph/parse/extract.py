"""Facts read from one source file by its grammar and its query file. Every file of a tree goes through it: quick."""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate, repeat
from operator import attrgetter
from typing import TYPE_CHECKING

from factory.codegraph.facts import Facts, Import, Symbol, Use
from factory.codegraph.parse.languages import LANGUAGES, parse, query, query_text
from factory.codegraph.parse.symbols import KINDS, MAX_NAME, WEAK, Definition, Source, outside_of_functions, symbols

if TYPE_CHECKING:
    from tree_sitter import Node

    Captures = dict[str, list[Node]]  # by name, the nodes of one match

USES = ("call", "base", "mention")
RECEIVED = (b".", b">", b":")  # what stands before a name that is called on something: a.b(), $a->b(), A::b()
STRONG = tuple(kind for kind in KINDS if kind != "variable")
MAX_IMPORT = 20_000

_SPAN = attrgetter("start_byte", "end_byte")
_WORD = re.compile(r"\b[^\W\d]\w*")
_SIGNED = re.compile(r"(?<![\w$])(?:[^\W\d]|\$)[\w$]*")
_BETWEEN = bytes(code for code in range(128) if not (chr(code).isalnum() or code == 95))  # ASCII between two words
_SPACES = bytes.maketrans(_BETWEEN, b" " * len(_BETWEEN))
_SPACES_BUT_SIGN = bytes.maketrans(_BETWEEN.replace(b"$", b""), b" " * (len(_BETWEEN) - 1))


def extract(language: str, data: bytes) -> Facts:
    """All that is read from one file, as far as it parses; "" as language: its identifiers and lines only."""
    lines = data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
    row = LANGUAGES.get(language)
    if row is None:
        return Facts("", lines, (), (), (), identifiers(data), {}, 0)
    from tree_sitter import QueryCursor

    tree = parse(language, data)
    if tree is None:
        return Facts(language, lines, (), (), (), identifiers(data, row.sign), {}, 1)
    root = tree.root_node
    matches = QueryCursor(query(language)).matches(root)
    found, uses, imports = _read(Source(row, data, line_begins(data)), roles(language), matches)
    return Facts(language, lines, found, uses, imports, identifiers(data, row.sign), {}, broken_line(root))


def line_begins(data: bytes) -> list[int]:
    """Offsets, one behind the end too."""
    return list(accumulate(map((1).__add__, map(len, data.split(b"\n"))), initial=0))


def identifiers(data: bytes, sign: bool = False) -> dict[str, int]:
    """Every identifier of a file, comments and texts included, counted; `sign` = a `$` may be part of one."""
    counted = Counter(data.translate(_SPACES_BUT_SIGN if sign else _SPACES).decode("utf-8", "replace").split())
    if not data.isascii():  # the letters and the signs of other alphabets are still together
        for word in [word for word in counted if not word.isascii()]:
            times = counted.pop(word)
            for part in (_SIGNED if sign else _WORD).findall(word):
                counted[part] += times
    for word in [word for word in counted if (word < "A" and word[0] != "$") or len(word) > MAX_NAME]:
        del counted[word]  # mostly numbers, and few
    return dict(counted)


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
    source: Source, parts: tuple[str, ...], matches: "list[tuple[int, Captures]]"
) -> tuple[tuple[Symbol, ...], tuple[Use, ...], tuple[Import, ...]]:
    by: defaultdict[str, list[Captures]] = defaultdict(list)
    for pattern, captures in matches:
        by[parts[pattern]].append(captures)
    found = [_definition(kind, captures, source.data) for kind in STRONG if kind in by for captures in by[kind]]
    if "variable" in by:
        variables = sorted((captures["variable"][0].start_byte, n) for n, captures in enumerate(by["variable"]))
        kept = outside_of_functions(found, variables)
        found += [_definition("variable", by["variable"][n], source.data) for n in kept]
    outer = _spans(by, "outer")
    return tuple(symbols(source, found, outer)), tuple(_uses(source, by, found)), tuple(_imports(source, by["import"]))


def _definition(kind: str, captures: "Captures", data: bytes) -> Definition:
    whole, name = captures[kind][0], captures["name"][0]
    body = -captures["body"][0].start_byte if "body" in captures else 0
    owner = ""
    if "owner" in captures:
        of = captures["owner"][0]
        owner = data[of.start_byte : of.end_byte].decode("utf-8", "replace")
    return Definition(
        whole.start_byte, -whole.end_byte, name.start_byte, WEAK.get(kind, 0), body, name.end_byte, kind, owner
    )


def _uses(source: Source, by: "dict[str, list[Captures]]", found: list[Definition]) -> list[Use]:
    called, bases, mentioned = (_spans(by, role) for role in USES)
    if mentioned:
        taken = {start for start, _ in (*called, *bases)}
        taken.update(each.name for each in found if each.kind != "scope")
        mentioned = [  # not T, the type parameter
            (start, end) for start, end in mentioned if start not in taken and end - start > 1
        ]
    plain: list[tuple[int, int]] = []
    if source.row.bound:
        data = source.data
        plain = [span for span in called if data[span[0] - 1 : span[0]] not in RECEIVED]
        called = [span for span in called if data[span[0] - 1 : span[0]] in RECEIVED]
    kinds = ("call", called), ("plain", plain), ("base", bases), ("name", mentioned)
    return [use for kind, spans in kinds for use in _used(source, spans, kind)]


def _spans(by: "dict[str, list[Captures]]", role: str) -> list[tuple[int, int]]:
    """(first byte, one behind the last) of what was captured."""
    return list(map(_SPAN, [captures[role][0] for captures in by[role]]))


def _used(source: Source, spans: list[tuple[int, int]], kind: str) -> Iterator[Use]:
    """Much the most frequent of facts: built by loops that run in C."""
    data = source.data
    if data.isascii():
        text = data.decode("ascii")
        names = [text[start:end] for start, end in spans]
    else:
        names = [data[start:end].decode("utf-8", "replace") for start, end in spans]
    lines = map(bisect_right, repeat(source.begins), [start for start, _ in spans])
    return map(tuple.__new__, repeat(Use), zip(names, lines, repeat(kind), strict=False))


def _imports(source: Source, group: "list[Captures]") -> Iterator[Import]:
    for node in [captures["import"][0] for captures in group]:
        start = node.start_byte
        text = source.data[start : min(node.end_byte, start + MAX_IMPORT)].decode("utf-8", "replace")
        for module, names in source.row.imports(text):
            yield Import(module, names, source.line(start))


def broken_line(root: "Node") -> int:
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
