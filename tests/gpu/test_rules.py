"""What does not start and what loses, each rule with a set-up that trips it and one that does not."""

import pytest

from factory.gpu.cards import find
from factory.gpu.records import Geometry, Linear, Setup
from factory.gpu.rules import CONDITIONS, Rule, advised, kinds, refused, rules, version

HYBRID = Geometry(
    name="27B", full=16, kv_heads=4, head_dim=256, heads=24, hidden=5120, mtp=1, parameters=27_000_000_000,
    active=27_000_000_000, unquantised=2_600_000_000, context=262_144,
    linear=Linear(layers=48, key_heads=16, key_dim=128, value_heads=48, value_dim=128),
)  # fmt: skip
MIXTURE = HYBRID.but(name="35B-A3B", parameters=35_000_000_000, active=3_000_000_000)
DENSE = HYBRID.but(name="14B", linear=None, mtp=0, context=40_960)
AMPERE, ADA, BLACKWELL = find("3090"), find("4090"), find("5090")
GOOD = Setup(geometry=HYBRID, card=AMPERE, count=2, tp=2, weights="int4", kv="fp8", speculate=3)
SPARK = GOOD.but(geometry=MIXTURE, weights="nvfp4", card=find("GB10"), count=1, tp=1)

REFUSED = [
    ("uneven-ranks", GOOD.but(count=3), GOOD.but(count=4), "divides"),
    ("tp-power-of-two", GOOD.but(count=6, tp=6), GOOD, "power of two"),
    ("context", GOOD.but(max_model_len=262_145), GOOD.but(max_model_len=262_144), "at most 262,144"),
    ("power-cap", GOOD.but(watts=351), GOOD.but(watts=350), "350 W"),
    ("no-mtp-layers", GOOD.but(geometry=DENSE, max_model_len=40_000), GOOD, "drop --speculate"),
    ("e5m2-with-fp8-weights", GOOD.but(kv="fp8_e5m2", weights="fp8"), GOOD.but(kv="fp8_e5m2"), "--kv fp8"),
    ("e5m2-with-fp8-weights", GOOD.but(kv="fp8_e5m2", weights="nvfp4"), GOOD.but(weights="nvfp4"), "int4"),
    ("fp8-per-token", GOOD.but(kv="fp8_per_token_head"), GOOD.but(kv="fp8_per_token_head", card=ADA), "fp8e4nv"),
    ("int8-on-blackwell", GOOD.but(card=BLACKWELL, weights="w8a8"), GOOD.but(weights="w8a8"), "w4a8"),
]
ADVISED = [
    ("fp8-weights", GOOD.but(weights="fp8"), GOOD.but(weights="fp8", card=ADA), "weight-only through Marlin"),
    ("nvfp4", GOOD.but(weights="nvfp4", card=ADA), GOOD.but(weights="nvfp4", card=BLACKWELL), "no FP4 arithmetic"),
    ("gb10", SPARK, SPARK.but(card=BLACKWELL), "measured through Marlin"),
    ("mxfp4", GOOD.but(weights="mxfp4"), GOOD.but(weights="mxfp4", card=find("H100")), "mxfp4 weights run"),
    ("fp8-kv", GOOD, GOOD.but(kv="bf16"), "0.24"),
    ("int8-kv", GOOD.but(kv="int8_per_token_head"), GOOD.but(kv="int8_per_token_head", max_model_len=8192), "10,000"),
    ("int8-prefill", GOOD, GOOD.but(weights="w4a8"), "17 to 51 %"),
    ("int8-prefill-moe", GOOD, GOOD.but(geometry=MIXTURE), "17 to 51 %"),
    ("mtp-prefix", GOOD, GOOD.but(prefix="off"), "#48375"),
    ("mtp-moe", GOOD.but(geometry=MIXTURE), GOOD.but(geometry=MIXTURE, count=1, tp=1), "45 to 51 %"),
]


@pytest.mark.parametrize(("name", "bad", "good", "words"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_does_not_start_says_the_way_out(name: str, bad: Setup, good: Setup, words: str) -> None:
    assert any(words in said for said in refused(bad)), refused(bad)
    assert refused(good) == ()


@pytest.mark.parametrize(("name", "worse", "better", "words"), ADVISED, ids=[case[0] for case in ADVISED])
def test_what_loses_is_told_but_starts(name: str, worse: Setup, better: Setup, words: str) -> None:
    assert any(words in said for said in advised(worse)), advised(worse)
    assert not any(words in said for said in advised(better)), advised(better)
    assert refused(worse) == ()


def test_heads_that_do_not_divide_are_refused_by_their_names() -> None:
    said = refused(GOOD.but(tp=16, count=16))
    assert any("24 query heads" in sentence for sentence in said), said


def test_several_reasons_are_all_told() -> None:
    assert len(refused(GOOD.but(count=3, max_model_len=500_000, watts=400, kv="fp8_e5m2", weights="fp8"))) == 4


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_every_rule_has_known_conditions_a_source_and_one_sentence(rule: Rule) -> None:
    assert rule.when
    assert set(rule.when) <= set(CONDITIONS)
    assert rule.source
    assert rule.say.endswith((".", "`."))
    assert ". " not in rule.say.replace("vs. ", "")


def test_ids_are_unique_and_every_condition_is_used() -> None:
    assert len({rule.id for rule in rules()}) == len(rules())
    assert {name for rule in rules() for name in rule.when} == set(CONDITIONS)


def test_kinds_and_versions() -> None:
    assert kinds(MIXTURE) == {"moe", "hybrid"}
    assert kinds(DENSE) == {"dense"}
    assert version("12.0") > version("8.9") > version("8.6") == (8, 6)
