"""A file's facts as bytes and back, by columns. Light: the processes that parse load it.

marshal takes a third of JSON's time both ways, and compressing would take twice marshal's. Its bytes are trusted as the
owner's own .pyc files are: they lie in the state folder, a checksum stands before them, and another Python's are thrown
away (`edition`).
"""

import marshal
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from factory.codegraph.facts import Facts, Import, Symbol, Use

_HEAD = struct.Struct("<I")  # CRC-32 of the rest


def packed(facts: Facts) -> bytes:
    columns = [list(zip(*rows, strict=True)) for rows in (facts.symbols, facts.uses, facts.imports)]
    data = marshal.dumps((facts.language, facts.lines, *columns, facts.idents, facts.prose, facts.broken))
    return _HEAD.pack(zlib.crc32(data)) + data


def unpacked(data: bytes) -> Facts:
    """Raises ValueError, TypeError or EOFError when the bytes are damaged."""
    body = data[_HEAD.size :]
    if len(data) < _HEAD.size or _HEAD.unpack_from(data)[0] != zlib.crc32(body):
        raise ValueError("a file's facts are not as they were written")
    language, lines, symbols, uses, imports, idents, prose, broken = marshal.loads(body)  # noqa: S302
    return Facts(
        language, lines, tuple(map(Symbol._make, _rows(symbols))), tuple(map(Use._make, _rows(uses))),
        tuple(Import(module, tuple(names), line) for module, names, line in _rows(imports)),
        idents, prose, broken,
    )  # fmt: skip


def _rows(columns: Sequence[Sequence[Any]]) -> Iterable[tuple[Any, ...]]:
    return zip(*columns, strict=True)
