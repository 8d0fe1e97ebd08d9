"""What the bundled table knows of model families: values their code presumes, and layouts the planner cannot place."""

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any


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


def keeps_attention(get: Callable[..., Any]) -> bool:
    """Whether the checkpoint says that all attention projections stay unquantised (gpt-oss does)."""
    stated = get("quantization_config")
    kept = stated.get("modules_to_not_convert") or stated.get("ignore") if isinstance(stated, dict) else None
    return isinstance(kept, list) and any(
        isinstance(name, str) and "self_attn" in name and "*" in name and name.rstrip("*.").endswith("self_attn")
        for name in kept
    )
