"""How a set-up is started: the `vllm serve` command of one replica."""

import json
import math
import re
import shlex

from factory.gpu.models import aliases
from factory.gpu.records import Geometry, Setup, Weights
from factory.gpu.rules import version

FP8 = (8, 9)  # first compute capability with FP8 arithmetic; below it Triton cannot read an FP8 (e4m3) cache

_NAMED: dict[Weights, str] = {  # how hub ids say in what weights a checkpoint is
    "fp8": r"fp8", "int4": r"int4|awq|gptq|w4a16", "nvfp4": r"nvfp4", "mxfp4": r"mxfp4", "w4a8": r"w4a8",
    "w8a8": r"w8a8", "int8": r"int8|w8a16",
}  # fmt: skip

OWN = {"--tensor-parallel-size": 1, "--max-model-len": 1, "--gpu-memory-utilization": 1, "--enable-prefix-caching": 0}
"""Flags that the engine manager gives, and how many values follow each."""


def checkpoint(model: Geometry, weights: Weights) -> str:
    """A hub id of the model in these weights that the table of models names, or ""."""
    ids = [name for name in aliases(model.name) if re.fullmatch(r"[\w.-]+/[\w.-]+", name)]
    quantised = re.compile("|".join(_NAMED.values()), re.IGNORECASE)
    if weights in ("bf16", "fp16"):
        return next((name for name in ids if not quantised.search(name)), "")
    wanted = re.compile(_NAMED[weights], re.IGNORECASE)
    return next((name for name in ids if wanted.search(name)), "")


def stated(text: str, model: Geometry) -> str:
    """The kind of weights that a checkpoint's own config or its name says; "" when neither does."""
    found = [kind for kind, pattern in _NAMED.items() if re.search(pattern, text, re.IGNORECASE)]
    return model.stored or (found[0] if len(found) == 1 else "")


def arguments(setup: Setup, sessions: int, checkpoint: str = "") -> tuple[str, ...]:
    """The words of `vllm serve` for one replica that holds `sessions` requests at once."""
    words = ["vllm", "serve", checkpoint or "CHECKPOINT", "--tensor-parallel-size", str(setup.tp)]
    words += ["--max-model-len", str(setup.max_model_len), "--max-num-seqs", str(max(1, sessions))]
    words += ["--max-num-batched-tokens", str(setup.max_batched_tokens)]
    words += ["--gpu-memory-utilization", f"{setup.utilisation:g}"]
    if setup.kv not in ("bf16", "fp16"):
        words += ["--kv-cache-dtype", setup.kv]
    if setup.kv in ("fp8", "fp8_e4m3") and version(setup.card.capability) < FP8:
        words += ["--attention-backend", "FLASHINFER"]
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


def settings(setup: Setup, sessions: int, checkpoint: str = "") -> str:
    """The same for `factory serve`: tables of factory.toml with the model, and a profile that holds it.

    What the engine manager says by itself is left out of `args`.
    """
    words = list(arguments(setup, sessions, checkpoint))[3:]
    for flag, values in OWN.items():
        if flag in words:
            at = words.index(flag)
            del words[at : at + 1 + values]
    slug = re.sub(r"[^a-z0-9]+", "-", setup.geometry.name.lower()).strip("-")
    gib = math.floor(setup.card.memory * setup.utilisation * 10) / 10
    replicas = setup.count // setup.tp
    names = [slug] if replicas == 1 else [f"{slug}-{number}" for number in range(1, replicas + 1)]
    lines: list[str] = []
    for name in names:
        lines += [f"[models.{name}]", 'engine = "vllm"', f"model = {json.dumps(checkpoint or 'CHECKPOINT')}"]
        lines += [f"context = {setup.max_model_len}", f"gib = {gib}", f"cards = {setup.tp}"]
        lines += [f"args = {json.dumps(words)}", ""]
    return "\n".join((*lines, "[profiles.planned]", f"up = {json.dumps(names)}"))


def command(setup: Setup, sessions: int, checkpoint: str = "") -> str:
    """One line for a shell; every word quoted."""
    return shlex.join(arguments(setup, sessions, checkpoint))
