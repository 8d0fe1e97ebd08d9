"""Which files matter for a task: named by the issue, or holding its identifiers. Same tree and task, same order."""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from factory.codegraph.symbols import LANGUAGES
from factory.context.words import Wanted
from factory.contracts.errors import GitProblem
from factory.contracts.seams import Entry, TreeReader

MOST, MOST_OF_ONE = 20_000, 1_000  # lines that a search may bring, in all and for one word
ENOUGH = 8  # files found by identifiers; with fewer the words of the prose are searched too
_HIT = re.compile(r"(.+?):(\d+):(.*)", re.DOTALL)
_DEFINES = re.compile(
    r"\b(def|class|func|function|fn|struct|enum|trait|interface|type|const|let|var|record|module)\s+\W*$"
)
_DULL = re.compile(
    r"(^|/)(node_modules|vendor|third_party|dist|build|site-packages|migrations|locale|fixtures|snapshots|__snapshots__)/"
    r"|\.min\.(js|css)$|\.lock$|(^|/)(package-lock\.json|pnpm-lock\.yaml|go\.sum|CHANGELOG[^/]*|CHANGES[^/]*)$|\.(svg|po|csv|ipynb)$",
    re.IGNORECASE,
)


class Ranked(NamedTuple):
    """`focus` are the 1-based lines that made the file interesting, the best first."""

    path: str
    score: float
    why: str
    focus: tuple[int, ...]


class _Found:
    """What is known of each file so far."""

    def __init__(self) -> None:
        self.score: dict[str, float] = defaultdict(float)
        self.why: dict[str, list[str]] = defaultdict(list)
        self.focus: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))

    def add(self, path: str, score: float, why: str, line: int = 0) -> None:
        self.score[path] += score
        if why not in self.why[path]:
            self.why[path].append(why)
        if line:
            self.focus[path][line] += score


def ranked(trees: TreeReader, tree: str, wants: Wanted) -> list[Ranked]:
    """Files worth showing, best first; only regular files."""
    entries = {path: entry for path, entry in trees.entries(tree).items() if entry.mode.startswith("100")}
    found = _Found()
    _named(found, entries, wants)
    _searched(found, trees, tree, entries, wants.strong, 6.0)
    if len(found.score) < ENOUGH:
        _searched(found, trees, tree, entries, wants.weak, 1.0)
    order = sorted(found.score, key=lambda path: (-found.score[path] * _worth(path), path))
    return [
        Ranked(
            path, found.score[path], ", ".join(found.why[path][:4]),
            tuple(line for line, _ in sorted(found.focus[path].items(), key=lambda item: (-item[1], item[0]))),
        )
        for path in order
    ]  # fmt: skip


def _named(found: _Found, entries: Mapping[str, Entry], wants: Wanted) -> None:
    """Paths as the issue writes them: whole, the end of one (`shop/cart.py`), or a module (`shop.cart`)."""
    ends: dict[str, list[str]] = defaultdict(list)
    for path in entries:
        ends[PurePosixPath(path).name].append(path)
        ends[PurePosixPath(path).stem].append(path)
    for name in wants.paths:
        for path in _meant(name, ends):
            found.add(path, 100.0, "named by the issue")
    for name, line in wants.lines:
        for path in _meant(name.lstrip("./"), ends):
            found.add(path, 100.0, f"line {line} named by the issue", line)


def _meant(name: str, ends: Mapping[str, list[str]]) -> list[str]:
    last = name.rpartition("/")[2]
    whole = [
        path for path in ends.get(last, ()) if path == name or path.endswith("/" + name) or name.endswith("/" + path)
    ]
    if whole:
        return whole[:3]
    parts = name.split(".")
    for size in (len(parts), len(parts) - 1):  # a.b.c may be a module or a name in one
        module = "/".join(parts[:size])
        near = [path for path in ends.get(parts[size - 1], ()) if f"/{path}".rpartition(".")[0].endswith("/" + module)]
        if size > 1 and near:
            return near[:3]
    return []


def _searched(
    found: _Found, trees: TreeReader, tree: str, entries: Mapping[str, Entry], words: tuple[str, ...], weight: float
) -> None:  # fmt: skip
    """Search all words at once; a word that is in few files says more than one that is in many."""
    if not words:
        return
    places: dict[str, dict[str, list[tuple[int, bool]]]] = {word: {} for word in words}
    for path, number, text in _hits(trees, tree, words):
        if path in entries:
            for word, defines in _in_line(text, words):
                places[word].setdefault(path, []).append((number, defines))
    for word, files in places.items():
        rarity = math.log(1 + len(entries) / (1 + len(files))) if files else 0.0
        for path, hits in files.items():
            for number, defines in hits[:8]:
                found.add(path, weight * rarity * (2.0 if defines else 0.3), f"has {word}", number)


def _hits(trees: TreeReader, tree: str, words: tuple[str, ...]) -> Iterator[tuple[str, int, str]]:
    """Lines with any of the words. When they are too many, each word for itself, and only words that say something."""
    found = _search(trees, tree, words, MOST)
    if len(found) >= MOST:
        each = [_search(trees, tree, (word,), MOST_OF_ONE) for word in words]
        found = [line for lines in each if len(lines) < MOST_OF_ONE for line in lines] or found
    for line in found:
        match = _HIT.fullmatch(line)
        if match:
            yield match[1], int(match[2]), match[3]


def _search(trees: TreeReader, tree: str, words: tuple[str, ...], most: int) -> Sequence[str]:
    """Words are letters, digits and _ only; the first letter may be of either case."""
    try:
        return trees.grep(tree, "|".join(_either(word[0]) + word[1:] for word in words), most=most)
    except GitProblem:
        return ()


def _either(char: str) -> str:
    return f"[{char.upper()}{char.lower()}]" if char.isalpha() else char


def _in_line(text: str, words: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    line = text[:2000]
    lower = line.lower()
    for word in words:
        at = lower.find(word.lower())
        if at >= 0:
            yield word, bool(_DEFINES.search(line[max(0, at - 30) : at]))


def _worth(path: str) -> float:
    """Source before prose and data; what nobody writes by hand last."""
    if _DULL.search(path):
        return 0.1
    return 1.0 if PurePosixPath(path).suffix.lower() in LANGUAGES else 0.6
