"""A file as libcst sees it: whole, with its comments and white space, so that what is not changed stays as it was."""

import ast
from collections.abc import Callable

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

Lines = Callable[[cst.CSTNode], tuple[int, int]]


def rewritten(text: str, make: Callable[[Lines], cst.CSTTransformer]) -> str | None:
    """The text after one transformer; None when it cannot be read. `make` is given a node's lines (first, last)."""
    try:
        ast.parse(text)  # its parser bounds how deep a text may nest; libcst's own does not
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)  # parsed here: no node is there twice
        positions = wrapper.resolve(PositionProvider)

        def lines(node: cst.CSTNode) -> tuple[int, int]:
            at = positions.get(node)
            return (at.start.line, at.end.line) if isinstance(at, CodeRange) else (0, 0)

        return wrapper.module.visit(make(lines)).code
    except (SyntaxError, ValueError, RecursionError, MemoryError, cst.ParserSyntaxError, cst.CSTValidationError):
        return None
