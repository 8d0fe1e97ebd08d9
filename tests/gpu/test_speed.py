"""The roofline, what it must never get the wrong way round, and the measured deployments it is judged on."""

import itertools

import pytest

from benchmarks.speed import WHATS, Measure, fit, inside, measures, width
from factory.contracts.errors import UsageProblem
from factory.gpu.cards import cards, find
from factory.gpu.models import find as model
from factory.gpu.records import Card, Geometry, Setup, Weights
from factory.gpu.speed import (
    SHARE,
    arithmetic,
    arriving,
    efficiency,
    expert_share,
    generation,
    measured,
    prefill,
    speed,
    step,
    table,
    tokens_a_step,
    weights_read,
)
from factory.gpu.weights import read_bytes, weight_bytes

DENSE, HYBRID, MIXTURE = model("Qwen3-8B"), model("Qwen3.6-27B"), model("Qwen3.6-35B-A3B")
BOX = Setup(geometry=HYBRID, card=find("3090"), count=2, tp=2, weights="int4", kv="fp8")
SETUPS = [
    BOX.but(geometry=geometry, tp=tp, weights=weights, speculate=drafts)
    for geometry, tp, weights, drafts in itertools.product((DENSE, HYBRID, MIXTURE), (1, 2), ("int4", "fp8"), (0, 3))
]
ROWS, LEFT = measures()


@pytest.mark.parametrize("what", WHATS)
def test_the_bands_hold_the_judged_rows_at_the_stated_share(what: str) -> None:
    judged = [row for row in ROWS if row.judged and row.what == what]
    assert len(judged) >= 15
    assert sum(map(inside, judged)) >= SHARE * len(judged), [row for row in judged if not inside(row)]


