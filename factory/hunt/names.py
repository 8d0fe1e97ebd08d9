"""What a name in a Python file stands for, as far as its imports say."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial

from factory.hunt.source import Source

Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


@lru_cache(maxsize=4)  # detectors look at one file after the other
def origins(source: Source) -> Mapping[str, str]:
    """Local name → where it comes from: {"array": "numpy.array", "np": "numpy"}; relative imports keep their dots."""
    found = {}
    for plain in source.nodes(ast.Import):
        for alias in plain.names:
            found[alias.asname or alias.name.partition(".")[0]] = (
                alias.name if alias.asname else alias.name.partition(".")[0]
            )
    for node in source.nodes(ast.ImportFrom):
        for alias in node.names:
            found[alias.asname or alias.name] = f"{'.' * node.level}{node.module or ''}.{alias.name}"
    return found


def written(node: ast.AST) -> str:
    """A dotted name as it is written, "" for what is none: `a.b.c`, of `f().x` just ".x"."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    elif parts:
        parts.append("")
    return ".".join(reversed(parts))


def full(source: Source, node: ast.AST) -> str:
    """The same with its first part as it was imported: `np.array` → `numpy.array`; "" for a name of the file's own."""
    first, dot, rest = written(node).partition(".")
    origin = origins(source).get(first)
    if origin is None:
        return ""
    return f"{origin}{dot}{rest}"


def calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    """Every call of something imported, with its full name."""
    for node in source.nodes(ast.Call):
        name = full(source, node.func)
        if name:
            yield node, name


def functions(source: Source) -> Iterator[Function]:
    yield from source.nodes(ast.FunctionDef)
    yield from source.nodes(ast.AsyncFunctionDef)


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((each.value for each in call.keywords if each.arg == name), None)


def spreads(call: ast.Call) -> bool:
    """Whether `*args` or `**kwargs` are passed: any argument may be among them."""
    return any(each.arg is None for each in call.keywords) or any(isinstance(each, ast.Starred) for each in call.args)


def function_around(source: Source, node: ast.AST) -> Function | None:
    """The innermost one that it stands in."""
    return next((each for each in source.parents(node) if isinstance(each, Function)), None)


def scope_around(source: Source, node: ast.AST) -> ast.AST | None:
    """The function, or else the module."""
    return function_around(source, node) or source.module


def statement_of(source: Source, node: ast.AST) -> ast.stmt | None:
    if isinstance(node, ast.stmt):
        return node
    return next((each for each in source.parents(node) if isinstance(each, ast.stmt)), None)


def walk_scope(scope: ast.AST) -> Iterator[ast.AST]:
    """Everything in it, without what stands in functions and classes within it."""
    left = list(ast.iter_child_nodes(scope))
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            left.extend(ast.iter_child_nodes(node))


def value_of(source: Source, node: ast.expr) -> ast.expr:
    """A name's value where it is assigned just once in its function, or in its module; else the node itself."""
    if not isinstance(node, ast.Name):
        return node
    for scope in (function_around(source, node), source.module):
        if scope is None:
            continue
        found = source.once(("bindings", scope), partial(_bindings, scope)).get(node.id)
        if found is not None:
            return found[0] if len(found) == 1 and found[0] is not None else node
    return node


def _bindings(scope: ast.AST) -> dict[str, list[ast.expr | None]]:
    """All that each name is bound to here: None for what is no plain value."""
    found: dict[str, list[ast.expr | None]] = defaultdict(list)
    arguments = getattr(scope, "args", None)
    if isinstance(arguments, ast.arguments):
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        for each in filter(None, every):
            found[each.arg].append(None)
    plain = set()
    for node in walk_scope(scope):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id].append(node.value)
            plain.add(node.targets[0])
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and isinstance(node.target, ast.Name):
            if node.value is not None:
                found[node.target.id].append(node.value)
            plain.add(node.target)
    for node in walk_scope(scope):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in plain:
            found[node.id].append(None)
    return found


def text_of(node: ast.expr | None) -> str | None:
    """The text of a literal."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
