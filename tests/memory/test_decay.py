"""Weight and decay: bounded, monotone, and what a run's end says of the lessons it had."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.memory import Lesson, Observation
from factory.contracts.memory_settings import MemorySettings
from factory.memory.decay import ranked_by_value, value, votes, weight
from factory.memory.distil import distil
from factory.memory.fold import folded
from tests.memory.facts import DAY, NOW, REPO, day, found, run_of, seen

SHARES = st.floats(0, 1)
COUNTS = st.floats(0, 1e6)


@given(SHARES, COUNTS, COUNTS, st.floats(0, 1000))
def test_weight_is_bounded_rises_with_help_and_falls_with_failure(
    base: float, helped: float, failed: float, more: float
) -> None:
    now = weight(base, helped, failed)
    assert 0 <= now <= 2 * base <= 2
    assert weight(base, helped + more, failed) >= now - 1e-12
    assert weight(base, helped, failed + more) <= now + 1e-12
    assert weight(base, 0, 0) == base


def lesson(name: str = "a", ago: float = 0, base: float = 0.5, **facts: object) -> Lesson:
    told = {"id": (name * 16)[:16], "repo": REPO, "kind": "finding", "text": "t", "source": "s", "made": day(ago),
            "seen": day(ago), "expires": day(-1), "weight": base, **facts}  # fmt: skip
    return Lesson.model_validate(told)


@given(st.floats(0, 3650), st.floats(0, 3650))
def test_value_never_rises_with_age(younger: float, more: float) -> None:
    assert value(lesson(ago=younger + more), NOW, 60) <= value(lesson(ago=younger), NOW, 60) <= 0.5


def test_a_half_life_halves() -> None:
    assert value(lesson(ago=60), NOW, 60) == pytest.approx(0.25)
    assert value(lesson(ago=60), NOW + 60 * DAY, 60) == pytest.approx(0.125)


def test_a_lesson_sleeps_before_it_is_gone_and_the_cap_puts_the_weakest_to_sleep() -> None:
    settings = MemorySettings(half_life_days=30, dormant_below=0.1, per_repository=2)
    given_ = [lesson("a", 0), lesson("b", 10), lesson("c", 20), lesson("d", 300), lesson("e", 0, state="pending")]
    states = {each.id[0]: each.state for each in ranked_by_value(given_, NOW, settings)}
    assert states == {"a": "active", "b": "active", "c": "dormant", "d": "dormant", "e": "pending"}


@pytest.mark.parametrize(
    ("word", "ends", "expected"),
    [
        ("accepted", (), (1, 0)), ("accepted", ("merged",), (1, 0)), ("accepted", ("merged", "edited"), (0.5, 0.5)),
        ("accepted", ("merged", "reverted"), (0, 1)), ("accepted", ("closed",), (0, 1)), ("revise", (), (0, 1)),
        ("revise", ("merged",), (1, 0)), ("stopped", (), (0, 0)),
    ],
)  # fmt: skip
def test_a_run_s_end_votes_on_the_lessons_it_had(
    word: str, ends: tuple[str, ...], expected: tuple[float, float]
) -> None:
    mine = "0123456789abcdef"
    lines: list[Observation] = [run_of("r1", "a.py", word=word), seen("recalled", "r1", lessons=(mine,)),
                                *(seen("outcome", "r1", word=end, about=end) for end in ends)]  # fmt: skip
    assert votes(mine, folded(lines)) == expected
    assert votes("f" * 16, folded(lines)) == (0, 0)


def test_a_lesson_that_was_there_and_did_not_prevent_it_has_failed() -> None:
    first = [run_of("r1", "a.py", ago=2), found("r1", "a.py", 2)]
    (draft,) = [each for each in distil(folded(first)) if each.kind == "finding"]
    again = [
        *first,
        run_of("r2", "a.py", ago=1),
        seen("recalled", "r2", 1, lessons=(draft.id,)),
        found("r2", "a.py", 1),
    ]
    (now,) = [each for each in distil(folded(again)) if each.kind == "finding"]
    assert now.id == draft.id
    assert votes(now.id, folded(again), now) == (0, 1)
    helped = [line for line in again if line.kind != "finding" or line.run == "r1"]
    (better,) = [each for each in distil(folded(helped)) if each.kind == "finding"]
    assert votes(better.id, folded(helped), better) == (1, 0)
