"""Imports, variables and arguments that nothing uses, and statements that nothing reaches."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from factory.hunt.detector import Detector, Hit
from factory.hunt.ground import Ground
from factory.hunt.names import Function, function_around, functions, walk_scope, written
from factory.hunt.script.keep import either
from factory.hunt.source import Source

_NAMED = re.compile(r"`([^`]+)`")
_FROM = re.compile(r"^[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]*)", re.M)
_SIDE_EFFECTS = frozenset("readline rlcompleter antigravity __future__ this gettext".split())
_STUB = frozenset(("NotImplementedError", "NotImplemented"))


def _sift(ground: Ground, hits: Sequence[Hit]) -> Iterator[Hit]:
    """An import that other files take from this one is used."""
    given: set[tuple[str, str]] | None = None
    for hit in hits:
        if hit.code == "F401":
            given = _taken(ground) if given is None else given
            stem = PurePosixPath(hit.path).stem
            name = _imported(hit)
            if {(stem, name), (stem, "*")} & given:
                continue
        yield hit


def _taken(ground: Ground) -> set[tuple[str, str]]:
    """(last part of the module, name) of all that is imported from anywhere."""
    found = set()
    for source in ground.sources("python"):
        for match in _FROM.finditer(source.text):
            module = match[1].rpartition(".")[2]
            words = re.sub(r"#[^\n]*", "", match[2]).strip("() \n")
            found |= {(module, name.split()[0]) for name in words.split(",") if name.split()}
    return found


def _imported(hit: Hit) -> str:
    """What the message calls it: `a.b.name` or `a.b as name`."""
    match = _NAMED.search(hit.message)
    words = match[1] if match else ""
    return words.split(" as ")[-1].rpartition(".")[2] if " as " not in words else words.split(" as ")[-1]


def _keep(source: Source, hit: Hit) -> Hit | None:
    kind = {"F401": _import, "F841": _variable, "unused-variable": _argument, "unreachable": _unreached}.get(hit.code)
    return kind(source, hit) if kind else hit


def _import(source: Source, hit: Hit) -> Hit | None:
    name = _imported(hit)
    package = source.path.endswith("__init__.py")
    made = re.search(
        r"(?:^|/)(?:migrations|alembic|versions)/", source.path
    )  # from a template, and never touched again
    guarded = hit.start in source.once("guarded imports", lambda: _guarded(source))
    redundant = re.search(rf"\bimport\s+{re.escape(name)}\s+as\s+{re.escape(name)}\b", source.line(hit.start))
    noted = "#" in source.line(hit.start) or _loads_part(source, hit)
    again = re.search(r"(?i)compat|shim|public|api|conftest|settings|plugin|urls|models|signals", source.path)
    if made or package or guarded or redundant or noted or again or name in _SIDE_EFFECTS or name.startswith("_"):
        return None
    return replace(hit, end=hit.start, quoted=name, message=f"The import of {name} is not used in this file",
                   fix="Remove the import.")  # fmt: skip


def _loads_part(source: Source, hit: Hit) -> bool:
    """`import a.b`, where `a` is named too: what is used of it may be `a.b`, which this import loads."""
    match = re.match(r"\s*import\s+(\w+)\.", source.line(hit.start))
    return match is not None and match[1] in source.once("names", lambda: _names(source))


def _names(source: Source) -> frozenset[str]:
    return frozenset(node.id for node in source.nodes(ast.Name))


def _guarded(source: Source) -> frozenset[int]:
    """Lines of imports that stand beneath a condition, a `try` or a `with`, have a comment, or come after something was
    called: what is set up before an import is for what the import does."""
    first = min((each.lineno for each in _called(source)), default=len(source.lines) + 1)
    return frozenset(
        line
        for node in (*source.nodes(ast.Import), *source.nodes(ast.ImportFrom))
        if any(isinstance(around, ast.Try | ast.If | ast.With) for around in source.parents(node))
        or "#" in source.line(node.lineno) or (node.col_offset == 0 and node.lineno > first)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    )  # fmt: skip


def _called(source: Source) -> Iterator[ast.stmt]:
    """Calls and settings of the module itself, `sys.path.insert(…)` and `os.environ[…] = …`."""
    for stmt in source.module.body if source.module else ():
        stored = isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Subscript | ast.Attribute)
        if stored or (isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Call)):
            yield stmt


def _variable(source: Source, hit: Hit) -> Hit | None:
    """An error's name, a frame kept alive and what `with` gives are no leftovers."""
    match = _NAMED.search(hit.message)
    name = match[1] if match else ""
    if "migrations/" in source.path:
        return None
    for target in source.starting(hit.start, ast.Name):
        node = next(source.parents(target), None)
        if target.id == name and isinstance(node, ast.Assign | ast.AnnAssign) and target is not node.value:
            sure = 0.85 if node.value is not None and not _does_something(node.value) else 0.65
            return replace(hit, quoted=name, end=hit.start, confidence=sure, message=f"{name} is set and never read",
                           fix="Remove it; keep the call when it does something.")  # fmt: skip
    return None


