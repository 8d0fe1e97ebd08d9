"""Facts read from one source file by its grammar and its query file. Every file of a tree goes through it: quick."""

import re
from bisect import bisect_right
from collections import Counter
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from factory.codegraph.extract_symbols import KINDS, MAX_NAME, WEAK, Definition, Source, symbols
from factory.codegraph.facts import Facts, Import, Symbol, Use
from factory.codegraph.languages import LANGUAGES, parser, query, query_text

if TYPE_CHECKING:
    from tree_sitter import Node

USES = {"call": "call", "base": "base", "mention": "name"}
MAX_IMPORT = 20_000

_WORD = re.compile(r"\b[^\W\d]\w*")
_SIGNED = re.compile(r"(?<![\w$])(?:[^\W\d]|\$)[\w$]*")
_BETWEEN = bytes(code for code in range(128) if not (chr(code).isalnum() or code == 95))  # ASCII between two words
_SPACES = bytes.maketrans(_BETWEEN, b" " * len(_BETWEEN))
_SPACES_BUT_SIGN = bytes.maketrans(_BETWEEN.replace(b"$", b""), b" " * (len(_BETWEEN) - 1))


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
    found, uses, imports = _read(Source(row, data, ends), roles(language), matches)
    return Facts(language, lines, found, uses, imports, identifiers(data, row.sign), {}, _broken(root))


def identifiers(data: bytes, sign: bool = False) -> dict[str, int]:
    """Every identifier of a file, comments and texts included, counted; `sign` = a `$` may be part of one."""
    words = data.translate(_SPACES_BUT_SIGN if sign else _SPACES)
    if data.isascii():
        counted = Counter(words.decode("ascii").split())
        return {word: n for word, n in counted.items() if (word[0] > "9" or word[0] == "$") and len(word) <= MAX_NAME}
    found: Counter[str] = Counter()
    for part, n in Counter(words.split()).items():  # bytes: other alphabets' letters and signs are still together
        for word in (_SIGNED if sign else _WORD).findall(part.decode("utf-8", "replace")):
            found[word] += n
    return {word: n for word, n in found.items() if len(word) <= MAX_NAME}


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
    source: Source, parts: tuple[str, ...], matches: list[tuple[int, dict[str, list["Node"]]]]
) -> tuple[tuple[Symbol, ...], tuple[Use, ...], tuple[Import, ...]]:
    data, ends = source.data, source.ends
    found: list[Definition] = []
    outer: list[tuple[int, int]] = []
    imports: list[Import] = []
    uses: list[Use] = []
    seen: set[int] = set()  # where a name stands that is more than mentioned
    mentions: list[tuple[int, int]] = []
    for pattern, captures in matches:
        part = parts[pattern]
        node = captures[part][0]
        start = node.start_byte
        if part in USES:
            if part == "mention":
                mentions.append((start, node.end_byte))
                continue
            seen.add(start)
            name = data[start : node.end_byte].decode("utf-8", "replace")
            uses.append(Use(name, bisect_right(ends, start) + 1, part))
        elif part == "import":
            text = data[start : min(node.end_byte, start + MAX_IMPORT)].decode("utf-8", "replace")
            imports.extend(Import(module, names, source.line(start)) for module, names in source.row.imports(text))
        elif part == "outer":
            outer.append((start, node.end_byte))
        else:
            found.append(_definition(part, node, captures, data))
            if part != "scope":
                seen.add(found[-1].name)
    for start, end in mentions:
        if start not in seen and end - start > 1:  # not T, the type parameter
            uses.append(Use(data[start:end].decode("utf-8", "replace"), bisect_right(ends, start) + 1, "name"))
    return tuple(symbols(source, found, outer)), tuple(uses), tuple(imports)


def _definition(kind: str, whole: "Node", captures: dict[str, list["Node"]], data: bytes) -> Definition:
    name = captures["name"][0]
    body = -captures["body"][0].start_byte if "body" in captures else 0
    owner = ""
    if "owner" in captures:
        of = captures["owner"][0]
        owner = data[of.start_byte : of.end_byte].decode("utf-8", "replace")
    return Definition(
        whole.start_byte, -whole.end_byte, name.start_byte, WEAK.get(kind, 0), body, name.end_byte, kind, owner
    )


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
