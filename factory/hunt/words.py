"""Which words stand in a tree, and how often: in code and configuration, and in prose. What is named nowhere is unused,
and what only the documentation names does not exist.
"""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

PROSE = frozenset(".md .markdown .mdx .rst .txt .adoc".split())
_WORD = re.compile(rb"[A-Za-z_$][A-Za-z0-9_$]{2,}")
_NUMBER = re.compile(rb"(?<![\w.])\d{2,5}(?![\w.]*\d)")


class Words(NamedTuple):
    code: Counter[str]  # words of three letters and more, in files that are no prose
    prose: Counter[str]
    numbers: frozenset[str]  # of two to five digits, in files that are no prose

    def count(self, word: str) -> int:
        return self.code[word] + self.prose[word]


def is_prose(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in PROSE


def counted(files: Iterable[tuple[str, bytes]]) -> Words:
    """Of all of them, each read once."""
    code: Counter[bytes] = Counter()
    prose: Counter[bytes] = Counter()
    numbers: set[bytes] = set()
    for path, data in files:
        if is_prose(path):
            prose.update(_WORD.findall(data))
        else:
            code.update(_WORD.findall(data))
            numbers.update(_NUMBER.findall(data))
    return Words(_texts(code), _texts(prose), frozenset(number.decode() for number in numbers))


def _texts(counts: Counter[bytes]) -> Counter[str]:
    return Counter({word.decode(): count for word, count in counts.items()})
