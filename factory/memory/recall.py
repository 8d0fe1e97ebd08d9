"""Which lessons are worth showing for a task: match times decayed weight, within a budget of tokens. Deterministic.

match = 1 for a file of the question, 0.3 for one in the same folder; + 1 for a symbol; + the share of the lesson's
own words that the question has. A lesson that matches nothing is not recalled, however much it weighs.
"""

import re
from collections.abc import Callable, Iterable

from factory.contracts.memory import Lesson, Lessons, Question, Recalled
from factory.contracts.memory_settings import MemorySettings
from factory.memory.decay import ranked_by_value, value

AROUND = 8  # tokens that a prompt spends around one lesson
MOST_WORDS = 2_000
_NEAR = 0.3
_NAME = re.compile(r"[A-Za-z_][\w.]{2,119}")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d{2,}")
Count = Callable[[str], int]


def estimate(text: str) -> int:
    """Tokens, on the safe side: three bytes each."""
    return -(-len(text.encode()) // 3)


def recalled(
    lessons: Iterable[Lesson], question: Question, now: float, settings: MemorySettings, count: Count = estimate
) -> Lessons:
    """The best that fit into `question.tokens`, best first; ties by id."""
    awake = [each for each in ranked_by_value(lessons, now, settings) if each.state == "active"]
    wanted = words_of(" ".join(question.words[:MOST_WORDS]))
    scored = []
    for each in awake:
        match, why = _match(each, question, wanted)
        if match > 0:
            scored.append((-round(match * value(each, now, settings.half_life_days), 9), each.id, each, why))
    found: list[Recalled] = []
    left = question.tokens
    for _, _, each, why in sorted(scored, key=lambda item: item[:2]):
        cost = count(each.text) + count(each.source) + count(why) + AROUND
        if cost <= left and len(found) < settings.most_shown:
            left -= cost
            paths = tuple(link.name for link in each.links if link.kind == "file")
            found.append(Recalled(id=each.id, text=each.text, source=each.source, why=why, paths=paths))
    return Lessons(found=tuple(found))


def names_in(text: str) -> tuple[str, ...]:
    """What in a text may be the name of a symbol, each once: a question about it."""
    return tuple(dict.fromkeys(name.strip(".") for name in _NAME.findall(text)))


def words_of(text: str) -> frozenset[str]:
    """Words of three letters and more, code names taken apart, in lower case."""
    return frozenset(word.lower() for word in _PART.findall(text) if len(word) > 2)


def _match(lesson: Lesson, question: Question, wanted: frozenset[str]) -> tuple[float, str]:
    """(how well it fits, why in a few words)."""
    files = [link.name for link in lesson.links if link.kind == "file"]
    symbols = [link.name for link in lesson.links if link.kind == "symbol"]
    score, whys = 0.0, []
    there = [path for path in files if path in question.paths]
    if there:
        score, whys = 1.0, [f"about {there[0]}"]
    elif near := [path for path in files if _folder(path) and _folder(path) in map(_folder, question.paths)]:
        score, whys = _NEAR, [f"about {near[0]}, in the same folder"]
    if named := [name for name in symbols if name in question.symbols or name.rpartition(".")[2] in question.symbols]:
        score, whys = score + 1.0, [*whys, f"about {named[0]}"]
    own = words_of(" ".join([*files, *symbols, *(link.name for link in lesson.links if link.kind == "rule"),
                             *([lesson.text] if lesson.prose else [])]))  # fmt: skip
    common = sorted(own & wanted)
    if common:
        score, whys = score + len(common) / len(own), [*whys, f"words: {', '.join(common[:3])}"]
    return score, "; ".join(whys)[:200]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
