"""The planner against measured deployments: `python -m benchmarks.capacity`. Prints the table of docs/capacity.md."""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from factory.contracts.errors import FactoryError
from factory.gpu.capacity import GIB, blocks_for, pool
from factory.gpu.cards import find as card_named
from factory.gpu.memory import memory
from factory.gpu.models import find
from factory.gpu.records import Card, KvDtype, Setup, Weights

DATA = Path(__file__).parent.parent / "tests" / "data" / "capacity_truth.json"
CLOSE = 0.02  # of the KV tokens, where the log says the available memory and rounds it
UNSTATED = Card(name="not stated", memory=24, bandwidth=900, flops=70, capability="8.0", watts=300)
HEAD = (
    "| # | model | cards | weights, KV, draft | from | printed | planned | tokens | GiB a card | |\n|" + " --- |" * 10
)


class Residual(NamedTuple):
    """One row of the data. `planned` in tokens; `how` says what the plan was made from; `unsaid` what the row hides."""

    number: int
    row: dict[str, Any]
    how: str
    planned: int
    gib: float  # planned pool less printed pool, a card
    unsaid: str = ""

    @property
    def printed(self) -> int:
        return int(self.row["kv_tokens"])

    @property
    def exact(self) -> bool:
        """Must it come out to the token?"""
        return "formula" in self.row

    @property
    def off(self) -> float:
        return self.planned / self.printed - 1

    @property
    def holds(self) -> bool:
        """To the token by formula, within rounding from logged memory, within the planner's band from its estimate."""
        if self.exact:
            return self.planned == self.printed
        return abs(self.gib) <= memory_band() if self.how == "estimate" else abs(self.off) <= CLOSE

    @property
    def verdict(self) -> str:
        if self.unsaid:
            return f"not judged: {self.unsaid}"
        return ("exact" if self.exact else "in band") if self.holds else "MISSED"


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DATA.read_text())
    return found


def setup_of(row: dict[str, Any]) -> Setup:
    """The row as a set-up. Raises UsageProblem for a model or card that no table knows."""
    spec = re.match(r"mtp(\d+)", str(row.get("spec", "")))
    text = " ".join(str(row.get(name, "")) for name in ("formula", "config", "note"))
    return Setup(
        geometry=find(str(row["model"])), card=_card(row), count=row["n_gpu"], tp=row.get("tp") or 1,
        weights=_weights(str(row.get("weights", "bf16"))), kv=_kv(str(row.get("kv_dtype", "bf16"))),
        max_model_len=row.get("max_model_len", 65_536), speculate=int(spec[1]) if spec else 0,
        prefix="none" if "mode none" in text or "prefix off" in text else "align",
        ssm_bytes=2 if row.get("ssm_dtype") == "fp16" else 4, utilisation=row.get("gpu_mem_util", 0.9),
        max_batched_tokens=row.get("max_num_batched_tokens", 2048), max_seqs=row.get("max_num_seqs", 16),
    )  # fmt: skip


def residual(number: int, row: dict[str, Any]) -> Residual:
    """Blocks where they are known or follow from the tokens, else the logged memory, else the estimate."""
    setup = setup_of(row)
    blocks = row.get("kv_blocks") or (_blocks(setup, row["kv_tokens"]) if _consistent(row) else None)
    if blocks is not None:
        how, found = f"{blocks} blocks", pool(setup, blocks=blocks)
    elif "avail_kv_gib" in row:
        how, found = f"{row['avail_kv_gib']} GiB", pool(setup, row["avail_kv_gib"] * GIB)
        if "+1 block" in row.get("formula", ""):  # the log rounds to 0.01 GiB, which is more than a block
            found = pool(setup, blocks=found.blocks + 1)
    else:
        how, found = "estimate", pool(setup, memory(setup).available * GIB)
    planned = found.tokens_old if "old log line" in row.get("formula", "") else found.tokens
    each = found.per_request * found.page * found.group / setup.max_model_len / GIB  # GiB a card for one printed token
    off = (planned - row["kv_tokens"]) * each
    return Residual(number, row, how, planned, off, "" if "formula" in row else _unsaid(row, how))


