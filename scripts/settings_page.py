"""docs/configuration.md from the settings' own records, and the Markdown tables of all generated pages."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from factory.contracts.model import Endpoint
from factory.contracts.record import Record
from factory.contracts.tables import ChainSettings
from factory.settings import Settings
from scripts.meanings import ENDPOINT_NOTES

ROOT = Path(__file__).parent.parent


def configuration(head: str) -> str:
    """docs/configuration.md; `head` comes first."""
    parts = [head, (ROOT / "docs" / "configuration.head.md").read_text(encoding="utf-8")]
    parts.append("\n## [endpoints.NAME]\n\n" + _settings_table(Endpoint, ENDPOINT_NOTES))
    parts.append(f"\n## [[chain]]\n\n{lead(ChainSettings)}" + _settings_table(ChainSettings, {}))
    for name, field in Settings.model_fields.items():
        parts.extend(_tables_of(name, field.annotation) if name not in ("endpoints", "chain") else ())
    return "".join(parts)


def _tables_of(name: str, annotation: Any) -> Iterator[str]:
    """The sections of a settings table and of the tables inside it; NAME stands for the keys of a table of tables."""
    inner = next((item for item in get_args(annotation) if _is_record(item)), None)
    record = inner or annotation
    if not _is_record(record):
        return
    path = f"{name}.NAME" if inner else name
    yield f"\n## [{path}]\n\n{lead(record)}{_settings_table(record, {})}"
    for key, field in record.model_fields.items():
        if get_origin(field.annotation) is dict or _is_described(field.annotation):
            yield from _tables_of(f"{path}.{key}", field.annotation)


def _is_record(item: Any) -> bool:
    return isinstance(item, type) and issubclass(item, Record)


def _is_described(item: Any) -> bool:
    """A table inside a table whose settings are worth a section: each has a description."""
    return _is_record(item) and all(field.description for field in item.model_fields.values())


def lead(record: type[Record]) -> str:
    """The first line of a record's own docstring as a paragraph, '' when it has none."""
    text = (record.__doc__ or "").strip().partition("\n")[0]
    return f"{text}\n\n" if text else ""


def _settings_table(record: type[Record], notes: dict[str, str]) -> str:
    rows = []
    for key, field in record.model_fields.items():
        meaning = field.description or notes.get(key, "")
        if not meaning:
            sys.exit(f"The setting {record.__name__}.{key} has no description: give its Field one.")
        default = "required" if field.is_required() else _value(field.default)
        rows.append((f"`{key}`", _type(field.annotation), default, meaning))
    return table(("key", "type", "default", "meaning"), rows)


def table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _value(value: Any) -> str:
    if isinstance(value, Record):
        inner = ", ".join(f"{key} = {getattr(value, key)}" for key in type(value).model_fields)
        return f"`{{{inner}}}`"
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{list(value) if isinstance(value, tuple) else value}`"


def _type(annotation: Any) -> str:
    arguments = [item for item in get_args(annotation) if item is not type(None)]
    if get_origin(annotation) is dict:
        return "table of tables" if _is_record(arguments[1]) else f"table of {_type(arguments[1])}"
    if get_origin(annotation) is tuple:
        return f"list of {_type(arguments[0])}" if Ellipsis in arguments else " and ".join(map(_type, arguments))
    if arguments and all(isinstance(item, str) for item in arguments):
        return " \\| ".join(f"`{item}`" for item in arguments)
    if arguments:
        return " or ".join(dict.fromkeys(map(_type, arguments)))
    if hasattr(annotation, "model_fields"):
        return f"table: {', '.join(annotation.model_fields)}"
    names = {"str": "text", "int": "whole number", "float": "number", "Decimal": "number", "bool": "true or false"}
    name = getattr(annotation, "__name__", str(annotation))
    return names.get(name, name)
