"""What an `except` clause does with the error: what the detectors of errors share."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

from factory.hunt.names import Function, full, function_around, written
from factory.hunt.source import Source

_QUIET_NAME = re.compile(r"(?i)safe|_?try_|maybe|silent|quiet|ignore|suppress|best_effort|if_possible|optional")
_QUIET_WORDS = re.compile(
    r"(?i)best[- ]effort|silent|swallow|suppress|never rais|not rais|ignor\w+ (?:any|all|error|exception|fail)"
    r"|if possible|return\w* (?:None|False) (?:if|on|when) .{0,40}(?:error|fail|invalid|exception|cannot|not)"
)
BROAD = frozenset(("Exception", "BaseException", "builtins.Exception", "builtins.BaseException"))
_SAYS = re.compile(
    r"(?i)^(log|debug|info|warn|warning|error|exception|critical|fatal|report|print|print_exc|format_exc|exc_info|write"
    r"|capture_exception|notify|alert|fail|abort|exit|_exit|emit|secho|echo|set_exception|traceback|handle_?\w*"
    r"|on_error|log_\w+|_log\w*|print_\w+|add_error|record\w*|put|append|send\w*|fault|retry\w*|quit|msg|stderr)$"
)
_ENDS = re.compile(
    r"(?i)^(__del__|__exit__|__aexit__|__repr__|__str__|_?(tear_?down|clean_?up|close|shut_?down|stop|disconnect|dispose"
    r"|kill|terminate|finali[sz]e|unlink|release|destroy|rollback|reset|atexit|exit|flush|remove|rmtree|rmdir|end)\w*)$"
)


def is_broad(source: Source, handler: ast.ExceptHandler) -> bool:
    """Whether it catches Exception or more; a bare one is a matter of its own."""
    kind = handler.type
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind] if kind else []
    return any((full(source, each) or written(each)) in BROAD for each in kinds)


def is_commented(source: Source, handler: ast.ExceptHandler) -> bool:
    """Whether somebody said why: a comment in the clause, also behind its last line or on a line of its own."""
    first, last = handler.lineno, handler.body[-1].end_lineno or handler.lineno
    above = source.line(first - 1).strip()
    below = source.line(last + 1)
    own = below.strip().startswith("#") and len(below) - len(below.lstrip()) > handler.col_offset
    tried = try_of(source, handler)
    before = source.line(tried.lineno - 1).strip()
    if before.startswith("#") or _says_so(source, handler):
        return True
    said = any("#" in source.line(number) for number in range(first, last + 1))
    return said or own or above.startswith("#") or _has_text(handler.body)


def _says_so(source: Source, handler: ast.ExceptHandler) -> bool:
    """The function's name or documentation promises that errors do not matter."""
    function = function_around(source, handler)
    if function is None:
        return False
    return bool(_QUIET_NAME.search(function.name) or _QUIET_WORDS.search(ast.get_docstring(function) or ""))


def is_retry(source: Source, handler: ast.ExceptHandler) -> bool:
    """One of several ways is tried in a loop, and the first that works ends it."""
    tried = try_of(source, handler)
    ends = any(isinstance(each, ast.Return | ast.Break) for each in inside([*tried.body, *tried.orelse]))
    loops = (ast.For, ast.While, ast.AsyncFor)
    return ends and any(isinstance(each, loops) for each in source.parents(tried))


def _has_text(body: list[ast.stmt]) -> bool:
    return any(isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)
               and isinstance(each.value.value, str) for each in body)  # fmt: skip


def inside(nodes: list[ast.stmt]) -> Iterator[ast.AST]:
    for node in nodes:
        yield from ast.walk(node)


def uses_error(handler: ast.ExceptHandler) -> bool:
    """Whether the error goes on in some way: raised, named, told to somebody."""
    for node in inside(handler.body):
        if isinstance(node, ast.Raise | ast.Assert):
            return True
        if isinstance(node, ast.Name) and handler.name and node.id == handler.name:
            return True
        if isinstance(node, ast.Call) and _SAYS.match(written(node.func).rpartition(".")[2]):
            return True
        if isinstance(node, ast.Attribute | ast.Name) and written(node) in ("sys.exc_info", "traceback"):
            return True
    return False


def try_of(source: Source, handler: ast.ExceptHandler) -> ast.Try | ast.TryStar:
    return next(each for each in source.parents(handler) if isinstance(each, ast.Try | ast.TryStar))


def is_import(tried: ast.Try | ast.TryStar) -> bool:
    """Whether an optional dependency is looked for."""
    return any(
        isinstance(node, ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Call) and "import" in written(node.func).rpartition(".")[2])
        for node in inside(tried.body)
    )


_FILLS = frozenset("append add extend update setdefault appendleft".split())


def leaves_gap(source: Source, tried: ast.Try | ast.TryStar) -> bool:
    """Whether what is tried makes something that is used afterwards: after an error, that lacks a part unseen."""
    names = set()
    for node in inside(tried.body):
        if isinstance(node, ast.Yield):
            return True
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            return True
        called = node.func if isinstance(node, ast.Call) and node.args else None
        if isinstance(called, ast.Attribute) and called.attr in _FILLS:
            return True
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    around: ast.AST | None = function_around(source, tried) or source.module
    if around is None or not names:
        return False
    every, within = source.once(("reads", around), lambda: _reads(around)), _reads(tried)
    return any(every[name] > within[name] for name in names)


def _reads(node: ast.AST) -> Counter[str]:
    """How often each name is read in it."""
    names = (each for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load))
    return Counter(each.id for each in names)


def cleans_up(source: Source, node: ast.AST) -> bool:
    """Whether it stands where an error has nowhere to go: at the end of an object or a program, in another clean-up."""
    function = function_around(source, node)
    if function is not None and _ENDS.match(function.name):
        return True
    inner: ast.AST = node
    own = True  # the `try` that the handler itself belongs to
    for around in source.parents(node):
        if isinstance(around, ast.ExceptHandler):
            return True
        if isinstance(around, Function):
            return False
        if isinstance(around, ast.Try | ast.TryStar):
            if inner in around.finalbody or (own and _only_ends(around)):
                return True
            own = False
        inner = around
    return False


def _only_ends(tried: ast.Try | ast.TryStar) -> bool:
    """`try: connection.close()`: nothing but calls that end something."""
    names = [written(each.value.func).rpartition(".")[2] for each in tried.body
             if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call)]  # fmt: skip
    return len(names) == len(tried.body) and all(_ENDS.match(name) for name in names)
