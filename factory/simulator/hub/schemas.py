"""The part of JSON Schema that GitHub's OpenAPI 3.0 description uses, checked without a library.

`problems` words what it finds as GitHub does in its own 422 answers ("/title: 7 is not a string").
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
FORMATS = {"date-time": TIME, "uri": ADDRESS}
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "integer": (int,),
    "number": (int, float),
}


class Checker:
    """Checks values against schemas whose `$ref`s point into `schemas`; `strict` also reports unknown fields."""

    def __init__(self, schemas: Mapping[str, Schema], strict: bool = False) -> None:
        self._schemas = schemas
        self._strict = strict

    def problems(self, schema: Schema, value: Any, where: str = "") -> list[str]:
        return list(self._check(schema, value, where))

    def resolve(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]]
        return schema

    def _check(self, schema: Schema, value: Any, where: str) -> Iterator[str]:
        schema = self.resolve(schema)
        if value is None:
            if not self._may_be_null(schema):
                yield f"{where or '/'}: null is not {schema.get('type', 'of the described form')}"
            return
        for part in schema.get("allOf", ()):
            yield from self._check(part, value, where)
        yield from self._one_of(schema.get("oneOf") or schema.get("anyOf") or (), value, where)
        yield from self._own(schema, value, where)

    def _may_be_null(self, schema: Schema) -> bool:
        """Also a schema that says nothing about types."""
        schema = self.resolve(schema)
        choices = schema.get("oneOf") or schema.get("anyOf")
        if schema.get("nullable") or None in schema.get("enum", ()):
            return True
        if choices:
            return any(self._may_be_null(one) for one in choices)
        parts = schema.get("allOf")
        return all(self._may_be_null(one) for one in parts) if parts else "type" not in schema

    def _one_of(self, choices: Any, value: Any, where: str) -> Iterator[str]:
        """One that fits is enough (GitHub's alternatives overlap); else the nearest one's problems."""
        found = [self.problems(one, value, where) for one in choices]
        if found and all(found):
            yield from min(found, key=len)

    def _own(self, schema: Schema, value: Any, where: str) -> Iterator[str]:
        kind = schema.get("type")
        if kind and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
            yield f"{where or '/'}: {_short(value)} is not {'an' if kind[0] in 'aeio' else 'a'} {kind}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where or '/'}: {_short(value)} is not one of {_short(schema['enum'])}"
        if isinstance(value, str):
            yield from _text(schema, value, where)
        elif isinstance(value, dict):
            yield from self._object(schema, value, where)
        elif isinstance(value, list):
            yield from self._array(schema, value, where)
        else:
            yield from _bounds(schema, value, "minimum", "maximum", where)

    def _object(self, schema: Schema, value: dict[str, Any], where: str) -> Iterator[str]:
        yield from _bounds(schema, len(value), "minProperties", "maxProperties", where)
        known = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{where}/{name}: was not supplied"
        for name, one in value.items():
            if name in known:
                yield from self._check(known[name], one, f"{where}/{name}")
            elif isinstance(extra := schema.get("additionalProperties"), dict):
                yield from self._check(extra, one, f"{where}/{name}")
            elif extra is False or (self._strict and known and extra is None):
                yield f"{where}/{name}: is no field that GitHub describes"

    def _array(self, schema: Schema, value: list[Any], where: str) -> Iterator[str]:
        yield from _bounds(schema, len(value), "minItems", "maxItems", where)
        for place, one in enumerate(value):
            yield from self._check(schema.get("items", {}), one, f"{where}/{place}")


def _text(schema: Schema, value: str, where: str) -> Iterator[str]:
    yield from _bounds(schema, len(value), "minLength", "maxLength", where)
    pattern = FORMATS.get(schema.get("format", ""))
    if pattern and value and not pattern.fullmatch(value):
        yield f"{where or '/'}: {_short(value)} is not a {schema['format']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where or '/'}: {_short(value)} does not match {schema['pattern']}"


def _bounds(schema: Schema, size: float, low: str, high: str, where: str) -> Iterator[str]:
    if size < schema.get(low, size):
        yield f"{where or '/'}: {size} is less than the {low} {schema[low]}"
    if size > schema.get(high, size):
        yield f"{where or '/'}: {size} is more than the {high} {schema[high]}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:79] + "…"
