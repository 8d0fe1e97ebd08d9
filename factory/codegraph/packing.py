"""A file's facts as bytes and back, by columns. Light: the processes that parse load it."""

import json
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from factory.codegraph.facts import Facts, Import, Symbol, Use


def packed(facts: Facts) -> bytes:
    columns = [_columns(rows) for rows in (facts.symbols, facts.uses, facts.imports)]
    counts = [[*each], [*each.values()]] if (each := facts.idents) else []
    whole = (facts.language, facts.lines, *columns, counts, facts.prose, facts.broken)
    text = json.dumps(whole, separators=(",", ":"))  # ASCII with escapes: a lone surrogate survives them
    return zlib.compress(text.encode(), 1)


def unpacked(data: bytes) -> Facts:
    """Raises ValueError, TypeError or zlib.error when the bytes are damaged."""
    language, lines, symbols, uses, imports, idents, prose, broken = json.loads(zlib.decompress(data))
    return Facts(
        language, lines, tuple(map(Symbol._make, _rows(symbols))), tuple(map(Use._make, _rows(uses))),
        tuple(Import(module, tuple(names), line) for module, names, line in _rows(imports)),
        dict(_rows(idents)), prose, broken,
    )  # fmt: skip


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True))


def _rows(columns: Sequence[Sequence[Any]]) -> Iterable[tuple[Any, ...]]:
    return zip(*columns, strict=True)
