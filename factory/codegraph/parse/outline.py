"""What a source file defines, read from its syntax tree (tree-sitter) for the symbol-loss check and for context."""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from factory.codegraph.parse import languages, names
from factory.codegraph.parse.extract import broken_line

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_CHARS = 2_000_000

LANGUAGES = {suffix: name for name, row in languages.LANGUAGES.items() if row.deep for suffix in row.suffixes}
"""By file suffix, those whose statements `names.py` knows."""


class Chunk(NamedTuple):
    """One definition with its decorators; lines are 1-based and inclusive."""

    name: str
    start: int
    end: int


class Outline(NamedTuple):
    """`symbols` are defined at the top level (Go methods as Type.name, Java and Rust members one level down),
    `imported` are names brought in, `broken` is the first line that does not parse (0 = all does)."""

    symbols: frozenset[str]
    imported: frozenset[str]
    chunks: tuple[Chunk, ...]
    broken: int


def top_level(path: str, text: str) -> frozenset[str] | None:
    """Names defined at the top level of `text`; None when the language is unknown or the text does not parse."""
    found = outline(path, text)
    return found.symbols if found and not found.broken else None


def outline(path: str, text: str) -> Outline | None:
    """All that is read from one file, as far as it parses; None for an unknown language or too large a text."""
    language = LANGUAGES.get(PurePosixPath(path).suffix.lower())
    if language is None or len(text) > MAX_CHARS:
        return None
    tree = languages.parse(language, text.encode("utf-8", "replace"))
    if tree is None:
        return None
    root = tree.root_node
    symbols: set[str] = set()
    imported: set[str] = set()
    chunks: list[Chunk] = []
    for node in names.statements(root):
        imported.update(names.imports(node))
        for name, place in names.definitions(node):
            symbols.add(name)
            chunks.append(Chunk(name, place.start_point[0] + 1, _last_line(place)))
    return Outline(frozenset(symbols), frozenset(imported), tuple(chunks), broken_line(root))


def _last_line(node: "Node") -> int:
    row, column = node.end_point
    return max(row + (column > 0), node.start_point[0] + 1)
