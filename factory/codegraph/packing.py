"""A file's facts as bytes and back. Light: the processes that parse load it."""

import json
import zlib

from factory.codegraph.facts import Facts, Import, Symbol, Use


def packed(facts: Facts) -> bytes:
    text = json.dumps(facts, ensure_ascii=True, separators=(",", ":"))  # escapes: a lone surrogate survives them
    return zlib.compress(text.encode(), 1)


def unpacked(data: bytes) -> Facts:
    """Raises ValueError or zlib.error when the bytes are damaged."""
    language, lines, symbols, uses, imports, idents, prose, broken = json.loads(zlib.decompress(data))
    return Facts(
        language, lines, tuple(map(Symbol._make, symbols)), tuple(map(Use._make, uses)),
        tuple(Import(module, tuple(names), line) for module, names, line in imports), idents, prose, broken,
    )  # fmt: skip
