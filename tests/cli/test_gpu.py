"""`factory gpu plan` as a person calls it."""

import json
from pathlib import Path

import pytest

from tests.line.targets import factory

BOOTLOGS = Path(__file__).parent.parent / "data" / "bootlogs"
EXACT = (
    "--weights", "int4", "--gpus", "2x3090", "--tp", "2", "--kv", "fp8", "--max-model-len", "262144",
    "--speculate", "3", "--prefix-cache", "align",
)  # fmt: skip


def config(tmp_path: Path) -> Path:
    """A config.json as the maker publishes it, geometry only."""
    text_config = {
        "num_hidden_layers": 64, "full_attention_interval": 4, "num_attention_heads": 24, "num_key_value_heads": 4,
        "head_dim": 256, "hidden_size": 5120, "intermediate_size": 17408, "vocab_size": 248320,
        "linear_num_key_heads": 16, "linear_key_head_dim": 128, "linear_num_value_heads": 48,
        "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4, "mtp_num_hidden_layers": 1,
        "max_position_embeddings": 262144, "model_type": "qwen3_5_text",
    }  # fmt: skip
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"model_type": "qwen3_5", "text_config": text_config}))
    return path


def test_the_numbers_one_by_one_from_a_config(tmp_path: Path) -> None:
    """From blocks and from memory: block size, blocks, printed tokens, concurrency, sessions."""
    for known in (("--blocks", "425"), ("--available-gib", "11.05")):
        done = factory(tmp_path / "state", "gpu", "plan", "--model", config(tmp_path), *EXACT, *known, "--json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["block_size"] == 1600
        assert found["blocks_per_request"] == 179
        assert found["blocks"] == 425
        assert found["kv_tokens"] == 622_408
        assert found["max_concurrency"] == 2.3743
        assert (found["sessions"], found["sessions_exact"]) == (7, 7.59)


def test_a_stored_start_replaces_the_estimate(tmp_path: Path) -> None:
    """The plan learns: its memory is the log's, without a band, for this set-up and no other."""
    log = BOOTLOGS / "v1_hybrid_two_cards.log"
    plan = ("gpu", "plan", "--model", "Qwen3.6-27B", *EXACT, "--json")
    before = json.loads(factory(tmp_path / "state", *plan).stdout)["memory_gib"]
    done = factory(tmp_path / "state", "gpu", "calibrate", log, "--gpus", "2x3090", "--weights", "int4")
    assert done.returncode == 0, done.stderr
    found = json.loads(factory(tmp_path / "state", *plan).stdout)
    assert (found["memory_gib"]["available"], found["memory_gib"]["band"]) == (11.05, 0)
    assert before["band"] == 1.0
    assert found["kv_tokens"] == 622_408
    less = json.loads(factory(tmp_path / "state", *plan, "--utilisation", "0.9").stdout)["memory_gib"]["available"]
    assert less == pytest.approx(11.05 - 0.02 * 23.58)
    other = json.loads(factory(tmp_path / "state", *plan, "--weights", "fp8").stdout)["memory_gib"]
    assert other["band"] == 1.0


def test_the_question_as_a_person_asks_it(tmp_path: Path) -> None:
    done = factory(tmp_path / "state", "gpu", "plan", "--gpus", "2x3090", "--developers", "5", "--context", "64k")
    assert done.returncode == 0, done.stderr
    assert "5 sessions of 65,536 tokens on 2 x RTX 3090" in done.stdout
    assert done.stdout.count("vllm serve ") == 1
    assert "--tensor-parallel-size 2" in done.stdout
    assert done.stderr == ""
    none = factory(tmp_path / "state", "gpu", "plan", "--gpus", "1x3090", "--developers", "90", "--rows", "2")
    assert none.returncode == 1
    assert "None of them holds that many sessions" in none.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--gpus", "2x3091"), "3090"),
        (("--gpus", "0x3090"), "0x3090"),
        (("--context", "much"), "is no number of tokens"),
        (("--model", "Qwen9-900B"), "give its config.json"),
        (("--model", "/etc/hostname"), "hostname"),
        (("--weights", "int3"), "one of: bf16"),
        (("--model", "Qwen3-8B", "--kv", "int2"), "kv"),
        (("--model", "Qwen3-8B", "--tp", "3", "--gpus", "3x3090"), "cannot be split"),
        (("--blocks", "5"), "name its --model too"),
        (("--model", "Qwen3-8B", "--blocks", "5", "--available-gib", "2"), "one of the two"),
        (("--model", "Qwen3-8B", "--available-gib", "inf"), "available-gib"),
        (("--model", "Qwen3-8B", "--context", "64k", "--max-model-len", "8k"), "longer than --max-model-len"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], word: str) -> None:
    done = factory(tmp_path / "state", "gpu", "plan", *arguments)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert word in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_the_checkpoint_s_own_weights_are_planned(tmp_path: Path) -> None:
    """From its name, or from the config's quantization_config."""
    named = json.loads(factory(tmp_path / "s", "gpu", "plan", "--model", "Qwen/Qwen3.6-27B-FP8", "--json").stdout)
    path = config(tmp_path)
    stated = json.loads(path.read_text()) | {"quantization_config": {"quant_method": "awq", "bits": 4}}
    path.write_text(json.dumps(stated))
    read = json.loads(factory(tmp_path / "s", "gpu", "plan", "--model", path, "--json").stdout)
    assert (named["weights"], read["weights"]) == ("fp8", "int4")


def test_what_does_not_start_says_why(tmp_path: Path) -> None:
    done = factory(tmp_path / "state", "gpu", "plan", "--model", "Qwen3-8B", "--speculate", "3")
    assert done.returncode == 1, done.stderr
    assert "does not start" in done.stdout
    assert "vllm serve" not in done.stdout