@pytest.mark.parametrize("what", WHATS)
def test_the_judged_rows_lean_to_neither_side(what: str) -> None:
    ratios = sorted(row.ratio for row in ROWS if row.judged and row.what == what)
    assert 0.8 < ratios[len(ratios) // 2] < 1.25


def test_what_stands_in_the_file_is_what_the_fit_gives() -> None:
    fitted = fit(row for row in ROWS if not row.judged)
    written = {(row["what"], row["kind"], row["weights"], row["generation"]): row for row in table()["fitted"]}
    assert set(fitted) == set(written)
    for key, (value, count) in fitted.items():
        assert written[key]["value"] == pytest.approx(value, abs=0.0006), key
        assert written[key]["measurements"] == count


def test_no_deployment_is_both_fitted_and_judged_and_most_rows_that_can_be_used_are() -> None:
    sides: dict[int, set[bool]] = {}
    for row in ROWS:
        sides.setdefault(row.row, set()).add(row.judged)
    assert all(len(side) == 1 for side in sides.values())
    assert not set(LEFT) & set(sides)
    assert len(sides) >= 30


def test_width_holds_the_share_it_is_asked_for() -> None:
    assert width([1.0, 0.5, 1.25, 1.1], share=0.75) == 1.25
    assert width([1.0, 0.5, 1.25, 1.1], share=1) == 2


@pytest.mark.parametrize("setup", SETUPS, ids=str)
def test_more_bandwidth_and_arithmetic_are_never_slower(setup: Setup) -> None:
    for context, parallel in ((1, 1), (16_000, 1), (64_000, 5)):
        before = speed(setup, context, parallel)
        faster: list[Card] = [
            setup.card.but(bandwidth=2 * setup.card.bandwidth), setup.card.but(flops=2 * setup.card.flops),
        ]  # fmt: skip
        for card in faster:
            after = speed(setup.but(card=card), context, parallel)
            assert after.each >= before.each
            assert after.prefill.value >= before.prefill.value
            assert after.cold.value <= before.cold.value


@pytest.mark.parametrize("setup", SETUPS, ids=str)
def test_more_requests_raise_the_total_and_lower_each(setup: Setup) -> None:
    found = [speed(setup, 16_000, parallel) for parallel in (1, 2, 3, 5, 8, 16, 64)]
    for one, more in itertools.pairwise(found):
        assert more.total.value >= one.total.value
        assert more.each <= one.each


@pytest.mark.parametrize("setup", SETUPS, ids=str)
def test_longer_contexts_are_slower_and_bands_are_in_order(setup: Setup) -> None:
    short, long = speed(setup, 8_000, 2), speed(setup, 64_000, 2)
    assert long.each < short.each
    assert long.cold.value > short.cold.value > short.warm.value
    for found in (short.decode, short.total, short.prefill, short.cold, short.warm):
        assert 0 < found.low < found.value < found.high


def test_a_step_of_a_small_model_by_hand() -> None:
    """1 full layer, 2 KV heads of 64, fp16: 100 tokens hold 100·2·2·64·2 bytes; a token reads 1,000,000·2 bytes."""
    tiny = Geometry(
        full=1, kv_heads=2, head_dim=64, heads=4, hidden=256, parameters=1_000_000, active=1_000_000, unquantised=0,
        context=1024,
    )  # fmt: skip
    card = Card(name="card", memory=1, bandwidth=1, flops=1, capability="8.6", watts=100)
    work = step(Setup(geometry=tiny, card=card, weights="fp16", kv="fp16"), 100, 3)
    assert work.memory == pytest.approx((2_000_000 + 3 * 51_200) / 1e9)
    assert work.arithmetic == pytest.approx(2 * 1_000_000 * 3 / 1e12)
    assert work.binds() == "memory bandwidth"
    whole = prefill(Setup(geometry=tiny, card=card), 100)
    assert whole.arithmetic == pytest.approx((2 * 1_000_000 * 100 + 4 * 4 * 64 * 100 * 100 / 2) / 1e12)
    assert whole.overhead == 0


def test_prefill_in_two_parts_is_the_work_of_the_whole() -> None:
    parts = prefill(BOX, 40_000).arithmetic + prefill(BOX, 24_000, 40_000).arithmetic
    assert parts == pytest.approx(prefill(BOX, 64_000).arithmetic)


def test_a_warm_turn_attends_to_all_that_is_cached() -> None:
    share = efficiency("prefill", BOX), efficiency("decode", BOX)
    wanted = prefill(BOX, 1000, 63_000).seconds(share[0]) + step(BOX, 64_000, 1).seconds(share[1])
    assert speed(BOX, 64_000, 1).warm.value == pytest.approx(wanted)
    assert prefill(BOX, 1000, 63_000).arithmetic > 1.5 * prefill(BOX, 1000).arithmetic


def test_a_mixture_reads_its_experts_as_more_tokens_pick_them() -> None:
    setup = BOX.but(geometry=MIXTURE)
    reads = [weights_read(MIXTURE, setup, tokens) for tokens in (1, 2, 8, 64, 10_000)]
    assert reads[0] == read_bytes(MIXTURE, "int4")
    assert reads == sorted(reads)
    assert reads[1] < 2 * reads[0]
    assert 0.9 * weight_bytes(MIXTURE, "int4", 1, vision=False) < reads[-1] <= weight_bytes(MIXTURE, "int4", 1)
    assert expert_share(MIXTURE) == pytest.approx(8 / 256, rel=0.02)
    assert weights_read(HYBRID, BOX, 64) == read_bytes(HYBRID, "int4")


def test_speculation_yields_between_one_and_all_its_tokens() -> None:
    assert tokens_a_step(BOX) == pytest.approx(1)
    assert 2.5 < tokens_a_step(BOX.but(speculate=3)) < 3.51  # a data row takes 3.51 on code
    assert speed(BOX.but(speculate=3), 1000, 1).each > 1.3 * speed(BOX, 1000, 1).each


def test_speculation_loses_on_the_mixture_across_two_cards() -> None:
    """A data row: built-in MTP is -45 to -51 % on 35B-A3B at TP2; the arithmetic gives the sign, not the size."""
    setup = BOX.but(geometry=MIXTURE)
    assert speed(setup.but(speculate=3), 1000, 1).each < 0.85 * speed(setup, 1000, 1).each


def test_a_power_cap_costs_prefill_and_hardly_decode() -> None:
    free, capped = speed(BOX, 16_000, 1), speed(BOX.but(watts=230), 16_000, 1)
    assert 0.8 < capped.prefill.value / free.prefill.value < 0.95
    assert 0.95 < capped.each / free.each < 1
    assert speed(BOX.but(watts=350), 16_000, 1) == free


def test_cold_and_warm_prompts_of_the_dense_model_on_two_3090s() -> None:
    """Measured: prefill 1,100 to 1,800 tok/s; a cold 64K prompt 40 to 60 s."""
    assert 1100 < speed(BOX, 16_000, 1).prefill.value < 1800
    found = speed(BOX, 64_000, 1)
    assert 40 < found.cold.value < 60
    assert found.warm.value < 2


@pytest.mark.parametrize(("parallel", "total"), [(1, 87), (2, 104), (4, 88), (8, 54)])
def test_cold_prompts_of_16k_that_come_together_on_the_dense_model(parallel: int, total: int) -> None:
    """Measured at 16K in / 256 out with MTP 3; the arithmetic is flatter than the data, within a factor of 1.5."""
    assert total / 1.5 < arriving(BOX.but(speculate=3), 16_000, 256, parallel) < total * 1.5


@pytest.mark.parametrize(("parallel", "total"), [(2, 246), (16, 272)])
def test_cold_prompts_of_16k_that_come_together_on_the_mixture(parallel: int, total: int) -> None:
    found = arriving(BOX.but(geometry=MIXTURE), 16_000, 256, parallel)
    assert total / 1.7 < found < total * 1.7


def test_a_class_that_nobody_measured_borrows_and_says_so_with_a_wider_band() -> None:
    known, unknown = BOX, BOX.but(card=find("H200"), weights="bf16")
    assert measured("decode", known)
    assert not measured("decode", unknown)
    assert 0 < efficiency("decode", unknown) < 1
    near, far = speed(known, 1000, 1).decode, speed(unknown, 1000, 1).decode
    assert far.high / far.value > near.high / near.value


def test_every_card_has_a_generation_and_older_ones_are_taken_as_the_oldest() -> None:
    assert {generation(card.capability) for card in cards()} == {"ampere", "ada", "hopper", "blackwell"}
    assert generation("12.1") == "blackwell"
    assert generation("7.5") == "ampere"


def test_replicas_add_up_and_ranks_share_one_answer() -> None:
    pair = speed(BOX.but(tp=1), 16_000, 3)
    assert pair.total.value == pytest.approx(6 * pair.each)
    assert speed(BOX, 16_000, 3).total.value == pytest.approx(3 * speed(BOX, 16_000, 3).each)


@pytest.mark.parametrize(("context", "parallel"), [(0, 1), (-5, 1), (1000, 0), (1000, -1)])
def test_nothing_to_answer_is_a_usage_problem(context: int, parallel: int) -> None:
    with pytest.raises(UsageProblem, match="from 1 up"):
        speed(BOX, context, parallel)


def test_a_measurement_is_predicted_at_its_own_share() -> None:
    row: Measure = ROWS[0]
    assert row.share < 1
    assert row.at(row.share) == pytest.approx(row.measured)


def test_no_decoding_is_fitted_above_the_memory_and_prefill_only_where_bits_are_few() -> None:
    for row in table()["fitted"]:
        assert row["what"] == "prefill" or row["value"] <= 1, row
        assert row["weights"] != "16 bit" or row["value"] <= 1, row


@pytest.mark.parametrize(
    ("weights", "card", "bits"),
    [
        ("w4a8", "3090", "8 bit"), ("fp8", "3090", "16 bit"), ("fp8", "4090", "8 bit"), ("nvfp4", "4090", "16 bit"),
        ("nvfp4", "5090", "4 bit"), ("int4", "5090", "16 bit"), ("bf16", "h100", "16 bit"),
    ],
)  # fmt: skip
def test_weights_are_multiplied_in_what_the_card_can(weights: Weights, card: str, bits: str) -> None:
    assert arithmetic(BOX.but(weights=weights, card=find(card))) == bits


def test_a_class_that_was_not_fitted_borrows_from_the_same_arithmetic() -> None:
    """Bf16 on the 3090 multiplies in 16 bits like int4, so it does not inherit what W4A8 gains by INT8."""
    plain, few = BOX.but(weights="bf16"), BOX.but(weights="w4a8")
    assert not measured("prefill", plain)
    assert efficiency("prefill", plain) == pytest.approx(efficiency("prefill", BOX))
    dense = BOX.but(geometry=DENSE)
    assert efficiency("prefill", dense) == pytest.approx(efficiency("prefill", BOX))  # no dense prefill was measured
    assert efficiency("prefill", few) > 1.1 * efficiency("prefill", plain)
