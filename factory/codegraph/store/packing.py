"""A file's facts as bytes and back, by columns. Light: the processes that parse load it.

marshal takes a third of JSON's time both ways. Its bytes are trusted as the owner's own .pyc files are: they lie in the
state folder, zlib's checksum stands over them, and another Python's are thrown away (`edition`).
"""

import marshal
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from factory.codegraph.facts import Facts, Import, Symbol, Use


def packed(facts: Facts) -> bytes:
    columns = [_columns(rows) for rows in (facts.symbols, facts.uses, facts.imports)]
    counts = [[*each], [*each.values()]] if (each := facts.idents) else []
    whole: Any = (facts.language, facts.lines, *columns, counts, dict(facts.prose), facts.broken)
    return zlib.compress(marshal.dumps(whole), 1)


def unpacked(data: bytes) -> Facts:
    """Raises ValueError, TypeError, EOFError or zlib.error when the bytes are damaged."""
    language, lines, symbols, uses, imports, idents, prose, broken = marshal.loads(zlib.decompress(data))  # noqa: S302
    return Facts(
        language, lines, tuple(map(Symbol._make, _rows(symbols))), tuple(map(Use._make, _rows(uses))),
        tuple(Import(module, tuple(names), line) for module, names, line in _rows(imports)),
        dict(_rows(idents)), prose, broken,
    )  # fmt: skip


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True))


def _rows(columns: Sequence[Sequence[Any]]) -> Iterable[tuple[Any, ...]]:
    return zip(*columns, strict=True)
