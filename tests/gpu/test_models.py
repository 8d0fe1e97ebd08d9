"""The bundled table: enough models, their published sizes, and names as people write them."""

import json
import shutil
from pathlib import Path

import pytest

from factory.contracts.errors import UsageProblem
from factory.gpu import quirks
from factory.gpu.models import aliases, all_models, find, model_of

DATA = Path(__file__).parent.parent / "data"
PUBLISHED = {  # makers' model cards and reports, in billions, image towers and draft heads apart
    "Qwen3-32B": 32.8, "Qwen3-14B": 14.8, "Qwen3-8B": 8.2, "Qwen3-4B": 4.0, "Qwen3-1.7B": 1.7,
    "Qwen3-30B-A3B": 30.5, "Qwen3-Coder-30B-A3B": 30.5, "Qwen3-Coder-Next": 80, "Qwen2.5-Coder-32B": 32.5,
    "Qwen2.5-Coder-7B": 7.61, "Qwen3.6-27B": 27, "Qwen3.6-35B-A3B": 35, "Llama-3.1-8B": 8.03, "Llama-3.3-70B": 70.6,
    "Devstral-Small-24B": 23.6, "Mixtral-8x7B": 46.7, "gpt-oss-20b": 20.9, "gpt-oss-120b": 116.8, "Gemma-3-12B": 11.8,
    "Gemma-3-27B": 27.0, "Gemma-4-31B": 30.7, "Gemma-4-26B-A4B": 25.2, "GLM-4-32B": 32.5, "GLM-4.5-Air": 106,
    "GLM-4.7-Flash": 30, "DeepSeek-V3": 671, "Phi-4": 14.7,
}  # fmt: skip
ACTIVE = {  # the same, of one token; makers leave the input table out
    "Qwen3-30B-A3B": 3.3, "Qwen3.6-35B-A3B": 3, "Mixtral-8x7B": 12.9, "gpt-oss-20b": 3.61, "gpt-oss-120b": 5.13,
    "Gemma-4-26B-A4B": 3.8, "DeepSeek-V3": 37,
}  # fmt: skip
UNPLACED = {
    "AWQ model (268,560 tok test)", "DeepSeek-V4-Flash", "Nemotron-3-Puzzle-75B-A9B", "Qwen3.8-Flash-Next",
    "Qwen3.x on 2 GPU (gpustack runner)",
}  # fmt: skip


@pytest.mark.parametrize(("name", "billions"), PUBLISHED.items())
def test_counted_parameters_are_the_published_ones(name: str, billions: float) -> None:
    assert find(name).parameters / 1e9 == pytest.approx(billions, rel=0.03)


@pytest.mark.parametrize(("name", "billions"), ACTIVE.items())
def test_counted_active_parameters_are_the_published_ones(name: str, billions: float) -> None:
    """Within 3 %, or within the one digit that the maker gives (A3B); with or without the input table."""
    model = find(name)
    without = model.active - (model.parts.embedding if model.parts.head else 0)
    assert any(count / 1e9 == pytest.approx(billions, rel=0.03) for count in (model.active, without))
    assert model.moe


def test_the_table_is_complete_and_says_where_its_numbers_stand() -> None:
    models = all_models()
    assert len(models) >= 20
    assert all(model.source for model in models)
    names = [name.lower() for model in models for name in (model.name, *aliases(model.name))]
    assert len(names) == len(set(names))
    assert all(form["source"] and form["bits"] > 0 for form in quirks.table()["formats"].values())


def test_parts_add_up() -> None:
    for model in all_models():
        sizes = model.parts.model_dump()
        assert sum(size for part, size in sizes.items() if part not in ("vision", "draft")) == model.parameters
        assert model.active <= model.parameters
        assert model.layers == model.full + sum(kind.layers for kind in (model.linear, model.sliding) if kind)


@pytest.mark.parametrize(
    "name",
    [
        "Qwen3.6-27B", "qwen3.6-27b", "Qwen/Qwen3.6-27B-FP8", "Lorbus/Qwen3.6-27B-int4-AutoRound",
        "someone/Qwen3.6-27B-W4A16-AutoRound", " QWEN3.6-27B ",
    ],
)  # fmt: skip
def test_names_as_people_write_them(name: str) -> None:
    assert find(name).name == "Qwen3.6-27B"


def test_every_measured_model_is_known_or_known_to_be_unknown() -> None:
    rows = json.loads((DATA / "capacity_truth.json").read_text(encoding="utf-8"))
    missing = set()
    for row in rows:
        try:
            find(row["model"])
        except UsageProblem:
            missing.add(row["model"])
    assert missing == UNPLACED


def test_an_unknown_name_gets_the_nearest_ones() -> None:
    with pytest.raises(UsageProblem, match=r"Qwen3-14B"):
        find("Qwen3-15B")
    with pytest.raises(UsageProblem, match=r"docs/capacity.md lists"):
        find("zzz")


def test_a_file_a_folder_a_name_or_a_refusal(tmp_path: Path) -> None:
    folder = tmp_path / "Mine"
    folder.mkdir()
    file = Path(shutil.copy(DATA / "configs" / "qwen3-14b.json", folder / "config.json"))
    assert model_of(str(folder)) == model_of(str(file))
    assert model_of(str(file)).name == "Mine"
    assert model_of("qwen3-14b").parameters == model_of(str(folder)).parameters
    for text in (str(tmp_path / "nothing"), "", "x" * 5000, "a\0b"):
        with pytest.raises(UsageProblem, match="no file or folder here either"):
            model_of(text)
