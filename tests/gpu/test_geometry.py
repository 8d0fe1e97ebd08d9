"""Geometry from config.json: what makers write, what they leave out, and what cannot be placed."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.errors import UsageProblem
from factory.gpu.geometry import LARGEST_FILE, from_config, read_config
from factory.gpu.models import find
from factory.gpu.records import Linear, Sliding

CONFIGS = Path(__file__).parent.parent / "data" / "configs"
SMALL: dict[str, Any] = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 4, "num_attention_heads": 8,
    "num_key_value_heads": 2, "vocab_size": 1000, "max_position_embeddings": 4096,
}  # fmt: skip
HYBRID = {
    **SMALL, "full_attention_interval": 2, "linear_num_key_heads": 2, "linear_key_head_dim": 8,
    "linear_num_value_heads": 4, "linear_value_head_dim": 8,
}  # fmt: skip


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("qwen3.6-27b", "Qwen3.6-27B"), ("qwen3.6-35b-a3b", "Qwen3.6-35B-A3B"), ("qwen3-14b", "Qwen3-14B"),
        ("qwen2.5-coder-7b", "Qwen2.5-Coder-7B"), ("gpt-oss-20b", "gpt-oss-20b"), ("gemma-3-27b", "Gemma-3-27B"),
        ("gemma-4-26b-a4b", "Gemma-4-26B-A4B"), ("glm-4.7-flash", "GLM-4.7-Flash"),
    ],
)  # fmt: skip
def test_a_makers_file_gives_the_bundled_geometry(file: str, name: str) -> None:
    """The files nest, list layer types and leave defaults out; the table is flat and uses intervals."""
    assert read_config(CONFIGS / f"{file}.json").but(name="", source="") == find(name).but(name="", source="")


def test_the_hybrid_model_has_the_documented_layers() -> None:
    model = read_config(CONFIGS / "qwen3.6-27b.json")
    assert (model.full, model.heads, model.kv_heads, model.head_dim, model.hidden) == (16, 24, 4, 256, 5120)
    assert model.linear == Linear(layers=48, key_heads=16, key_dim=128, value_heads=48, value_dim=128, conv=4)
    assert (model.mtp, model.context, model.layers, model.moe) == (1, 262_144, 64, False)


def test_global_layers_of_gemma_4_have_heads_of_their_own() -> None:
    model = read_config(CONFIGS / "gemma-4-26b-a4b.json")
    assert (model.full, model.kv_heads, model.head_dim) == (5, 2, 512)
    assert model.sliding == Sliding(layers=25, window=1024, kv_heads=8, head_dim=256)


def test_latent_attention_caches_rank_and_rope() -> None:
    assert read_config(CONFIGS / "glm-4.7-flash.json").latent == 512 + 64


def test_attention_that_the_checkpoint_keeps_is_unquantised() -> None:
    """gpt-oss quantises its experts only."""
    model = read_config(CONFIGS / "gpt-oss-20b.json")
    assert model.unquantised == model.parameters - model.parts.experts - model.parts.mlp


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["lm_head", "visual", "mtp", "mtp.layers.0.self_attn"], ()),
        ([f"model.layers.{layer}.linear_attn.in_proj_qkv" for layer in range(64) if layer % 4 != 3], ("linear_in",)),
        (["re:.*linear_attn.*"], ("linear_in", "linear_out")),
        (["model.layers.*.self_attn.*"], ("attention",)),
        (["re:.*self_attn.q_proj$", "re:.*linear_attn.in_proj_a"], ("attention",)),
    ],
)
def test_what_a_quantiser_leaves_out_is_read_from_its_list(names: list[str], kept: tuple[str, ...]) -> None:
    config = json.loads((CONFIGS / "qwen3.6-27b.json").read_text(encoding="utf-8"))
    model = from_config({**config, "quantization_config": {"ignore": names}})
    extra = sum(getattr(model.parts, part) for part in kept)
    assert model.unquantised == from_config(config).unquantised + extra


def test_half_of_the_layers_left_out_are_half_of_the_part() -> None:
    names = [f"model.layers.{layer}.self_attn" for layer in (0, 1)]
    model = from_config({**SMALL, "quantization_config": {"modules_to_not_convert": names}})
    assert model.unquantised == from_config(SMALL).unquantised + model.parts.attention // 2


def test_a_small_model_counted_by_hand() -> None:
    model = from_config(SMALL)
    attention = 64 * 64 * 2 + 2 * 64 * 16
    tables, norms = 2 * 1000 * 64, 2 * 4 * 64 + 64
    assert model.parameters == tables + norms + 4 * (attention + 3 * 64 * 128)
    assert model.unquantised == tables + norms
    assert from_config({**SMALL, "tie_word_embeddings": True}).parameters == model.parameters - 64_000


def test_a_context_that_is_not_said_is_not_bound() -> None:
    config = {name: value for name, value in SMALL.items() if name != "max_position_embeddings"}
    assert from_config(config).but(context=4096) == from_config(SMALL)
    assert (
        from_config({**config, "sliding_window": 512}).sliding == from_config({**SMALL, "sliding_window": 512}).sliding
    )


def test_a_small_hybrid_counted_by_hand() -> None:
    keys, values = 2 * 8, 4 * 8
    linear = 64 * (2 * keys + 2 * values) + values * 64 + 2 * 64 * 4 + 4 * (2 * keys + values) + 2 * 4 + 8
    full = 64 * 64 * 2 + 2 * 64 * 16
    assert from_config(HYBRID).parameters == from_config(SMALL).parameters + 2 * (linear - full)


@pytest.mark.parametrize(
    ("more", "full", "sliding"),
    [
        ({}, 4, 0),
        ({"sliding_window": 1024}, 0, 4),
        ({"sliding_window": 4096}, 4, 0),
        ({"sliding_window": 1024, "use_sliding_window": False}, 4, 0),
        ({"sliding_window": 1024, "use_sliding_window": True, "max_window_layers": 3}, 3, 1),
        ({"sliding_window": 1024, "sliding_window_pattern": 3}, 1, 3),
        ({"sliding_window": 1024, "model_type": "gemma2"}, 2, 2),
    ],
)
def test_windows(more: dict[str, Any], full: int, sliding: int) -> None:
    model = from_config({**SMALL, **more})
    assert (model.full, model.sliding.layers if model.sliding else 0) == (full, sliding)


def test_experts_only_in_the_layers_that_have_them() -> None:
    moe = {**SMALL, "num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
    assert from_config({**moe, "first_k_dense_replace": 1}).parts.experts == 3 * 8 * 3 * 64 * 32
    assert from_config({**moe, "mlp_only_layers": [0, 2]}).parts.experts == 2 * 8 * 3 * 64 * 32
    assert from_config({**moe, "decoder_sparse_step": 2}).parts.mlp == 2 * 3 * 64 * 128
    assert from_config({**moe, "moe_layer_freq": [0, 1, 1, 1]}).parts.experts == 3 * 8 * 3 * 64 * 32
    assert from_config({**moe, "mlp_layer_types": ["dense"] + ["sparse"] * 3}).parts.mlp == 3 * 64 * 128
    model = from_config(moe)
    assert model.parameters - model.active == model.parts.experts * 6 // 8


@pytest.mark.parametrize("key", sorted(set(SMALL) - {"num_key_value_heads", "max_position_embeddings"}))
def test_a_missing_key_is_named_with_its_file(key: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({name: value for name, value in SMALL.items() if name != key}))
    with pytest.raises(UsageProblem, match=f"config.json has no {key}"):
        read_config(tmp_path)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"hidden_size": 0}, "hidden_size"),
        ({"hidden_size": 1 << 60}, "hidden_size"),
        ({"hidden_size": "64"}, "hidden_size"),
        ({"hidden_size": 64.0}, "hidden_size"),
        ({"vocab_size": True}, "vocab_size"),
        ({"num_hidden_layers": 100_000}, "num_hidden_layers"),
        ({"num_key_value_heads": 3}, "num_key_value_heads"),
        ({"layer_types": ["full_attention"]}, "layer_types"),
        ({"layer_types": ["mamba"] * 4}, "layer_types"),
        ({"layer_types": [["full_attention"]] * 4}, "layer_types"),
        ({"layer_types": ["sliding_attention"] * 4}, "sliding_window"),
        ({"tie_word_embeddings": "yes"}, "tie_word_embeddings"),
        ({"num_experts": 4, "num_experts_per_tok": 5}, "num_experts_per_tok"),
        ({"hybrid_override_pattern": "M-M*"}, "hybrid_override_pattern"),
        ({"index_topk": 2048}, "index_topk"),
        ({"full_attention_interval": 2}, "linear_num_key_heads"),
    ],
)
def test_nonsense_is_refused_by_its_key(more: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageProblem, match=named):
        from_config({**SMALL, **more}, "mine")


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"', "null", "[" * 100_000, "\xff", '{"hidden_size": NaN}'])
def test_what_is_no_config_is_refused_by_its_file(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageProblem, match=r"config\.json"):
        read_config(file)


def test_a_large_or_missing_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    with pytest.raises(UsageProblem, match="is not a file"):
        read_config(tmp_path)
    file.write_text(json.dumps(SMALL) + " " * LARGEST_FILE)
    with pytest.raises(UsageProblem, match="bytes"):
        read_config(file)


NAMES = st.sampled_from([*HYBRID, "layer_types", "num_experts", "num_experts_per_tok", "sliding_window", "head_dim",
                         "text_config", "vision_config", "quantization_config", "mtp_num_hidden_layers",
                         "kv_lora_rank", "model_type", "mlp_only_layers", "moe_intermediate_size"])  # fmt: skip
JUNK = ["", "x", "full_attention", "gemma4_text", 0, 1.5, float("nan"), True, False, None, [], [[]],
        ["full_attention"] * 4, ["linear_attention"] * 4, {}, {"hidden_size": 64},
        {"num_hidden_layers": 3, "layer_types": [None]},
        {"depth": -1, "hidden_size": "x"}, {"ignore": [1, None, "*self_attn*"]}]  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.sampled_from(JUNK) | st.integers(-2, 70) | st.integers()


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_any_mapping_gives_a_geometry_or_a_usage_problem(config: dict[str, Any]) -> None:
    try:
        model = from_config({**HYBRID, **config})
    except UsageProblem:
        return
    assert 0 < model.active <= model.parameters
    assert model.unquantised <= model.parameters
    assert model.layers > 0
