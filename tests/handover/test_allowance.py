"""Shares of the run's money: whatever the jobs spend within them, together they never pass the total."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.errors import UsageProblem
from factory.handover.allowance import MILLION, dollars_in, limit

WAVES = st.lists(st.integers(1, 8), min_size=0, max_size=3)


@given(
    total=st.integers(0, 50 * MILLION),
    waves=WAVES,
    used=st.lists(st.floats(0, 1), min_size=26, max_size=26),
    dies=st.sets(st.integers(0, 23)),
)
def test_the_sum_of_shares_never_passes_the_total(
    total: int, waves: list[int], used: list[float], dies: set[int]
) -> None:
    """Jobs of a wave see what was known before it; each may use all it was given, and one that dies counts in full."""
    parts = iter(used)
    truly = known = 0
    for stage in ("intake", "gather", "plan"):
        cap = limit(stage, total, known)
        spent = int(max(cap - known, 0) * (next(parts) if stage == "plan" else 1 if stage == "gather" else 0))
        truly, known = truly + spent, known + spent
        assert truly <= total
    left, unit = sum(waves), 0
    for wave in waves:
        shares = [limit("generate", total, known, left, 1) - known for _ in range(wave)]
        for share in shares:
            assert share >= 0
            spent = int(share * next(parts))
            truly += spent
            known += share if unit in dies else spent
            unit += 1
        left -= wave
        assert truly <= total * 60 // 100 + 1 or truly <= total
        known = limit("collect", total, known) if known <= total else known
    assert limit("verify", total, known) <= max(known, 0)
    assert truly + limit("refine", total, known) - known <= total


@given(total=st.integers(0, 50 * MILLION), spent=st.integers(0, 50 * MILLION), waves=WAVES)
def test_one_job_for_a_wave_gets_what_its_units_would(total: int, spent: int, waves: list[int]) -> None:
    for now in waves[:1]:
        left = sum(waves)
        one = limit("generate", total, spent, left, 1) - spent
        assert limit("generate", total, spent, left, now) - spent in (one * now, total - spent)


def test_what_is_left_flows_on() -> None:
    total = 10 * MILLION
    assert limit("plan", total, 0) == MILLION
    thrifty, spender = limit("generate", total, 0, 4, 1), limit("generate", total, MILLION, 4, 1) - MILLION
    assert (thrifty, spender) == (1_500_000, 1_250_000)
    assert limit("refine", total, MILLION) == total
    assert limit("work", total, 0) == total
    assert limit("verify", total, MILLION) == MILLION
    assert limit("collect", total, 0, 4, 4) == 0
    assert limit("generate", total, 0, 0, 0) == 0


def test_the_variable_is_read_strictly() -> None:
    assert dollars_in("") is None
    assert dollars_in(" 1.25 ") == 1_250_000
    assert dollars_in("0.0000019") == 1
    for text in ("nan", "inf", "-1", "1,5", "$2", "1e999999999"):
        with pytest.raises(UsageProblem):
            dollars_in(text)
