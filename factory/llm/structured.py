"""Answers as records: the schema that is sent, and reading the answer without trusting it."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from factory.contracts.errors import BadReply
from factory.contracts.model import OutputSchema
from factory.contracts.record import Json, R, Record, ValidationError, problems

KEPT = ("type", "enum", "const", "description", "properties", "items", "anyOf", "required", "additionalProperties")
MOST_STARTS = 500  # places where a JSON object may begin that are tried
MOST_PROBLEMS = 8

Token = tuple[str, float, Sequence[tuple[str, float]]]
"""A token of the answer, its log-probability, and the alternatives with theirs."""


def schema_of(output: type[Record]) -> OutputSchema:
    """The record's JSON Schema as OpenAI's strict mode and vLLM take it: references inlined, every property required,
    nothing additional, and no bounds (the record itself checks those when the answer is read)."""
    whole = output.model_json_schema()
    body = _strict(whole, whole.get("$defs", {}))
    return OutputSchema(name=re.sub(r"[^A-Za-z0-9_-]", "_", output.__name__)[:64], body=body)


def _strict(node: Json, definitions: Json) -> Json:
    if "$ref" in node:
        return _strict(definitions[node["$ref"].rpartition("/")[2]], definitions)
    made: Json = {key: value for key, value in node.items() if key in KEPT}
    if "properties" in node:
        made["properties"] = {name: _strict(child, definitions) for name, child in node["properties"].items()}
        made["required"] = list(node["properties"])
        made["additionalProperties"] = False
    if isinstance(node.get("additionalProperties"), dict):
        made["additionalProperties"] = _strict(node["additionalProperties"], definitions)
    if "prefixItems" in node:  # a tuple of fixed length: its items' types, whichever
        made["items"] = {"anyOf": [_strict(child, definitions) for child in node["prefixItems"]]}
    elif isinstance(node.get("items"), dict):
        made["items"] = _strict(node["items"], definitions)
    if "anyOf" in node:
        made["anyOf"] = [_strict(child, definitions) for child in node["anyOf"]]
    return made


def parse_json(text: str, output: type[R]) -> R:
    """The one JSON object in a text, as a record. Fences and prose around it are tolerated.

    Raises BadReply with the list of problems, written for the model, when there is none, when it does not fit, or when
    two different ones do.
    """
    found = _objects(text)
    if not found:
        raise BadReply(f"The answer holds no JSON object. Answer with one JSON object of the form {output.__name__}.")
    good: list[R] = []
    wrong: tuple[str, ...] = ()
    for value in found:
        try:
            record = output.model_validate(value)
        except ValidationError as error:
            wrong = problems(error)
        else:
            if record not in good:
                good.append(record)
    if len(good) > 1:
        raise BadReply(f"The answer holds {len(good)} different JSON objects. Answer with exactly one.")
    if not good:
        listed = "; ".join(wrong[:MOST_PROBLEMS])
        raise BadReply(f"The JSON object does not fit: {listed}. Answer with the corrected JSON object only.")
    return good[0]


def _objects(text: str) -> list[Json]:
    """Every outermost JSON object in a text. An object with a name twice, or with NaN, is none."""
    decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
    found: list[Json] = []
    at = text.find("{")
    for _ in range(MOST_STARTS):
        if at < 0:
            break
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            found.append(value)
        at = text.find("{", end)
    return found


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice")
    return made


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def margin_of(tokens: Sequence[Token], schema: OutputSchema | None) -> float | None:
    """How sure the model was of its decision: the log-probability of the chosen token minus the best other one.

    The decision is the value of the schema's first property that has a fixed list of values. Over the tokens of that
    value at which another one was still open, the smallest margin counts. Only tokens that lead to another value are
    rivals: vLLM lists the probabilities before its grammar forbids the rest. Where it lists no rival, all of them lie
    below what it lists. None when there is no such property, or the server gave no alternatives.
    """
    name, values = _decision(schema)
    whole = "".join(token[0] for token in tokens)
    found = re.search(rf'"{re.escape(name)}"\s*:\s*"([^"]*)"', whole) if name else None
    if found is None:
        return None
    margins: list[float] = []
    at = 0
    for text, chosen, others in tokens:
        start, at = at, at + len(text)
        if at <= found.start(1) or start >= found.end(1):
            continue
        lead, written = whole[start : found.start(1)], whole[found.start(1) : start]
        ways = {value: lead + value.removeprefix(written) for value in values if value.startswith(written)}
        own = ways.pop(found[1], "")
        listed = [value for other, value in others if other != text]
        rivals = [value for other, value in others if _leads(other, ways.values()) and not _leads(other, (own,))]
        if ways and listed:
            margins.append(chosen - (max(rivals) if rivals else min(listed)))
    return min(margins) if margins else None


def _leads(token: str, ways: Iterable[str]) -> bool:
    """Does a token begin, or hold, one of these continuations?"""
    return any(way.startswith(token) or token.startswith(way) for way in ways if way)


def _decision(schema: OutputSchema | None) -> tuple[str, list[str]]:
    """The first property with a fixed list of values, and these."""
    properties: Json = schema.body.get("properties", {}) if schema else {}
    found = next((name for name, child in properties.items() if "enum" in child), "")
    return found, [str(value) for value in properties[found]["enum"]] if found else []
