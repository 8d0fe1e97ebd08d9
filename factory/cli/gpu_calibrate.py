"""factory gpu calibrate"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Json
from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.gpu.bootlog import Boot

MOST = 64 * 1024 * 1024  # bytes of a log that are read; a start says all it says in its first megabyte
ROWS = (
    ("version", "vLLM", ""), ("model", "model", ""), ("quantization", "weights", ""), ("kv_dtype", "KV cache", ""),
    ("tp", "tensor parallel", ""), ("max_model_len", "longest request", "tokens"),
    ("utilisation", "utilisation", ""), ("total_gib", "memory of the card", "GiB"),
    ("free_gib", "of it free before", "GiB"), ("weights_gib", "weights", "GiB"),
    ("non_torch_gib", "outside PyTorch", "GiB"), ("activation_gib", "activation peak", "GiB"),
    ("graph_estimate_gib", "CUDA graphs, estimate", "GiB"), ("graph_gib", "CUDA graphs, taken", "GiB"),
    ("available_gib", "left for the KV cache", "GiB"), ("block_size", "block size", "tokens"),
    ("blocks", "blocks", ""), ("pool_tokens", "KV pool", "tokens"), ("concurrency", "requests at once", ""),
    ("load_s", "loading the weights", "s"), ("compile_s", "compiling", "s"), ("init_s", "profile and warm-up", "s"),
    ("failure", "gave up", ""),
)  # fmt: skip


def calibrate(
    log: Annotated[Path, typer.Argument(help="vLLM's log from its start on, or - for standard input.")],
    gpus: Annotated[str, typer.Option(help="The cards it ran on, for example 2x3090; the log does not say.")] = "",
    model: Annotated[str, typer.Option(help="The model, if the log's name for it is not yours.")] = "",
    weights: Annotated[str, typer.Option(help="The weights, for example int4, if the log does not say.")] = "",
    kv: Annotated[str, typer.Option(help="The KV cache's type, if the log does not say.")] = "",
    planned_gib: Annotated[
        float, typer.Option(min=0, max=4096, help="What the plan expects for the KV cache, a card.")
    ] = 0,
    planned_tokens: Annotated[int, typer.Option(min=0, help="The KV tokens that the plan expects.")] = 0,
    dry: Annotated[bool, typer.Option("--dry", help="Read and compare, store nothing.")] = False,
    as_json: Json = False,
) -> int:
    """Read vLLM's boot log, keep what it found, and say why a pool is small. Exit 1: over 3 % under plan."""
    from factory.gpu.bootlog import parse
    from factory.gpu.calibrations import compare, key_of, recall, remember
    from factory.places import state_folder

    boot = parse(_text(log))
    count, card = cards(gpus)
    key = key_of(boot, model=model, card=card, count=count, weights=weights, kv=kv)
    folder = state_folder()
    best = recall(folder, key)
    said = compare(boot, planned_gib=planned_gib or None, planned_tokens=planned_tokens or None, stored=best)
    kept = not dry and (boot.pool_tokens or boot.available_gib) is not None
    if kept:
        remember(folder, boot, key)
    if as_json:
        facts = {"boot": {**boot.model_dump(), "pool_tokens": boot.pool_tokens}, "key": key.model_dump()}
        print(json.dumps({**facts, "best": best and best.model_dump(), "stored": kept, "said": said}, indent=2))
    else:
        _print(boot)
        print(f"Stored as a start of {key.model}{f' on {gpus}' if gpus else ''}." if kept else "Nothing is stored.")
        for sentence in said:
            print(sentence)
    return 1 if said else 0


def cards(gpus: str) -> tuple[int, str]:
    """`2x3090` → (2, "RTX 3090"), however it is spelt; 0 (the log's count) and "" without a card."""
    from factory.gpu.cards import parse

    if not gpus:
        return 0, ""
    card, count = parse(gpus)
    return count, card.name


def _text(log: Path) -> str:
    """The log, at most MOST bytes of it; bytes that are no UTF-8 are replaced."""
    try:
        if str(log) == "-":
            raw = sys.stdin.buffer.read(MOST + 1)
        else:
            with log.open("rb") as file:
                raw = file.read(MOST + 1)
    except OSError as error:
        raise UsageProblem(f"The log {log} cannot be read: {error.strerror}.") from None
    if len(raw) > MOST:
        print(f"factory: only the first {MOST // 1024**2} MiB of the log are read.", file=sys.stderr)
    return raw[:MOST].decode("utf-8", "replace")


def _print(boot: "Boot") -> None:
    from factory.render.terminal import table

    rows = []
    for name, words, unit in ROWS:
        value = getattr(boot, name)
        if value not in (None, ""):
            shown = f"{value:,}" if isinstance(value, int) else f"{value:.4g}" if isinstance(value, float) else value
            rows.append((words, f"{shown} {unit}".strip()))
    if boot.compile:
        rows.append(("compile cache", "empty: a first start" if boot.compile == "cold" else "used"))
    table(rows, ("what the log says", ""), sys.stdout)
