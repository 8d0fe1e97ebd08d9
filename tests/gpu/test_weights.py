"""Bytes of weights, judged by what vLLM says it loaded."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.gpu.capacity import GIB
from factory.gpu.models import all_models, find
from factory.gpu.records import Geometry, Weights
from factory.gpu.weights import Kept, bits_of, kept_by, read_bytes, weight_bytes

BAND = 0.08  # of the measured size; nine rows, the widest is -7 % (an unnamed NVFP4 checkpoint)
ROWS = [
    row
    for row in json.loads((Path(__file__).parent.parent / "data" / "capacity_truth.json").read_text(encoding="utf-8"))
    if "weights_gib_per_gpu" in row
]
MODELS = st.sampled_from(all_models())
FORMATS: st.SearchStrategy[Weights] = st.sampled_from(get_args(Weights))


def planned(row: dict[str, Any]) -> float:
    """GiB on one card."""
    kept, weights = kept_by(row.get("checkpoint", "")), row["weights"].split()[0]
    return weight_bytes(find(row["model"]), weights, row["tp"], kept=kept) / GIB


def test_there_are_rows_to_judge_by() -> None:
    assert len(ROWS) == 9


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['model'][:24]}-{row['weights']}")
def test_loaded_weights_are_met_within_the_band(row: dict[str, Any]) -> None:
    assert planned(row) == pytest.approx(row["weights_gib_per_gpu"], rel=BAND)


@pytest.mark.parametrize("checkpoint", ["Inferact/Qwen3.8-27B-NVFP4", "pirola/Devstral-24B-NVFP4-NVembed"])
def test_what_is_known_of_a_checkpoint_is_what_brings_it_into_the_band(checkpoint: str) -> None:
    row = next(row for row in ROWS if row.get("checkpoint") == checkpoint)
    usual = weight_bytes(find(row["model"]), "nvfp4", row["tp"]) / GIB
    assert usual != pytest.approx(row["weights_gib_per_gpu"], rel=BAND)


@given(MODELS, FORMATS, st.sampled_from([1, 2, 4]))
def test_more_ranks_hold_less_each_and_no_less_together(model: Geometry, weights: Weights, tp: int) -> None:
    one, less = weight_bytes(model, weights, 1), weight_bytes(model, weights, 2 * tp)
    assert less < weight_bytes(model, weights, tp)
    assert one <= less * 2 * tp < one + 2 * tp


@given(MODELS, FORMATS, FORMATS)
def test_fewer_bits_never_take_more(model: Geometry, some: Weights, other: Weights) -> None:
    low, high = sorted((some, other), key=bits_of)
    assert weight_bytes(model, low, 1) <= weight_bytes(model, high, 1)
    assert read_bytes(model, low) <= read_bytes(model, high)


@given(MODELS, FORMATS)
def test_a_token_reads_no_more_than_is_loaded(model: Geometry, weights: Weights) -> None:
    assert 0 < read_bytes(model, weights) <= weight_bytes(model, weights, 1, vision=False)
    assert weight_bytes(model, weights, 1, vision=False) <= weight_bytes(model, weights, 1)
    assert weight_bytes(model, weights, 1) <= weight_bytes(model, weights, 1, draft=True)


@given(MODELS, FORMATS)
def test_what_stays_in_16_bits_costs_and_what_does_not_saves(model: Geometry, weights: Weights) -> None:
    usual = weight_bytes(model, weights, 1)
    assert weight_bytes(model, weights, 1, kept=Kept(parts=("attention", "linear_in"))) >= usual
    assert weight_bytes(model, weights, 1, kept=Kept(embeddings=True)) <= usual


def test_sixteen_bits_are_two_bytes_a_parameter() -> None:
    model = find("Llama-3.1-8B")
    assert weight_bytes(model, "bf16", 1) == 2 * model.parameters
    assert read_bytes(model, "bf16") == 2 * (model.parameters - model.parts.embedding)


def test_sparse_models_read_their_chosen_experts() -> None:
    model = find("Qwen3.6-35B-A3B")
    assert read_bytes(model, "int4") < weight_bytes(model, "int4", 1) / 5


def test_a_geometry_without_parts_is_counted_by_its_sums() -> None:
    model = Geometry(full=2, kv_heads=2, head_dim=8, heads=4, hidden=32, parameters=1000, active=1000, unquantised=200,
                     context=10)  # fmt: skip
    assert weight_bytes(model, "fp8", 2) == (800 + 400) / 2
    assert read_bytes(model, "fp8") == 1200
