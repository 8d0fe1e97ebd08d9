"""Where a value in a Python file comes from: traced through its function, and one call up where the file calls it.

It is evidence for detectors of injection: what comes from outside, or from whoever calls a public function, can be
anything. What is only the program's own (an attribute of `self`, a row of the database, a call's answer) is not known.
"""

import ast
import re
from collections.abc import Iterator
from typing import Literal

from factory.hunt.names import Function, function_around, walk_scope, written
from factory.hunt.source import Source

Origin = Literal["outside", "parameter", "attribute", "unknown"]
"""outside: a request's, what was typed. parameter: of a function that anybody calls. attribute: of such a parameter."""

_DEPTH = 6  # steps from one name to the next
STEPS = 1_000  # of all traces in one file: names that are given each other again and again would take for ever
_REQUEST = re.compile(
    r"(?:^|\.)(?:request|req)\.(?:args|form|values|json|data|GET|POST|params?|query\w*|query_params|path_params|body|cookies"
    r"|headers|match_info|files|get_json|path|url)\b"
)
_TYPED = frozenset(("input", "raw_input", "sys.stdin.read", "sys.stdin.readline"))
_ROUTES = re.compile(r"\.(?:route|get|post|put|delete|patch|websocket)$|(?:^|\.)(?:route|api_view|action|expose)$")
_SAME_TEXT = frozenset(
    "str format strip lstrip rstrip lower upper title replace encode decode join removeprefix removesuffix get pop"
    " quote unquote basename dirname abspath expanduser normpath realpath fspath Path first split splitlines list"
    " set sorted tuple items values keys filter map".split()
)
_OWN = frozenset(
    "self cls config cfg conf settings options opts args kwargs app ctx context db conn connection cursor".split()
)
_NOT_TEXT = re.compile(
    r"\b(?:int|float|bool|complex|Decimal|date|datetime|time|timedelta|UUID|IPv[46]\w*|Enum|Literal|\w+Enum)\b"
)
_CHECKS = re.compile(
    r"\bisinstance\(|\.is\w+\(|\bre\.|match|\bin\b|valid|allow|check|safe|regex|\bis_\w+\(|startswith|search"
)


def origin(source: Source, node: ast.expr, depth: int = 0) -> Origin:
    """The strongest one that is found; "unknown" where the trace ends."""
    if depth > _DEPTH or is_tired(source):
        return "unknown"
    text = written(node.func if isinstance(node, ast.Call) else node)
    if isinstance(node, ast.Attribute | ast.Subscript | ast.Call) and _REQUEST.search(text):
        return "outside"
    if isinstance(node, ast.Call) and text in _TYPED:
        return "outside"
    if isinstance(node, ast.Name):
        return _of_name(source, node, depth)
    if isinstance(node, ast.Attribute):
        return _of_owner(source, node.value, depth)
    return _strongest(origin(source, each, depth + 1) for each in _inner(node))


def is_tired(source: Source) -> bool:
    """One step more; True when this file has had all of its own, and what it is asked then is unknown."""
    left = source.once("steps of traces", lambda: [STEPS])
    left[0] -= 1
    return left[0] < 0


def _inner(node: ast.expr) -> Iterator[ast.expr]:
    """What a text is made of, or taken out of."""
    if isinstance(node, ast.Subscript | ast.Starred | ast.Await | ast.FormattedValue):
        yield node.value
    elif isinstance(node, ast.Call) and written(node.func).rpartition(".")[2] in _SAME_TEXT:
        yield from node.args
        if isinstance(node.func, ast.Attribute):
            yield node.func.value
    elif isinstance(node, ast.JoinedStr):
        yield from node.values
    elif isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
    elif isinstance(node, ast.BoolOp):
        yield from node.values
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.List | ast.Tuple):
        yield from node.elts
    elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
        yield from (each.iter for each in node.generators)


def _strongest(found: Iterator[Origin]) -> Origin:
    seen = set(found)
    for each in ("outside", "parameter", "attribute"):
        if each in seen:
            return each
    return "unknown"


def _of_owner(source: Source, owner: ast.expr, depth: int) -> Origin:
    """`ref.revision` of a parameter `ref`: the caller's as well, but seldom a stranger's."""
    if isinstance(owner, ast.Name) and owner.id in _OWN:
        return "unknown"
    return "unknown" if origin(source, owner, depth + 1) == "unknown" else "attribute"


def _of_name(source: Source, node: ast.Name, depth: int) -> Origin:
    function = function_around(source, node)
    if function is None or _is_checked(source, function, node):
        return "unknown"
    given = list(_given(source, function, node.id))
    if given:
        return _strongest(origin(source, each, depth + 1) for each in given if not _mentions(each, node.id))
    return _of_argument(source, function, node.id, depth)


def _scope(source: Source, function: Function) -> list[ast.AST]:
    return source.once(("scope", function), lambda: list(walk_scope(function)))


def _given(source: Source, function: Function, name: str) -> Iterator[ast.expr]:
    """What is assigned to it in its function, or what it runs over."""
    for node in _scope(source, function):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(_binds(each, name) for each in targets):
                yield node.value
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension) and _binds(node.target, name):
            yield node.iter


def _binds(target: ast.expr, name: str) -> bool:
    if isinstance(target, ast.Tuple | ast.List):
        return any(_binds(each, name) for each in target.elts)
    return isinstance(target, ast.Name) and target.id == name


def _mentions(node: ast.expr, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(node))


def _is_checked(source: Source, function: Function, node: ast.Name) -> bool:
    """`if name not in KNOWN: raise …`, `assert isinstance(…)`: whoever checks it once is taken at their word."""
    return any(
        isinstance(each, ast.If | ast.Assert | ast.IfExp)
        and each.lineno <= node.lineno
        and _mentions(each.test, node.id)
        and _CHECKS.search(ast.unparse(each.test))
        for each in _scope(source, function)
    )


def _of_argument(source: Source, function: Function, name: str, depth: int) -> Origin:
    argument = next((each for each in _arguments(function.args) if each.arg == name), None)
    if argument is None or name in _OWN or (argument.annotation and _NOT_TEXT.search(ast.unparse(argument.annotation))):
        return "unknown"
    if _is_route(function):
        return "outside"
    passed = list(_passed(source, function, name))
    if passed:  # one call up
        return _strongest(origin(source, each, depth + 3) for each in passed)
    private = function.name.startswith("_") or isinstance(next(source.parents(function), None), Function)
    return "unknown" if private else "parameter"


def _arguments(given: ast.arguments) -> list[ast.arg]:
    return [*given.posonlyargs, *given.args, *given.kwonlyargs]


def _is_route(function: Function) -> bool:
    """Whether a server calls it with what somebody sent."""
    marks = (each.func if isinstance(each, ast.Call) else each for each in function.decorator_list)
    return any(_ROUTES.search(written(mark)) for mark in marks)


def _passed(source: Source, function: Function, name: str) -> Iterator[ast.expr]:
    """What the calls in this file give for the argument."""
    place = [each.arg for each in _arguments(function.args)].index(name)
    for call in source.nodes(ast.Call):
        owner, _, called = written(call.func).rpartition(".")
        if called != function.name or function_around(source, call) is function:
            continue
        named = next((each.value for each in call.keywords if each.arg == name), None)
        shift = 1 if owner and _arguments(function.args)[0].arg in ("self", "cls") else 0
        if named is not None:
            yield named
        elif 0 <= place - shift < len(call.args):
            yield call.args[place - shift]
