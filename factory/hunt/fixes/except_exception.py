"""`except:` becomes `except Exception:`: Ctrl-C and sys.exit() get through again.

Not where the handler raises again or leaves by itself: there catching everything may be meant (to clean up, to report).
"""

import ast
import re

import libcst as cst

from factory.hunt.fixes.parsed import Lines, rewritten

_LEAVING = ("exit", "_exit", "abort", "kill")
_WAITS = frozenset(  # where Ctrl-C and exits are what the handler is for
    "input raw_input getpass prompt pause sleep wait serve_forever run_forever mainloop exit _exit"
    " parse_args parse_known_args".split()
)
_ENDS = re.compile(r"(?i)^_?(roll_?back|clean_?up|close|shut_?down|stop|terminate|kill|release|restore|remove|unlink"
                   r"|rmtree|reset|undo|revert|abort|disconnect|tear_?down)")  # fmt: skip


def mend(text: str, start: int, end: int) -> str | None:
    tree = _tree(text)
    if tree is None or _shadowed(tree):
        return None
    bare = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.type is None]
    wanted = [node for node in bare if start <= node.lineno <= max(start, end)][:1]
    if not wanted or _leaves(wanted[0]) or _is_for_exits(tree, wanted[0]):
        return None
    return rewritten(text, lambda lines: _Narrow(lines, wanted[0].lineno))


def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _shadowed(tree: ast.Module) -> bool:
    """Does the module give the name Exception another meaning?"""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "Exception" and not isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == "Exception":
            return True
        if isinstance(node, ast.alias) and (node.asname or node.name) in ("Exception", "*"):
            return True
    return False


def _leaves(handler: ast.ExceptHandler) -> bool:
    for node in ast.walk(handler):
        if isinstance(node, ast.Raise):
            return True
        if _name(node) in (*_LEAVING, "KeyboardInterrupt", "SystemExit", "BaseException", "exc_info"):
            return True
    return False


def _is_for_exits(tree: ast.Module, handler: ast.ExceptHandler) -> bool:
    """Is it what Ctrl-C and exits are to reach: behind an `except Exception`, around a wait, to end what was begun?"""
    tried = next(
        node for node in ast.walk(tree) if isinstance(node, ast.Try | ast.TryStar) and handler in node.handlers
    )
    caught = {_name(kind) for each in tried.handlers if each.type for kind in ast.walk(each.type)}
    waits = any(_name(node) in _WAITS for each in tried.body for node in ast.walk(each))
    ends = any(isinstance(node, ast.Call) and _ENDS.match(_name(node.func)) for node in ast.walk(handler))
    return bool(caught & {"Exception", "BaseException"}) or waits or ends


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class _Narrow(cst.CSTTransformer):
    def __init__(self, lines: Lines, line: int) -> None:
        super().__init__()
        self.lines, self.line = lines, line

    def leave_ExceptHandler(
        self, original_node: cst.ExceptHandler, updated_node: cst.ExceptHandler
    ) -> cst.ExceptHandler:
        if original_node.type is not None or self.lines(original_node)[0] != self.line:
            return updated_node
        return updated_node.with_changes(
            type=cst.Name("Exception"), whitespace_after_except=cst.SimpleWhitespace(" "),
            whitespace_before_colon=cst.SimpleWhitespace(""),
        )  # fmt: skip
