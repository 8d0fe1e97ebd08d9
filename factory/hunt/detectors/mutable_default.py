"""A default that is made once and shared by all calls, where a call changes it or gives it away."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from factory.hunt.detector import Detector, Hit
from factory.hunt.names import Function, functions, written
from factory.hunt.source import Source

_CHANGES = frozenset(
    "append extend insert add update setdefault pop popitem clear remove discard sort reverse appendleft "
    "extendleft intersection_update difference_update".split()
)
_READS = frozenset(
    "len list dict set frozenset tuple sorted reversed any all sum min max isinstance iter enumerate zip map filter str"
    " repr print range bool join update extend copy deepcopy issubset issuperset intersection union format get items"
    .split()
)  # fmt: skip
_CHANGED = re.compile(rf"\.(\w+)(?:\.(?:{'|'.join(_CHANGES)})\(|\[[^\]\n]*\]\s*[-+|]?=(?!=)|\s*[-+|]=)")


def _keep(source: Source, hit: Hit) -> Hit | None:
    for function, name, default in source.once("defaults by line", lambda: _by_line(source)).get(hit.start, ()):
        shared = name in _shared(source, function)
        if shared or name in _given(source, function):
            return replace(
                hit, end=hit.start, quoted=f"{function.name}({name}={ast.unparse(default)[:60]})",
                severity=None if shared else "low", confidence=None if shared else 0.65,
                message=f"The default of {name} in {function.name}() is one object for all calls, "
                + ("and it is changed or given away" if shared else "and it is handed on to what may change it"),
                fix=f"Write `{name}=None`, and `if {name} is None: {name} = "
                f"{ast.unparse(default)[:40]}` at the start of the body.",
            )  # fmt: skip
    return None


def _by_line(source: Source) -> dict[int, list[tuple[Function, str, ast.expr]]]:
    """Every default that is no constant, on each of its lines."""
    found = defaultdict(list)
    for function in functions(source):
        for argument, default in _defaults(function.args):
            if not isinstance(default, ast.Constant | ast.Name | ast.Attribute | ast.Tuple):
                for line in range(default.lineno, (default.end_lineno or default.lineno) + 1):
                    found[line].append((function, argument.arg, default))
    return found


def _defaults(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr]]:
    plain = [*arguments.posonlyargs, *arguments.args]
    yield from zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True)
    yield from ((arg, value) for arg, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value)


def _shared(source: Source, function: Function) -> frozenset[str]:
    """Names whose object itself is changed, kept or handed out; one that is only read, or is replaced first, is not."""
    return source.once(("shared", function), lambda: _let_out(source, function) - _replaced(function.body))


def _let_out(source: Source, function: Function) -> frozenset[str]:
    nodes = [node for stmt in function.body for node in ast.walk(stmt)]
    return frozenset(name for node in nodes for name in (_let_go(node), _kept(source, node)) if name)


def _given(source: Source, function: Function) -> frozenset[str]:
    """Names whose object goes on as it is: into a call that may keep or change it, a collection."""
    return source.once(("given", function), lambda: _escaping(function) - _replaced(function.body))


def _escaping(function: Function) -> frozenset[str]:
    found: set[str] = set()
    for node in (each for stmt in function.body for each in ast.walk(stmt)):
        if isinstance(node, ast.Call) and written(node.func).rpartition(".")[2] not in _READS:
            found |= {
                _name(each) for each in (*node.args, *(keyword.value for keyword in node.keywords if keyword.arg))
            }
        elif isinstance(node, ast.Assign) and any(isinstance(each, ast.Subscript) for each in node.targets):
            found.add(_name(node.value))
        elif isinstance(node, ast.Dict | ast.List):
            found |= {_name(each) for each in (node.values if isinstance(node, ast.Dict) else node.elts)}
    return frozenset(found)


def _replaced(body: list[ast.stmt]) -> frozenset[str]:
    """`items = list(items)`: from there on it is an own one."""
    targets = (target for stmt in body if isinstance(stmt, ast.Assign) for target in stmt.targets)
    return frozenset(target.id for target in targets if isinstance(target, ast.Name))


def _kept(source: Source, node: ast.AST) -> str:
    """`self.items = items`, where somebody changes `.items`."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Name):
        return ""
    changed = source.once("changed attributes", lambda: frozenset(_CHANGED.findall(source.text)))
    kept = any(isinstance(each, ast.Attribute) and each.attr in changed for each in node.targets)
    return node.value.id if kept else ""


def _let_go(node: ast.AST) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _name(node.func.value) if node.func.attr in _CHANGES else ""
    if isinstance(node, ast.Subscript):
        return "" if isinstance(node.ctx, ast.Load) else _name(node.value)
    if isinstance(node, ast.AugAssign):
        return _name(node.target)
    if isinstance(node, ast.Return | ast.Yield):
        return _name(node.value)
    return ""


def _name(node: ast.AST | None) -> str:
    return node.id if isinstance(node, ast.Name) else ""


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
