"""The KV arithmetic: exact against the boot logs that a formula reproduces, and its laws."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.capacity import Residual, residual, residuals, rows
from factory.contracts.errors import UsageProblem
from factory.gpu.capacity import GIB, blocks_for, pool, resident, sessions, splits
from factory.gpu.cards import find as card
from factory.gpu.models import find
from factory.gpu.records import Setup

EXACT = [number for number, row in enumerate(rows()) if "formula" in row]
BIG = Setup(geometry=find("Qwen3.6-27B"), card=card("RTX 3090"), count=2, tp=2, weights="int4", kv="fp8",
            max_model_len=262_144, speculate=3)  # fmt: skip
SETUPS = st.builds(
    lambda name, tp, kv, draft, prefix, length: Setup(
        geometry=find(name), card=card("RTX 3090"), count=tp, tp=tp, kv=kv, speculate=draft, prefix=prefix,
        max_model_len=length,
    ),
    st.sampled_from(["Qwen3.6-27B", "Qwen3.6-35B-A3B", "Qwen3-8B", "Llama-3.1-8B", "gpt-oss-20b"]),
    st.sampled_from([1, 2]), st.sampled_from(["bf16", "fp8", "int8_per_token_head"]), st.integers(0, 5),
    st.sampled_from(["align", "none"]), st.integers(1, 300_000),
)  # fmt: skip


@pytest.mark.parametrize("number", EXACT)
def test_every_row_with_a_formula_comes_out_to_the_token(number: int) -> None:
    item: Residual = residual(number, rows()[number])
    assert item.how != "estimate"
    assert item.planned == item.printed, json.dumps(item.row)


def test_a_block_count_that_no_pool_prints_is_not_exact() -> None:
    """The inversion finds nothing for tokens between two blocks: the check above can fail."""
    row = {**rows()[42], "kv_tokens": 622_409}
    assert residual(42, row).planned != 622_409


def test_the_others_are_within_the_stated_band() -> None:
    found, _ = residuals()
    others = [item for item in found if not item.exact and not item.unsaid]
    assert {item.number for item in others} >= {0, 43, 44, 47, 56}
    assert [item.number for item in others if not item.holds] == []


def test_the_numbers_of_the_documented_example() -> None:
    found = pool(BIG, blocks=425)
    assert (found.block_size, found.blocks, found.group, found.per_request) == (1600, 425, 17, 179)
    assert (found.tokens, round(found.concurrency, 2)) == (622_408, 2.37)
    assert (sessions(BIG, found, 65_536), round(resident(BIG, found, 65_536), 1)) == (7, 7.6)


@given(SETUPS, st.integers(0, 40 * GIB))
def test_laws(setup: Setup, available: int) -> None:
    """More memory is never less; what fits in whole is not more than the share says; a page is never over the pool."""
    found, more = pool(setup, available), pool(setup, available + GIB)
    assert found.blocks <= more.blocks
    assert found.tokens <= more.tokens
    assert found.blocks * found.page * found.group <= available
    assert sessions(setup, found, setup.max_model_len) <= found.concurrency
    assert blocks_for(setup, setup.max_model_len) <= blocks_for(setup, setup.max_model_len + 1)


def test_a_window_holds_one_block_more_than_its_tokens_need() -> None:
    """vLLM's SlidingWindowSpec: ceil(min(window - 1 + batched, length) / 16) + 1 blocks, also for short requests."""
    model = find("Gemma-3-12B")
    assert model.sliding
    setup = Setup(geometry=model, card=card("RTX 3090"), kv="bf16", max_model_len=2048, max_batched_tokens=2048)
    found = pool(setup, blocks=1000)
    full, _, windows = 1, 0, 5  # 8 layers with full attention, 40 with a window: groups of 8
    assert found.per_request == full * 2048 // 16 + windows * (2048 // 16 + 1) == 773
    assert found.tokens == int(1000 / 773 * 2048)


def test_heads_that_do_not_split_are_one_sentence() -> None:
    with pytest.raises(UsageProblem, match="24 query heads: they cannot be split over --tp 5"):
        splits(BIG.but(tp=5, count=5))
    assert splits(BIG.but(tp=4, count=4)) is None
    assert splits(BIG.but(tp=8, count=8)) is None  # each KV head stands on two ranks
