"""What the bundled table knows of model families: values their code presumes, and layouts the planner cannot place."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from factory.gpu.records import Weights

# Part -> the block of modules it belongs to, and the projections in it that stand for the part ("" = the whole block).
MODULES = {
    "attention": ("self_attn", ("", "q_proj", "qkv_proj", "q_a_proj", "q_b_proj")),
    "linear_in": ("linear_attn", ("", "in_proj", "in_proj_qkv", "in_proj_qkvz")),
    "linear_out": ("linear_attn", ("", "out_proj")),
}


@cache
def table() -> dict[str, Any]:
    """models.toml, read once."""
    return tomllib.loads((Path(__file__).parent / "models.toml").read_text(encoding="utf-8"))


def presumed(kind: str) -> dict[str, Any]:
    """Keys that the maker's code fills in for this model_type when config.json leaves them out."""
    values: dict[str, Any] = table()["presumed"].get(kind, {})
    return values


def unknown() -> dict[str, str]:
    """Keys of layouts that the planner does not know, each with what it stands for."""
    words: dict[str, str] = table()["unknown"]
    return words


def kept_share(stated: Any, part: str, layers: int) -> float:
    """Which share of a part's `layers` a `quantization_config` leaves in 16 bits, 0 to 1.

    Reads the lists of modules that quantisers write: whole blocks or single projections, by layer number, by `*` or as
    a regular expression (those are taken to mean every layer).
    """
    names = stated.get("modules_to_not_convert") or stated.get("ignore") if isinstance(stated, dict) else None
    found: set[str] = set()
    for name in names if isinstance(names, list) and layers else ():
        if isinstance(name, str) and not re.match(r"(re:)?(model\.)?(mtp|visual|vision)", name):
            block, match, rest = name.rpartition(MODULES[part][0])
            if match and rest.strip("$.*\\") in MODULES[part][1]:
                found.add(next(iter(re.findall(r"layers\.(\d+)\.", block)), "all"))
    return 1.0 if "all" in found else min(1.0, len(found) / layers) if layers else 0.0


def stored(config: object) -> Weights | Literal[""]:
    """The weights that a `quantization_config` names; "" where it is missing or says several things."""
    if not isinstance(config, Mapping):
        return ""
    method, bits = str(config.get("quant_method", "")).lower(), config.get("bits")
    if method in ("awq", "gptq", "auto-round", "auto_round"):
        return "int4" if bits == 4 else "int8" if bits == 8 else ""
    return "fp8" if method == "fp8" else "mxfp4" if method == "mxfp4" else ""
