"""The base of every record: frozen, closed, JSON both ways.

The only module that imports pydantic; what the rest needs of it is re-exported here.
"""

import hashlib
import json
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

__all__ = [
    "Field",
    "Json",
    "R",
    "Record",
    "ValidationError",
    "digest",
    "digest_of",
    "field_validator",
    "model_validator",
    "problems",
]

Json = dict[str, Any]


class Record(BaseModel):
    """A fact that travels: immutable, no unknown fields, bytes as base64 in JSON."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64", populate_by_name=True
    )

    def but(self, **changes: Any) -> Self:
        """A validated copy with some fields replaced (`model_copy` does not validate)."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate({**values, **changes})

    def to_json(self, indent: int | None = None) -> str:
        return self.model_dump_json(indent=indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Raises ValidationError when the text is not this record."""
        return cls.model_validate_json(text)


R = TypeVar("R", bound=Record)


def digest(data: bytes | str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def digest_of(record: Record) -> str:
    """SHA-256 of the record's canonical JSON (sorted keys, no spaces)."""
    return digest(json.dumps(json.loads(record.to_json()), sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def problems(error: ValidationError) -> tuple[str, ...]:
    """What is wrong, one `field.path: message` each, fit to show a person or a model."""
    return tuple(f"{'.'.join(str(part) for part in item['loc']) or 'value'}: {item['msg']}" for item in error.errors())
