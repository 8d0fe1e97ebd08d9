"""Notes to come back to that are older than a year."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath

from factory.hunt.detector import Detector, Hit
from factory.hunt.ground import Blamed, Ground
from factory.hunt.source import Source

OLD = 365  # days
_MARK = r"(?:@)?(TODO|FIXME|XXX|HACK)\b(?![-\w.])"
_HASH = re.compile(r"(?:^|\s)#+\s*" + _MARK)
_SLASH = re.compile(r"(?:^|[\s;{}])(?://+|/\*+|^\s*\*)\s*" + _MARK)
_LEADERS = {
    **dict.fromkeys(("py", "pyi", "sh", "bash", "rb", "yml", "yaml", "toml", "mk", "r", "pl", "ex", "exs"), _HASH),
    **dict.fromkeys(
        ("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "go", "rs", "java", "kt", "c", "h", "cc", "cpp", "hpp",
         "cs", "swift", "scala", "php", "dart", "scss", "proto"),
        _SLASH,
    ),
    "sql": re.compile(r"(?:^|\s)--\s*" + _MARK),
    "lua": re.compile(r"(?:^|\s)--\s*" + _MARK),
}  # fmt: skip
_WAITS = re.compile(
    r"\b(?:when|once|until|after|as soon as)\b.*"
    r"\b(?:require|drop|support|releas|remov|min\w*|python|version|upgrad|lands?)"
)
_TRACKED = re.compile(r"https?://|#\d+|\b[A-Z][A-Z0-9]+-\d+\b|\bgh-\d+")


def _survey(ground: Ground) -> Iterator[Hit]:
    for path in ground.paths:
        pattern = _LEADERS.get(PurePosixPath(path).suffix[1:].lower())
        if pattern is None:
            continue
        source = ground.source(path)
        found = list(_marks(source, pattern))
        blame = ground.blame(path) if found else {}
        for number, word in found:
            yield from _aged(source, number, word, blame.get(number), ground.when)


def _marks(source: Source, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    if not re.search("TODO|FIXME|XXX|HACK", source.text):
        return
    for number, line in enumerate(source.lines, start=1):
        match = pattern.search(line[:300])
        if match and not _in_text(line[: match.start(1)]):
            yield number, match[1]


def _in_text(before: str) -> bool:
    """Whether a quotation is open there: then it is no comment."""
    return before.count('"') % 2 == 1 or before.count("'") % 2 == 1


def _aged(source: Source, number: int, word: str, blamed: Blamed | None, when: str) -> Iterator[Hit]:
    """Young ones are work in hand, and of unknown age nothing can be said: neither is reported by default."""
    days = (datetime.fromisoformat(when) - datetime.fromisoformat(blamed.when)).days if blamed and when else None
    line = source.line(number)
    tracked = _TRACKED.search(line) or _WAITS.search(line.lower())  # for something that is not there yet
    age = "of unknown age" if days is None else f"{days} days old"
    asks = word in ("TODO", "FIXME")  # the other two often only explain
    old = asks and days is not None and days >= OLD and not tracked
    yield Hit(
        source.path, number, f"A {word} that is {age}", confidence=0.9 if old else 0.4,
        severity="medium" if word == "FIXME" and old else None,
        fix="Do it, or make it an issue and name that here, or remove the note.",
    )  # fmt: skip


DETECTOR = Detector(
    id="todo-age",
    title="A note to come back to that nobody came back to",
    why="After a year it tells readers that something is wrong and not whether it still is. Do it, track it or remove "
    "it.",
    severity="low",
    confidence=0.9,
    category="",
    languages=(),
    survey=_survey,
)
