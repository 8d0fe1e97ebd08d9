"""`def f(x=[])` becomes `def f(x=None)` with `if x is None: x = []` before anything else: each call gets its own.

Only where nobody can tell the difference but by the bug: literals of constants, no decorator that reads the signature,
no place that already knows None, no name that says the shared value is meant, no annotation that would become wrong.
"""

import re

import libcst as cst
import libcst.matchers as m

from factory.hunt.fixes.parsed import Lines, rewritten

_MEANT = re.compile(r"cache|memo|seen|registry|^_", re.IGNORECASE)
_PLAIN = ("staticmethod", "classmethod")
_EMPTY = m.OneOf(*(m.Call(func=m.Name(name), args=[]) for name in ("list", "dict", "set")))


_READ_ELSEWHERE = re.compile(  # the defaults themselves, or another meaning of list, dict and set
    r"__(kw)?defaults__|get_type_hints|\bsignature\(|\bdef (list|dict|set)\b|\bas (list|dict|set)\b"
    r"|(?<![.\w])(list|dict|set)\s*=[^=]"
)


def mend(text: str, start: int, end: int) -> str | None:
    if _READ_ELSEWHERE.search(text):
        return None
    return rewritten(text, lambda lines: _Sentinel(lines, start, max(start, end)))


class _Sentinel(cst.CSTTransformer):
    """Mends the first function with a mutable default on the lines; a second one is a finding of its own."""

    def __init__(self, lines: Lines, start: int, end: int) -> None:
        super().__init__()
        self.lines, self.start, self.end = lines, start, end
        self.lazy = False  # are annotations never evaluated?

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        names = node.names if not isinstance(node.names, cst.ImportStar) else ()
        if m.matches(node, m.ImportFrom(module=m.Name("__future__"))):
            self.lazy |= any(m.matches(each.name, m.Name("annotations")) for each in names)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        given = original_node.params
        hit = [each for each in (*given.params, *given.kwonly_params, *given.posonly_params) if self._here(each)]
        body = updated_node.body
        if not hit or not _simple(original_node) or not isinstance(body, cst.IndentedBlock):
            return updated_node
        if any(not self._certain(each, original_node) for each in hit):
            return updated_node
        names = {each.name.value: each for each in hit}
        return updated_node.with_changes(
            params=updated_node.params.visit(_Nones(names.keys())), body=_with_sentinels(body, list(names.values()))
        )

    def _here(self, param: cst.Param) -> bool:
        if param.default is None or not _mutable(param.default):
            return False
        return self.start <= self.lines(param)[0] <= self.end

    def _certain(self, param: cst.Param, function: cst.FunctionDef) -> bool:
        name = param.name.value
        if _MEANT.search(name) or param.default is None or not _constant(param.default):
            return False
        if param.annotation is not None and (not self.lazy or m.findall(param.annotation, m.SimpleString())):
            return False
        if m.findall(function.body, _remembered(name)):
            return False
        return not m.findall(function.body, m.Comparison(left=m.Name(name)) & _compares_none())


class _Nones(cst.CSTTransformer):
    def __init__(self, names: "set[str] | object") -> None:
        super().__init__()
        self.names = names

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        if original_node.name.value not in self.names:  # type: ignore[operator]
            return updated_node
        said = updated_node.annotation
        if said is not None and not re.search(r"\bNone\b|\bOptional\b", _code(said.annotation)):
            optional = cst.BinaryOperation(said.annotation, cst.BitOr(), cst.Name("None"))
            updated_node = updated_node.with_changes(annotation=said.with_changes(annotation=optional))
        return updated_node.with_changes(default=cst.Name("None"))


def _with_sentinels(body: cst.IndentedBlock, params: list[cst.Param]) -> cst.IndentedBlock:
    made = [
        cst.If(
            test=cst.Comparison(cst.Name(each.name.value), [cst.ComparisonTarget(cst.Is(), cst.Name("None"))]),
            body=cst.IndentedBlock([cst.SimpleStatementLine([
                cst.Assign([cst.AssignTarget(cst.Name(each.name.value))], each.default or cst.Name("None"))
            ])]),
        )
        for each in params
    ]  # fmt: skip
    first = 1 if body.body and _is_docstring(body.body[0]) else 0
    return body.with_changes(body=[*body.body[:first], *made, *body.body[first:]])


def _is_docstring(statement: cst.BaseStatement) -> bool:
    return m.matches(
        statement, m.SimpleStatementLine(body=[m.Expr(m.SimpleString() | m.ConcatenatedString()), m.ZeroOrMore()])
    )


def _simple(function: cst.FunctionDef) -> bool:
    """No decorator that may read the signature, and a body that does something."""
    if any(not (isinstance(each.decorator, cst.Name) and each.decorator.value in _PLAIN)
           for each in function.decorators):  # fmt: skip
        return False
    body = function.body
    rest = body.body[1:] if isinstance(body, cst.IndentedBlock) and _is_docstring(body.body[0]) else body.body
    idle = m.SimpleStatementLine(body=[m.Pass() | m.Expr(m.Ellipsis())])
    return any(not m.matches(each, idle) for each in rest)


def _mutable(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.List | cst.Dict | cst.Set) or m.matches(node, _EMPTY)


def _constant(node: cst.BaseExpression) -> bool:
    """A literal of constants only: made anew in each call it is the same value."""
    if m.matches(node, _EMPTY):
        return True
    fine = m.SimpleString() | m.Integer() | m.Float() | m.Name("True") | m.Name("False") | m.Name("None")
    if isinstance(node, cst.List | cst.Set):
        return all(isinstance(each, cst.Element) and m.matches(each.value, fine) for each in node.elements)
    if isinstance(node, cst.Dict):
        return all(isinstance(each, cst.DictElement) and m.matches(each.key, fine) and m.matches(each.value, fine)
                   for each in node.elements)  # fmt: skip
    return False


def _remembered(name: str) -> m.AssignTarget | m.AugAssign:
    """`name[key] = …`: what is kept by a key from call to call is a memory, and may be meant."""
    item = m.Subscript(value=m.Name(name))
    return m.AssignTarget(target=item) | m.AugAssign(target=item)  # type: ignore[return-value]


def _compares_none() -> m.Comparison:
    return m.Comparison(comparisons=[m.ZeroOrMore(), m.ComparisonTarget(comparator=m.Name("None")), m.ZeroOrMore()])


def _code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)
