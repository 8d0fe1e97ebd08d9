"""Errors of any kind that end in `pass`."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from factory.hunt.detector import Detector, Hit
from factory.hunt.handlers import cleans_up, inside, is_broad, is_commented, is_import, is_retry, leaves_gap, try_of
from factory.hunt.names import full, function_around, written
from factory.hunt.script.keep import either
from factory.hunt.source import Source

_PARSES = re.compile(
    r"(?:^|\.)(?:loads|url(?:parse|split|unparse)|parse_(?:url|qs\w*|date\w*)|int|float|Decimal|UUID|fromisoformat|strptime"
    r"|b64decode|unquote|literal_eval|ip_(?:address|network)|decode)$|_parse_url$"
)
_HANDLES = re.compile(  # texts and collections
    r"(?:^|\.)(?:strip|[lr]strip|lower|upper|split|partition|replace|add|append|setdefault|join|len|str|encode|group)$"
)
_FIX = "Name the errors that are expected here; what is left, log it or let it go on."


def _keep(source: Source, hit: Hit) -> Hit | None:
    for handler in source.starting(hit.start, ast.ExceptHandler):
        fine = is_commented(source, handler) or is_import(try_of(source, handler)) or cleans_up(source, handler)
        fine = fine or is_retry(source, handler) or _looks_about(source, handler)
        if handler.type is None or fine or not is_broad(source, handler):
            return None
        return replace(hit, message="Every error ends here and nobody is told", fix=_FIX,
                       confidence=_sure(source, try_of(source, handler)))  # fmt: skip
    return None


def _sure(source: Source, tried: ast.Try | ast.TryStar) -> float:
    """What only parses a text fails for that text, whatever is caught."""
    names = [written(node.func) for node in inside(tried.body) if isinstance(node, ast.Call)]
    parses = any(_PARSES.search(name) for name in names) and all(_PARSES.search(n) or _HANDLES.search(n) for n in names)
    return 0.85 if not parses and not _has_default(source, tried) and leaves_gap(source, tried) else 0.5


def _has_default(source: Source, tried: ast.Try | ast.TryStar) -> bool:
    """`lang = "en"`, then `try: lang = detect(text)` alone: what holds after an error stands above."""
    only = tried.body[0] if len(tried.body) == 1 else None
    if not isinstance(only, ast.Assign) or not isinstance(only.targets[0], ast.Name):
        return False
    scope = function_around(source, tried) or source.module
    stores = source.once(("stores", scope), lambda: _stores(scope)) if scope else {}
    return stores.get(only.targets[0].id, tried.lineno) < tried.lineno


def _stores(scope: ast.AST) -> dict[str, int]:
    """The first line on which each name is bound."""
    found: dict[str, int] = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = min(node.lineno, found.get(node.id, node.lineno))
    return found


def _looks_about(source: Source, handler: ast.ExceptHandler) -> bool:
    """`getattr` of whatever `dir` names: any property may raise anything, and the next one is shown."""
    calls = [node for each in try_of(source, handler).body for node in ast.walk(each) if isinstance(node, ast.Call)]
    loops = (each for each in source.parents(handler) if isinstance(each, ast.For))
    about = any(isinstance(each.iter, ast.Call) and written(each.iter.func) == "dir" for each in loops)
    return about and any(written(call.func) == "getattr" for call in calls)


def _look(source: Source) -> Iterator[Hit]:
    """`with contextlib.suppress(Exception)`."""
    if source.language != "python":
        return
    for call in source.nodes(ast.Call):
        if full(source, call.func) != "contextlib.suppress" or cleans_up(source, call):
            continue
        if any(written(each) in ("Exception", "BaseException") for each in call.args) and not _said(source, call):
            yield Hit(source.path, call.lineno, "`suppress` of every error: nobody is told", fix=_FIX,
                      confidence=0.5 if _is_short(source, call) else None)  # fmt: skip


def _is_short(source: Source, call: ast.Call) -> bool:
    """One statement that parses: it is plain which error is meant, if not its name."""
    around = next((each for each in source.parents(call) if isinstance(each, ast.With | ast.AsyncWith)), None)
    if around is None or len(around.body) > 1:
        return False
    names = [written(node.func) for node in ast.walk(around.body[0]) if isinstance(node, ast.Call)]
    return bool(names) and all(_PARSES.search(name) for name in names)


def _said(source: Source, call: ast.Call) -> bool:
    return "#" in source.line(call.lineno) or source.line(call.lineno - 1).strip().startswith("#")


DETECTOR = Detector(
    id="swallowed-error",
    title="Errors that vanish",
    why="What goes wrong here is found much later and somewhere else. Catch what is expected, and log or pass on the "
    "rest; where it really does not matter, say why in a comment.",
    severity="medium",
    confidence=0.85,
    category="CWE-390",
    languages=("python", "javascript", "typescript", "tsx"),
    codes={"ruff": ("S110", "S112"), "ast-grep": ("js-empty-catch", "js-catch-returns-default")},
    keep=either(_keep),
    look=_look,
)