def _does_something(value: ast.expr) -> bool:
    return any(isinstance(node, ast.Call | ast.Await | ast.Yield | ast.YieldFrom) for node in ast.walk(value))


def _argument(source: Source, hit: Hit) -> Hit | None:
    """vulture's surest: a parameter whose name stands nowhere else in the tree."""
    if (hit.confidence or 0) < 1:
        return None
    for place in source.starting(hit.start, ast.arg):
        function = next((each for each in source.parents(place) if not isinstance(each, ast.arguments)), None)
        if not isinstance(function, Function) or place in (function.args.vararg, function.args.kwarg):
            continue
        if place.arg == hit.quoted and not _is_asked_for(source, function):
            return replace(hit, message=f"The argument {hit.quoted} of {function.name}() is not used",
                           confidence=0.75 if function.name.startswith("_") else 0.5,
                           fix="Remove it here and where the function is called, or use it.")  # fmt: skip
    return None


def _is_asked_for(source: Source, function: Function) -> bool:
    """Whether something else says which arguments it takes: an interface, a framework, whoever it is handed to."""
    body = [stmt for stmt in function.body if not isinstance(stmt, ast.Pass)]
    stub = all(isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant) for stmt in body[:-1]) and (
        not body or isinstance(body[-1], ast.Raise)
        or (isinstance(body[-1], ast.Expr) and isinstance(body[-1].value, ast.Constant))
        or (isinstance(body[-1], ast.Return) and not _does_something(body[-1]))  # type: ignore[arg-type]
    )  # fmt: skip
    method = isinstance(next(source.parents(function), None), ast.ClassDef)
    special = function.name.startswith(("__", "on_", "handle", "pytest_", "visit_", "do_", "test"))
    leaving = any(written(node).endswith("DeprecationWarning") for node in ast.walk(function))  # for its old callers
    return bool(function.decorator_list) or stub or method or special or leaving or _is_handed_on(source, function)


def _is_handed_on(source: Source, function: Function) -> bool:
    """Named somewhere without being called there: a callback."""
    named = function.name in source.once("handed on", lambda: _handed_on(source))
    return named or function_around(source, function) is not None


def _handed_on(source: Source) -> frozenset[str]:
    called = {id(call.func) for call in source.nodes(ast.Call)}
    return frozenset(node.id for node in source.nodes(ast.Name) if id(node) not in called)


def _unreached(source: Source, hit: Hit) -> Hit | None:
    """What makes a generator of a function, or is kept to say that a branch cannot be, is meant so."""
    if hit.start in source.once("before the first yield", lambda: _before_yields(source)):
        return None
    word = source.line(hit.start).strip()
    if word.startswith(
        ("pass", "raise AssertionError", "assert False", "assert_never", "raise NotImplementedError", "yield")
    ):
        return None
    return replace(hit, end=hit.start, message="Nothing reaches this line", confidence=0.9,
                   fix="Remove it, or mend the jump before it.")  # fmt: skip


def _before_yields(source: Source) -> frozenset[int]:
    """Lines of generators up to their first `yield`."""
    found: set[int] = set()
    for function in functions(source):
        yields = [each.lineno for each in walk_scope(function) if isinstance(each, ast.Yield | ast.YieldFrom)]
        if yields:
            found.update(range(function.lineno, min(yields) + 1))
    return frozenset(found)


DETECTOR = Detector(
    id="unused-code",
    title="Code that nothing uses or reaches",
    why="Readers take it for something that matters, and it is mended and tested for nothing; sometimes it is a "
    "mistake in the line that should have used it.",
    severity="low",
    confidence=0.85,
    category="CWE-561",
    languages=("python", "javascript", "typescript", "tsx"),
    codes={
        "ruff": ("F401", "F841"),
        "vulture": ("unused-variable", "unreachable"),
        "ast-grep": ("js-import", "js-local"),
    },
    sift=_sift,
    keep=either(_keep),
    codemod="ruff",
)
