"""A default that is made once and shared by all calls, where a call changes it or gives it away."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from factory.hunt.detector import Detector, Hit
from factory.hunt.names import Function, functions
from factory.hunt.source import Source

_CHANGES = frozenset(
    "append extend insert add update setdefault pop popitem clear remove discard sort reverse appendleft "
    "extendleft intersection_update difference_update".split()
)


def _keep(source: Source, hit: Hit) -> Hit | None:
    for function in functions(source):
        for argument, default in _defaults(function.args):
            if isinstance(default, ast.Constant | ast.Name | ast.Attribute | ast.Tuple):
                continue
            if default.lineno <= hit.start <= (default.end_lineno or 0) and _is_shared(source, function, argument.arg):
                return replace(
                    hit, end=hit.start, quoted=f"{function.name}({argument.arg}={ast.unparse(default)[:60]})",
                    message=f"The default of {argument.arg} in {function.name}() is one object for all calls, "
                    "and it is changed or given away",
                    fix=f"Write `{argument.arg}=None`, and `if {argument.arg} is None: {argument.arg} = "
                    f"{ast.unparse(default)[:40]}` at the start of the body.",
                )  # fmt: skip
    return None


def _defaults(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr]]:
    plain = [*arguments.posonlyargs, *arguments.args]
    yield from zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True)
    yield from ((arg, value) for arg, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value)


def _is_shared(source: Source, function: Function, name: str) -> bool:
    """Whether the object itself is changed, kept or handed out; one that is only read, or is replaced first, is not."""
    if _is_replaced(function.body, name):
        return False
    nodes = [node for stmt in function.body for node in ast.walk(stmt)]
    return any(_lets_go(node, name) for node in nodes) or any(_is_kept(source, node, name) for node in nodes)


def _is_kept(source: Source, node: ast.AST, name: str) -> bool:
    """`self.items = items`, where somebody changes `.items`."""
    if not isinstance(node, ast.Assign) or not _is(node.value, name):
        return False
    attributes = [re.escape(each.attr) for each in node.targets if isinstance(each, ast.Attribute)]
    changes = rf"\.(?:{'|'.join(_CHANGES)})\(|\[[^\]\n]*\]\s*[-+|]?=(?!=)|\s*[-+|]="
    return any(re.search(rf"\.{each}(?:{changes})", source.text) for each in attributes)


def _lets_go(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _is(node.func.value, name) and node.func.attr in _CHANGES
    if isinstance(node, ast.Subscript):
        return _is(node.value, name) and not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.AugAssign):
        return _is(node.target, name)
    if isinstance(node, ast.Return | ast.Yield):
        return _is(node.value, name)
    return False


def _is_replaced(body: list[ast.stmt], name: str) -> bool:
    """`items = list(items)`: from there on it is an own one."""
    return any(isinstance(stmt, ast.Assign) and any(_is(target, name) for target in stmt.targets) for stmt in body)


def _is(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


DETECTOR = Detector(
    id="mutable-default",
    title="A default that calls share",
    why="The default is made once, when the function is defined: what one call puts in, the next one finds. Use None "
    "and make a new one inside.",
    severity="medium",
    confidence=0.95,
    category="CWE-1108",
    languages=("python",),
    codes={"ruff": ("B006",)},
    keep=_keep,
    codemod="none-default",
)
