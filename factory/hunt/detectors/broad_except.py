"""`except Exception` that answers with a value as if nothing had happened, and tells nobody."""

import ast
import re
from collections.abc import Iterator

from factory.hunt.detector import Detector, Hit
from factory.hunt.handlers import cleans_up, is_broad, is_commented, is_import, is_retry, try_of, uses_error
from factory.hunt.names import function_around
from factory.hunt.source import Source

_ASKS = re.compile(r"_*(?:is|has|can|should|valid|verify|check|supports|match|exists)(?:_|$|[a-z]*_)")
_MANY = 3  # statements in the try: with fewer it is clear which one may fail


def _look(source: Source) -> Iterator[Hit]:
    for handler in source.nodes(ast.ExceptHandler):
        if not is_broad(source, handler) or uses_error(handler) or is_commented(source, handler):
            continue
        tried = try_of(source, handler)
        if not _gives_value(handler) or is_import(tried) or cleans_up(source, handler) or is_retry(source, handler):
            continue
        function = function_around(source, handler)
        if function and _ASKS.match(function.name) and _says_no(handler):
            continue
        yield Hit(
            source.path, handler.lineno,
            "`except Exception` answers with a value and drops the error"
            + (f" in {function.name}()" if function else ""),
            confidence=0.55 if _calls(tried) else 0.4,  # half of those in real code were meant so
            fix="Catch the types that the `try` can raise here; log the others, or let them go on.",
        )  # fmt: skip


def _gives_value(handler: ast.ExceptHandler) -> bool:
    """Nothing but a plain return or an assignment of a constant: what does more handles the error in its way."""
    if len(handler.body) != 1:
        return False
    last = handler.body[0]
    if isinstance(last, ast.Return):
        return last.value is None or _plain(last.value)
    return isinstance(last, ast.Assign) and _plain(last.value)


def _says_no(handler: ast.ExceptHandler) -> bool:
    """`return False`, from what asks whether something holds: what cannot be checked does not hold."""
    last = handler.body[0]
    return isinstance(last, ast.Return) and isinstance(last.value, ast.Constant) and not last.value.value


def _plain(node: ast.expr) -> bool:
    empty = isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict) and not ast.unparse(node)[1:-1]
    return isinstance(node, ast.Constant) or empty


def _calls(tried: ast.Try | ast.TryStar) -> bool:
    """Whether so much is tried that a mistake of our own can hide in it."""
    return sum(1 for stmt in tried.body for _ in ast.walk(stmt) if isinstance(_, ast.stmt)) >= _MANY


DETECTOR = Detector(
    id="broad-except",
    title="Exception caught and answered with a value",
    why="A misspelt name or a full disk gives the same answer as the case that was meant, and nobody is told. Name the "
    "errors that are expected, or log the others.",
    severity="low",
    confidence=0.55,
    category="CWE-396",
    languages=("python",),
    look=_look,
)
