"""Circles are found, code is left alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.llm.providers.stream import spoken
from factory.llm.repetition import WINDOW, repeats


@given(st.text(min_size=1, max_size=300), st.text(max_size=50))
def test_any_short_piece_over_and_over_is_a_circle(piece: str, before: str) -> None:
    assert repeats(before + piece * (WINDOW // len(piece) + 2))


@given(st.text(max_size=2 * WINDOW))
def test_short_or_changing_texts_are_none(text: str) -> None:
    assert not repeats(text[: WINDOW - 1])
    assert not repeats("".join(f"{n}: line\n" for n in range(1000)) + text[:100])


def test_our_own_sources_do_not_repeat() -> None:
    for path in Path(__file__).parents[2].glob("factory/**/*.py"):
        text = path.read_text(encoding="utf-8")
        assert not any(repeats(text[:end]) for end in range(WINDOW, len(text), 500))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<think>hm</think>\n\nyes", "yes"),
        ("hm</think>yes", "yes"),  # the chat template had opened it
        ("<think>never ended", ""),
        ("yes", "yes"),
    ],
)
def test_reasoning_in_the_text_is_not_the_answer(text: str, said: str) -> None:
    assert spoken(text) == said
