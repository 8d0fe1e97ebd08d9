"""SQL with values written into its text.

How sure that is follows two things: a value between quotes is meant as a text (what stands there bare and works is a
number or a piece of SQL), and it comes from a request or from the function's caller. The rest is below the default.
"""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from factory.hunt.detector import Detector, Hit
from factory.hunt.names import value_of, written
from factory.hunt.script.keep import kept
from factory.hunt.source import Source
from factory.hunt.texts import Part, is_harmless, parts_of
from factory.hunt.tooling import is_tooling
from factory.hunt.traced import origin

_SQL = re.compile(
    r"\s*(?:(?-i:SELECT|select)\s[\s\S]*?\sFROM\s|INSERT\s+(?:OR\s+\w+\s+)?INTO\s|REPLACE\s+INTO\s|UPDATE\s[\s\S]+?\sSET\s"
    r"|DELETE\s+FROM\s|WITH\s[\s\S]+?\sAS\s*\()",
    re.I,
)
_VALUE = re.compile(r"(?:[=<>]\s*|\b(?:LIKE|VALUES|IN|LIMIT|OFFSET|AND|BETWEEN|THEN|ELSE)\s*[\(]?\s*|'%?)$", re.I)
_NAME_BEFORE = re.compile(r"[(.]|\s*(?:[=<>]|!=|IS\b|(?:NOT\s+)?(?:LIKE|IN|BETWEEN)\b)", re.I)  # a column stands there
_CATALOG = re.compile(r"(?i)information_schema|pg_catalog|\bpg_\w+|sqlite_master|sqlite_schema|\bpragma|\bsys\.")
_TABLE = re.compile(r"(?i)\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\s+'$")  # SQLite takes a table's name in any quotes
_WEAK = 0.55  # below the default
_LISTED = re.compile(r"(?:\bVALUES|\bIN)\s*\([^()]*,\s*'?$", re.I)
_SAFE = re.compile(
    r"(?i)^(?:\w*quote\w*|qn|\w*escape\w*|literal|identifier|placeholder\w*|\w*_sql|\w*sql|as_sql|mogrify|\w*params|_*table\w*|_*column\w*"
    r"|compile\w*|param\w*|bind\w*|where\w*|cond\w*|clause\w*|\w*_clause|expr\w*|subquery|query|cast\w*|hex|int|str)$"
)
_TOLD = re.compile(r"(?i)^(?:log|debug|info|warning|error|exception|critical|print|write|echo|format_html|append_log)$")


class _Value(NamedTuple):
    node: ast.expr
    quoted: bool  # stands between quotes of SQL


def _look(source: Source) -> Iterator[Hit]:
    if source.language != "python":
        return
    for node in (*source.nodes(ast.JoinedStr), *source.nodes(ast.BinOp), *source.nodes(ast.Call)):
        if _is_inner(source, node):
            continue
        parts = parts_of(source, node)
        if parts is None or not _SQL.match(_text(parts)[:2000]) or _is_told(source, node):
            continue
        parts = list(_opened(source, parts))
        values = list(_values(source, parts))
        if values:
            names = ", ".join(dict.fromkeys(ast.unparse(value.node)[:40] for value in values))
            yield Hit(
                source.path, node.lineno, f"The text of this SQL holds values: {names}",
                confidence=None if _is_evident(source, parts, values) else _WEAK,
                fix="Put a placeholder there, and give the value as a parameter of `execute()`.",
            )  # fmt: skip


def _text(parts: list[Part]) -> str:
    return "".join(part.text or "x" for part in parts)


def _opened(source: Source, parts: list[Part]) -> Iterator[Part]:
    """`where` in `"SELECT … WHERE " + where` as the parts that it is made of itself."""
    for part in parts:
        inner = None if part.node is None else parts_of(source, value_of(source, part.node))
        yield from inner or [part]


def _is_evident(source: Source, parts: list[Part], values: list[_Value]) -> bool:
    """Not what runs once on what its author gives, a compiler of SQL, or a question about the tables themselves."""
    if is_tooling(source.path) or _quotes(parts) or _CATALOG.search(_text(parts)):
        return False
    found = [(value, origin(source, value.node)) for value in values]
    return any(where == "outside" or (value.quoted and where != "unknown") for value, where in found)


def _quotes(parts: list[Part]) -> bool:
    return any(part.node is not None and "quote" in ast.unparse(part.node) for part in parts)


def _is_inner(source: Source, node: ast.expr) -> bool:
    """Part of a longer text, which is judged as a whole."""
    for around in source.parents(node):
        if isinstance(around, ast.BinOp | ast.JoinedStr | ast.FormattedValue):
            return True
        if not isinstance(around, ast.Attribute):
            return False
    return False


def _values(source: Source, parts: list[Part]) -> Iterator[_Value]:
    """What stands where SQL has a value, and could be anything. Names of tables and columns cannot be parameters."""
    before = ""
    for number, part in enumerate(parts):
        if part.node is None:
            before += part.text
            continue
        after = parts[number + 1].text if number + 1 < len(parts) else ""
        closed = before.endswith(("'", "'%")) and before.count("'") % 2 == 0
        placed = not closed and not _NAME_BEFORE.match(after) and _VALUE.search(before[-40:])
        placed = placed or _LISTED.search(before[-200:])
        own = is_harmless(source, part.node) or _is_made(value_of(source, part.node))
        if not own and (placed or origin(source, part.node) == "outside"):
            yield _Value(part.node, quoted=before.count("'") % 2 == 1 and not _TABLE.search(before))
        before += "x"


def _is_made(node: ast.expr) -> bool:
    """Quoted or compiled by something, or a piece of SQL itself, as its name says."""
    while isinstance(node, ast.Subscript | ast.Await | ast.Starred):
        node = node.value
    if isinstance(node, ast.Attribute) and re.search(r"(?:^|_)(?:id|pk)$", node.attr):  # a key that the database gave
        return True
    name = written(node.func if isinstance(node, ast.Call) else node).rpartition(".")[2]
    if name == "join" and isinstance(node, ast.Call) and len(node.args) == 1:
        joined = node.args[0]
        return _is_made(joined.elt if isinstance(joined, ast.GeneratorExp | ast.ListComp) else joined)
    if name == "map" and isinstance(node, ast.Call) and node.args:
        return _is_made(node.args[0]) or written(node.args[0]) == "str"
    return bool(_SAFE.match(name))


def _is_told(source: Source, node: ast.expr) -> bool:
    """Only a message: logged, printed or raised."""
    for around in source.parents(node):
        if isinstance(around, ast.Call) and _TOLD.match(written(around.func).rpartition(".")[2]):
            return True
        if isinstance(around, ast.Raise):
            return True
        if isinstance(around, ast.stmt):
            return False
    return False


DETECTOR = Detector(
    id="sql-string",
    title="Values in the text of SQL",
    why="Whoever chooses the value writes part of the statement: reads other rows, or drops the table. Use "
    "placeholders and parameters.",
    severity="high",
    confidence=0.85,
    category="CWE-89",
    languages=("python", "javascript", "typescript", "tsx"),
    codes={"ast-grep": ("js-sql-string",)},
    keep=kept,
    look=_look,
)
