"""What a lesson weighs, and what becomes of it with time.

    weight  = base · 2 (helped + 1) / (helped + failed + 2)        0 < weight < 2 · base
    value   = weight · 0.5 ^ (age / half-life)

`helped` and `failed` count the runs that had the lesson in their pack: the factor is Laplace's rule of succession,
twice, so that it is 1 before anything is known; it rises with every run that went well, falls with every one that did
not, and never leaves (0, 2). Age counts from when the lesson was last observed (prose: approved). Below
`dormant_below` a lesson sleeps: it is kept, and observing it again wakes it; it is deleted with the last observation
that it rests on.
"""

from collections.abc import Iterable

from factory.contracts.memory import Lesson
from factory.contracts.memory_settings import MemorySettings
from factory.memory.distil import Draft
from factory.memory.fold import Past
from factory.memory.lines import epoch

DAY_S = 86_400.0


def weight(base: float, helped: float, failed: float) -> float:
    """Bounded by 0 and 2 · base; monotone in all three."""
    return base * 2 * (helped + 1) / (helped + failed + 2)


def value(lesson: Lesson, now: float, half_life_days: float) -> float:
    """Weight after decay at `now` (seconds of the epoch)."""
    age = max(now - (epoch(lesson.seen or lesson.made) or 0.0), 0.0)
    return float(lesson.weight * 0.5 ** (age / (half_life_days * DAY_S)))


def votes(lesson: str, runs: Iterable[Past], draft: Draft | None = None) -> tuple[float, float]:
    """(helped, failed): one vote a run that had the lesson in its pack and whose end says something."""
    helped = failed = 0.0
    recurred = {run.id for run in draft.runs} if draft and draft.again else set()
    for run in runs:
        if lesson not in run.lessons:
            continue
        good = 0.0 if run.id in recurred else went(run)
        if good is not None:
            helped, failed = helped + good, failed + 1 - good
    return helped, failed


def went(run: Past) -> float | None:
    """1: well; 0: not; between: people had to help; None: its end says nothing of what it knew."""
    if {"reverted", "closed"} & run.ends:
        return 0.0
    if "merged" in run.ends:
        return 0.5 if run.edited or "edited" in run.ends else 1.0
    return {"accepted": 1.0, "revise": 0.0, "rejected": 0.0}.get(run.word)


def ranked_by_value(lessons: Iterable[Lesson], now: float, settings: MemorySettings) -> list[Lesson]:
    """All of them, most valuable first, those beyond the cap or below the threshold as dormant ones."""
    order = sorted(lessons, key=lambda each: (-value(each, now, settings.half_life_days), each.id))
    found, awake = [], 0
    for each in order:
        sinks = value(each, now, settings.half_life_days) < settings.dormant_below or awake >= settings.per_repository
        if each.state == "active" and sinks:
            found.append(each.but(state="dormant"))
        else:
            awake += each.state == "active"
            found.append(each)
    return found
