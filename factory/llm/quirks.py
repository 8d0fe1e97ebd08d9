"""What single models want, read from quirks.toml."""

import tomllib
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from factory.contracts.record import Json, Record


class Quirks(Record):
    """How a model differs from the plain wire."""

    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"  # what the output limit is called
    temperature: bool = True  # may be sent
    think_tags: bool = False  # reasoning may stand in the text as <think>…</think>
    thinking_off: Json = {}  # extra body that switches reasoning off; {} = cannot
    json_schema: bool = True  # takes a JSON schema, where the endpoint does


@lru_cache(maxsize=256)
def quirks_of(model: str) -> Quirks:
    """All matching tables of quirks.toml merged, later ones winning."""
    found: Json = {}
    for table in _tables():
        if any(fnmatchcase(model.lower(), pattern) for pattern in table["models"]):
            found |= {key: value for key, value in table.items() if key != "models"}
    return Quirks.model_validate(found)


@cache
def _tables() -> list[Json]:
    text = Path(__file__).with_name("quirks.toml").read_text(encoding="utf-8")
    tables: list[Json] = tomllib.loads(text)["quirk"]
    return tables
