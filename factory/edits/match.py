"""Where a SEARCH part stands in a file: exact, then white space, then anchored, then fuzzy; never a guess between two.

All rungs compare line by line over windows as long as the search, so that a replacement can keep the file's own
wording of every line that the edit does not mean to change.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from factory.contracts.errors import EditProblem

FUZZY_AT = 0.85
FUZZY_MIN_CHARS = 24  # shorter searches are too easily similar to something else
ANCHOR_AT = 0.6  # what lies between two equal anchor lines must still resemble the search
MAX_CANDIDATES = 16
MAX_LINE = 2000  # longer lines are compared for equality only
_WORD = re.compile(r"\w+")


class Spot(NamedTuple):
    """`start` is 0-based; `indents` maps the search's indentation to the file's ({} when exact)."""

    start: int
    rung: str
    ratio: float
    indents: dict[str, str]


def locate(path: str, lines: Sequence[str], search: Sequence[str], text: Sequence[str]) -> Spot:
    """The one place of `search` in `lines` (both without line ends).

    Raises EditProblem with the lines of all matches when there are several, with the nearest lines when there is none.
    """
    if not any(line.strip() for line in search):
        raise EditProblem(f"The SEARCH part for {path} is empty: quote the lines to replace.", path, "no_match")
    exact = _windows(lines, search)
    if exact:
        return Spot(_only(path, lines, search, exact, "exactly"), "exact", 1.0, {})
    loose = _windows([line.strip() for line in lines], [line.strip() for line in search])
    if loose:
        return _spot(
            lines, search, text, _only(path, lines, search, loose, "apart from white space"), "whitespace", path
        )
    scored = _scored(lines, search)
    anchored = [start for start, ratio in scored if ratio >= ANCHOR_AT and _anchored(lines, search, start)]
    if anchored:
        return _spot(
            lines, search, text, _only(path, lines, search, anchored, "by first and last line"), "anchored", path
        )
    near = [start for start, ratio in scored if ratio >= FUZZY_AT]
    if near and sum(len(line.strip()) for line in search) >= FUZZY_MIN_CHARS:
        return _spot(lines, search, text, _only(path, lines, search, near, "nearly"), "fuzzy", path)
    raise _no_match(path, lines, search, text, scored)


def _spot(
    lines: Sequence[str], search: Sequence[str], text: Sequence[str], start: int, rung: str, path: str
) -> Spot:  # fmt: skip
    """A match that is not exact counts only when its indentation can be translated without doubt."""
    ratio = similarity(lines[start : start + len(search)], search)
    indents = _indents(lines, search, start)
    if indents is None:
        raise _no_match(path, lines, search, text, [(start, ratio)])
    return Spot(start, rung, ratio, indents)


def _windows(lines: Sequence[str], search: Sequence[str]) -> list[int]:
    size, first = len(search), search[0]
    wanted = list(search)
    return [at for at in range(len(lines) - size + 1) if lines[at] == first and list(lines[at : at + size]) == wanted]


def _only(path: str, lines: Sequence[str], search: Sequence[str], starts: Iterable[int], how: str) -> int:
    places = sorted(starts)
    if len(places) == 1:
        return places[0]
    shown = ", ".join(str(at + 1) for at in places[:50])
    snippets = "\n".join(_snippet(lines, max(0, at - 1), at + min(len(search), 3) + 1) for at in places[:3])
    raise EditProblem(
        f"The SEARCH part for {path} matches {how} at {len(places)} places, lines {shown}: "
        f"add neighbouring lines until it is unique. The first of them:\n{snippets}",
        path, "ambiguous",
    )  # fmt: skip


def _indents(lines: Sequence[str], search: Sequence[str], start: int) -> dict[str, str] | None:
    """Search indentation -> file indentation, None when one stands for two different ones."""
    found: dict[str, str] = {}
    for offset, line in enumerate(search):
        there = lines[start + offset]
        if line.strip() and there.strip() and found.setdefault(_indent(line), _indent(there)) != _indent(there):
            return None
    return found


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _anchored(lines: Sequence[str], search: Sequence[str], start: int) -> bool:
    """Three lines or more, of which the first and the last are the file's (and say something)."""
    first, last = search[0].strip(), search[-1].strip()
    if len(search) < 3 or not _WORD.search(first) or not last:
        return False
    return lines[start].strip() == first and lines[start + len(search) - 1].strip() == last


def _scored(lines: Sequence[str], search: Sequence[str]) -> list[tuple[int, float]]:
    """The most promising windows with their similarity, best first. Cost is bounded whatever the file's length."""
    starts = _candidates(lines, search)
    rated = [(start, similarity(lines[start : start + len(search)], search)) for start in starts]
    return sorted(rated, key=lambda item: (-item[1], item[0]))


def _candidates(lines: Sequence[str], search: Sequence[str]) -> list[int]:
    """Window starts that share the most words with the search, rare words counting more."""
    places: dict[str, list[int]] = defaultdict(list)
    for offset, line in enumerate(search):
        for word in set(_WORD.findall(line[:MAX_LINE])):
            places[word].append(offset)
    hits: dict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        for word in set(_WORD.findall(line[:MAX_LINE])):
            if word in places:
                hits[word].append(number)
    votes: Counter[int] = Counter()
    budget = 400_000
    for word in sorted(hits, key=lambda word: (len(hits[word]) * len(places[word]), word)):
        budget -= len(hits[word]) * len(places[word])
        if budget < 0:
            break
        for number in hits[word]:
            for offset in places[word]:
                votes[number - offset] += 1
    last = len(lines) - len(search)
    ranked = sorted((-count, start) for start, count in votes.items() if 0 <= start <= last)
    return [start for _, start in ranked[:MAX_CANDIDATES]]


def similarity(window: Sequence[str], search: Sequence[str]) -> float:
    """2·M/T over the characters of the lines, line by line (difflib's ratio; indentation does not count)."""
    shared = total = 0.0
    for one, other in zip(window, search, strict=True):
        a, b = one.strip(), other.strip()
        size = len(a) + len(b)
        total += size
        if a == b:
            shared += size
        elif len(a) <= MAX_LINE and len(b) <= MAX_LINE:
            shared += size * SequenceMatcher(None, a, b, autojunk=False).ratio()
    return shared / total if total else 1.0


def _no_match(
    path: str, lines: Sequence[str], search: Sequence[str], text: Sequence[str], scored: list[tuple[int, float]]
) -> EditProblem:
    already = _windows(lines, text) if any(line.strip() for line in text) else []
    if already:
        return EditProblem(
            f"The SEARCH part does not stand in {path}, but the replacement already does, at line {already[0] + 1}: "
            "this edit seems to be made; go on with the next.", path, "already_there",
        )  # fmt: skip
    if not scored:
        return EditProblem(
            f"The SEARCH part does not stand in {path} ({len(lines)} lines), nor anything like it: "
            "read the file again and quote its lines exactly.", path, "no_match",
        )  # fmt: skip
    start, ratio = scored[0]
    end = min(len(lines), start + min(len(search), 40))
    return EditProblem(
        f"The SEARCH part does not stand in {path}. The nearest lines ({ratio:.0%} alike, {FUZZY_AT:.0%} needed) are "
        f"{start + 1} to {end}; quote them exactly:\n{_snippet(lines, start, end)}", path, "no_match",
    )  # fmt: skip


def _snippet(lines: Sequence[str], start: int, end: int) -> str:
    return "\n".join(f"{at + 1:>6}| {lines[at][:300]}" for at in range(start, min(end, len(lines))))