def _unsaid(row: dict[str, Any], how: str) -> str:
    """Why a row cannot judge the planner, or ""."""
    if "dflash" in str(row.get("spec", "")):
        return "a draft model of its own (DFlash)"
    if "emma" in row["model"] and "mtp" in str(row.get("spec", "")):
        return "a draft model of its own (Gemma's MTP)"
    if "dbirks" in row.get("checkpoint", ""):
        return "a checkpoint whose embeddings are quantised too"
    if "max_model_len" not in row:
        return "longest request not said"
    if how == "estimate" and _card(row) is UNSTATED:
        return "card not said"
    if how == "estimate" and "gpu_mem_util" not in row:
        return "utilisation not said"
    return ""


def residuals() -> tuple[list[Residual], list[tuple[int, str]]]:
    """(all rows that say a pool and whose model and card are known, the others with the reason)."""
    found, left_out = [], []
    for number, row in enumerate(rows()):
        if "kv_tokens" not in row or row.get("engine") != "vllm":
            continue
        try:
            found.append(residual(number, row))
        except FactoryError as problem:
            left_out.append((number, str(problem)))
    return found, left_out


def _consistent(row: dict[str, Any]) -> bool:
    return row.get("formula", "").startswith(("integer-consistent", "dense-exact: 1952"))


def _blocks(setup: Setup, tokens: int) -> int | None:
    """The whole number of blocks that prints exactly these tokens, if there is one."""
    near = tokens * blocks_for(setup, setup.max_model_len) // setup.max_model_len
    return next((n for n in range(max(1, near - 2), near + 3) if pool(setup, blocks=n).tokens == tokens), None)


def _card(row: dict[str, Any]) -> Card:
    name = str(row["gpu"])
    if "not stated" in name or "host" in name or "-class" in name:
        return UNSTATED
    return card_named(re.sub(r" (NVLink|16GB|\(.*)$", "", name))


def _weights(text: str) -> Weights:
    low = text.lower()
    kinds: Iterable[tuple[str, Weights]] = (
        ("w4a8", "w4a8"), ("w8a8", "w8a8"), ("nvfp4", "nvfp4"), ("mxfp4", "mxfp4"), ("int4", "int4"), ("awq", "int4"),
        ("gptq", "int4"), ("w4a16", "int4"), ("fp8", "fp8"), ("int8", "int8"),
    )  # fmt: skip
    return next((kind for word, kind in kinds if word in low), "bf16")


def _kv(text: str) -> KvDtype:
    kinds: tuple[KvDtype, ...] = ("fp8_e4m3", "fp8_e5m2", "fp8", "int8_per_token_head", "fp16")
    return next((kind for kind in kinds if text.startswith(kind)), "bf16")


def line(item: Residual) -> str:
    row = item.row
    kinds = f"{row.get('weights', '?')}, {row.get('kv_dtype', '?')}, {row.get('spec', 'off')}"
    return (
        f"| {item.number} | {row['model']} | {row['n_gpu']} × {row['gpu']} | {kinds} | {item.how} | {item.printed:,} |"
        f" {item.planned:,} | {item.off:+.1%} | {item.gib:+.2f} | {item.verdict} |"
    )


def memory_band() -> float:
    """GiB a card, as the planner states it."""
    return memory(setup_of(rows()[44])).band


def main() -> int:
    """0 when every exact row is exact and all others that can be judged are within the band."""
    found, left_out = residuals()
    print(HEAD)
    for item in found:
        print(line(item))
    print()
    for number, why in left_out:
        print(f"Row {number} ({rows()[number]['model']}, {rows()[number]['gpu']}) is left out: {why.split(':')[0]}.")
    judged = [item for item in found if not item.unsaid]
    missed = [item for item in judged if not item.holds]
    exact = sum(item.exact for item in judged)
    band = f"{CLOSE:.0%} of the tokens (memory logged) or {memory_band():.1f} GiB a card (memory estimated)"
    print(f"\n{len(judged)} rows judged, {exact} of them to the token, the others within {band}: {len(missed)} missed.")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
