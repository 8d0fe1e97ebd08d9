"""Texts that are put together in Python: what is fixed in them, and what is put in where."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from factory.hunt.names import text_of, value_of, written
from factory.hunt.source import Source

_NUMBERS = ("int", "float", "len", "bool", "ord", "round", "abs", "id")
_FIELD = re.compile(r"%(?:\(\w+\))?[#0\- +]*[\d.*]*[a-zA-Z]|%%")


_COUNTS = re.compile(r"(?:^|_)(?:count|counter|num|number|index|idx|size|length|width|port|pid|n|i|j)$")


class Part(NamedTuple):
    """A fixed piece, or something put in (`node`)."""

    text: str
    node: ast.expr | None = None


def parts_of(source: Source, node: ast.expr) -> list[Part] | None:
    """Of a text that is put together with f"", %, + or .format(); None for what is none of that."""
    if isinstance(node, ast.JoinedStr):
        return [_joined(each) for each in node.values]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _side(source, node.left), _side(source, node.right)
        return [*left, *right] if any(part.text for part in (*left, *right)) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        text = _fixed(source, node.left)
        return None if text is None else list(_percent(text, node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        text = _fixed(source, node.func.value)
        return None if text is None else list(_formatted(text, node))
    return None


def _fixed(source: Source, node: ast.expr) -> str | None:
    return text_of(value_of(source, node))


def _joined(node: ast.expr) -> Part:
    if isinstance(node, ast.FormattedValue):
        return Part("", node.value)
    return Part(text_of(node) or "")


def _side(source: Source, node: ast.expr) -> list[Part]:
    text = text_of(node)
    if text is not None:
        return [Part(text)]
    return parts_of(source, node) or [Part("", node)]


def _percent(text: str, right: ast.expr) -> Iterator[Part]:
    values = list(right.elts) if isinstance(right, ast.Tuple) else [right]
    at = 0
    for match in _FIELD.finditer(text):
        if match[0] == "%%":
            continue
        yield Part(text[at : match.start()])
        value = values.pop(0) if len(values) > 1 or not isinstance(right, ast.Dict) else values[0]
        yield Part("" if match[0][-1] not in "dif" else "0", value if match[0][-1] not in "dif" else None)
        if not values:
            values = [right]
        at = match.end()
    yield Part(text[at:])


def _formatted(text: str, call: ast.Call) -> Iterator[Part]:
    at = 0
    named = {each.arg: each.value for each in call.keywords if each.arg}
    for number, match in enumerate(re.finditer(r"\{(\w*)[^{}]*\}", text)):
        yield Part(text[at : match.start()])
        place = int(match[1]) if match[1].isdigit() else number
        value = named.get(match[1]) or (call.args[place] if place < len(call.args) else call)
        yield Part("", value)
        at = match.end()
    yield Part(text[at:])


def is_harmless(source: Source, node: ast.expr) -> bool:
    """Whether what is put in can only be a number, or comes from the program itself: a literal, a CONSTANT."""
    if written(node).rpartition(".")[2].isupper():
        return True
    node = value_of(source, node)
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name | ast.Attribute):
        last = written(node).rpartition(".")[2]
        return (
            last.isupper()
            or _COUNTS.search(last) is not None
            or last in ("__name__", "__version__", "__qualname__", "executable", "pid")
        )
    if isinstance(node, ast.Call):
        return written(node.func) in _NUMBERS or _is_placeholders(source, node)
    if isinstance(node, ast.BinOp):
        return is_harmless(source, node.left) and is_harmless(source, node.right)
    if isinstance(node, ast.IfExp):
        return is_harmless(source, node.body) and is_harmless(source, node.orelse)
    if isinstance(node, ast.JoinedStr):
        return all(part.node is None or is_harmless(source, part.node) for part in map(_joined, node.values))
    if isinstance(node, ast.Subscript):  # a table of the program's own: {"a": "x"}[key], COLUMNS[key]
        return is_harmless(source, node.value) or isinstance(value_of(source, node.value), ast.Dict)
    return False


def _is_placeholders(source: Source, call: ast.Call) -> bool:
    """`", ".join("?" * n)`, `", ".join(["%s"] * n)`, `", ".join("?" for _ in ids)`, `",".join(COLUMNS)`."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "join" or len(call.args) != 1:
        return False
    joined = value_of(source, call.args[0])
    if isinstance(joined, ast.BinOp):
        return any(isinstance(each, ast.Constant | ast.List) for each in (joined.left, joined.right))
    if isinstance(joined, ast.GeneratorExp | ast.ListComp):
        return is_harmless(source, joined.elt)
    if isinstance(joined, ast.List | ast.Tuple):
        return all(is_harmless(source, each) for each in joined.elts)
    return is_harmless(source, joined)
