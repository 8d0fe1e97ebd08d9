"""What an issue's text gives to search by: words, names as they are written, paths, places in stack traces."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from factory.codegraph.words import STOP, query_words, words_in

MAX_TEXT, MAX_WORDS, MAX_NAMES, MAX_PATHS, MAX_PLACES = 50_000, 120, 80, 200, 50
_TOKEN = re.compile(r"[\w./@+-]+")
_FILE = re.compile(r"\.[A-Za-z]\w{0,9}$")
_PYTHON = re.compile(r'File "([^"\n]{1,300})", line (\d{1,7})')
_AFTER = re.compile(r"(?::|\((?=\d{1,7},))(\d{1,7})\b")
_FRAME = re.compile(
    r"^\s*(?:at\s+(?:async\s+)?|\d+:\s+)([\w$.<>:/]{2,200})"  # Java, JavaScript; Rust
    r"|, in ([\w<>.]{2,100})$"  # Python
    r"|^([\w./]{2,200}\.\(?\*?[\w.)]+)\(",  # Go
    re.M,
)
_CODE = re.compile(r"`([^`\n]{1,200})`")
_WORD = re.compile(r"[^\W\d][\w$]{1,80}")
_SHAPED = re.compile(r"[^\W_]_+[^\W_]|[a-z0-9][A-Z]|^[A-Z]{2,}[a-z]")


class Issue(NamedTuple):
    """`words` are stems with how often they stand in the text; `title` are those of its first line. `names` are
    identifiers as written (`sure`: quoted, called, or shaped as only identifiers are), most telling first. `places`
    are (path as written, line) from traces, and `frames` the functions named there."""

    words: dict[str, int]
    title: dict[str, int]
    names: tuple[str, ...]
    sure: frozenset[str]
    paths: tuple[str, ...]
    places: tuple[tuple[str, int], ...]
    frames: tuple[str, ...]


def read_issue(text: str) -> Issue:
    """Deterministic; all in order of appearance. Linear in the text, which is a stranger's."""
    text = text[:MAX_TEXT]
    first, _, rest = text.lstrip().partition("\n")
    paths, places = _places(text)
    sure = dict.fromkeys(_sure(text))
    names = dict.fromkeys([*sure, *(word for word in _WORD.findall(text) if len(word) > 2)])
    words = query_words(text)
    return Issue(
        dict(list(words.items())[:MAX_WORDS]), query_words(first),
        tuple(name for name in names if name.lower() not in STOP)[:MAX_NAMES], frozenset(sure),
        paths, places, tuple(_frames(rest)),
    )  # fmt: skip


def _sure(text: str) -> Iterator[str]:
    """Names that stand in quotes of code, are called, or look like nothing else."""
    for quoted in _CODE.findall(text):
        yield from (word for word in _WORD.findall(quoted) if word.lower() not in STOP)
    for match in _WORD.finditer(text):
        called = text.startswith(("(", "::"), match.end()) or text.endswith(("::", "."), 0, match.start())
        if called or _SHAPED.search(match[0]):
            yield match[0]


def _frames(text: str) -> Iterator[str]:
    for found in _FRAME.findall(text)[:MAX_PLACES]:
        name = next(part for part in found if part)
        last = re.split(r"[.:/]+", name.strip(".:<>"))[-1]
        if words_in(last):
            yield last


def _places(text: str) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    """Whatever looks like a path, and paths with a line number."""
    paths: dict[str, None] = {}
    places: dict[tuple[str, int], None] = {(path, int(line)): None for path, line in _PYTHON.findall(text)}
    for token in _TOKEN.finditer(text):
        path = token[0].strip("./") if len(token[0]) <= 300 else ""
        if not path or not ("/" in path or _FILE.search(path)):
            continue
        paths[path] = None
        number = _AFTER.match(text, token.end())
        if number:
            places[path, int(number[1])] = None
    return tuple(paths)[:MAX_PATHS], tuple(places)[:MAX_PLACES]
