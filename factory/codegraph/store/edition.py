"""A number for all that decides what the store keeps: another number, and the store is built anew."""

import contextlib
import sys
import zlib
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from factory.codegraph.words import WORDS_VERSION

LAYOUT = 4  # of the tables and of what is packed in them


@lru_cache(maxsize=1)
def edition() -> int:
    """A number for all that decides what is kept: our code, the words, the grammars. Another one: built anew."""
    parse = Path(__file__).parents[1] / "parse"
    code = b"".join(path.read_bytes() for path in sorted((*parse.glob("*.py"), *parse.glob("queries/*.scm"))))
    return (
        zlib.crc32(f"{LAYOUT} {WORDS_VERSION} {sys.implementation.cache_tag} {_grammars()}".encode() + code)
        & 0x7FFFFFFF
        or 1
    )


def _grammars() -> str:
    from factory.codegraph.parse.languages import LANGUAGES

    names = sorted({row.module.replace("_", "-") for row in LANGUAGES.values()} | {"tree-sitter", "pystemmer"})
    found = []
    for name in names:
        with contextlib.suppress(PackageNotFoundError):
            found.append(f"{name}={version(name)}")
    return " ".join(found)
