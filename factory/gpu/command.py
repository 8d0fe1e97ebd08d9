"""How a set-up is started: the `vllm serve` command, and the same as a profile."""

import json
import shlex

from factory.gpu.records import Setup

QUANTISED = {"fp8": "fp8", "w8a8": "compressed-tensors"}  # the others are named by the checkpoint's own config


def arguments(setup: Setup, sessions: int, checkpoint: str = "") -> tuple[str, ...]:
    """The words of `vllm serve` for one replica that holds `sessions` requests at once."""
    words = ["vllm", "serve", checkpoint or setup.geometry.name, "--tensor-parallel-size", str(setup.tp)]
    words += ["--max-model-len", str(setup.max_model_len), "--max-num-seqs", str(max(1, sessions))]
    words += ["--max-num-batched-tokens", str(setup.max_batched_tokens)]
    words += ["--gpu-memory-utilization", f"{setup.utilisation:g}"]
    if setup.kv not in ("bf16", "fp16"):
        words += ["--kv-cache-dtype", setup.kv]
    words.append("--no-enable-prefix-caching" if setup.prefix == "off" else "--enable-prefix-caching")
    if setup.geometry.linear and setup.prefix == "align":
        words += ["--mamba-cache-mode", "align"]
    if setup.ssm_bytes == 2:
        words += ["--mamba-ssm-cache-dtype", "float16"]
    if setup.speculate:
        words += ["--speculative-config", json.dumps({"method": "mtp", "num_speculative_tokens": setup.speculate})]
    words += ["--scheduling-policy", "priority"]
    words += ["--structured-outputs-config", json.dumps({"backend": "xgrammar", "disable_any_whitespace": True})]
    return tuple(words)


def command(setup: Setup, sessions: int, checkpoint: str = "") -> str:
    """One line for a shell; every word quoted."""
    return shlex.join(arguments(setup, sessions, checkpoint))
