"""Texts in code that name a place: where they may stand, and what is around them."""

import ast
import re
from collections.abc import Iterator

from factory.hunt.source import Source

_APART = re.compile(
    r"(^|/)(examples?|samples?|demos?|docs?|fixtures?|playgrounds?|sandbox|tutorials?|bench\w*|stories|notebooks?"
    r"|testing|integration|website|site)(/|[-_.])|(^|/)(settings|config\w*|constants?|defaults?|conf|consts?)(/|\.[cm]?[jt]sx?$|\.py$)"
    r"|\.(config|stories|d)\.[cm]?[jt]sx?$",
    re.IGNORECASE,
)


def is_apart(path: str) -> bool:
    """Where addresses and paths belong, or harm nobody: settings, examples, documentation."""
    return bool(_APART.search(path))


def texts_of(source: Source) -> Iterator[tuple[ast.Constant, str]]:
    """Literals of a Python file, without docstrings."""
    for node in source.nodes(ast.Constant):
        if isinstance(node.value, str) and node.value and not _is_prose(source, node):
            yield node, node.value


def _is_prose(source: Source, node: ast.Constant) -> bool:
    return isinstance(next(source.parents(node), None), ast.Expr)


def named(source: Source, node: ast.AST) -> bool:
    """Whether the literal has a name: a constant, a default, a setting. Then it stands in one place."""
    for parent in source.parents(node):
        if isinstance(parent, ast.Assign | ast.AnnAssign):
            targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
            return any(isinstance(each, ast.Name) and each.id.isupper() for each in targets) or not isinstance(
                next(source.parents(parent), None), ast.FunctionDef | ast.AsyncFunctionDef | ast.If | ast.With | ast.Try
            )
        if isinstance(parent, ast.arguments):
            return True
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module | ast.ClassDef):
            return False
    return False


def is_main(source: Source, node: ast.AST) -> bool:
    """Whether it stands beneath `if __name__ == "__main__"`: a way to try the module out."""
    return any(isinstance(each, ast.If) and "__name__" in ast.unparse(each.test) for each in source.parents(node))
