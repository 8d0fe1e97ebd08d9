"""The stuck detector's table."""

import pytest

from factory.desk.stuck import Turn, stuck

A, B, C, A2 = Turn("a", "1"), Turn("b", "2"), Turn("c", "3"), Turn("a", "9")
WORD = Turn("")


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([], ""),
        ([A], ""),
        ([A, A], "repeat"),
        ([A, A2], ""),  # same action, another result: it moves
        ([A, A2, A2], "repeat"),
        ([A, B, A], ""),
        ([A, B, A, B], "alternation"),
        ([A, B, A2, B], ""),
        ([C, A, B, A, B], "alternation"),
        ([A, B, C, A, B, C], "alternation"),
        ([A, B, C, A, C, B], ""),
        ([A, B, A, B, C], ""),  # it got out
        ([WORD, WORD], ""),
        ([WORD, WORD, WORD], "monologue"),
        ([A, WORD, WORD, WORD], "monologue"),
        ([WORD, WORD, A, WORD], ""),
        ([A, WORD, A, WORD], ""),
    ],
)
def test_stuck(turns: list[Turn], expected: str) -> None:
    assert stuck(turns) == expected
