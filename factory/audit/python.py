"""A Python file in the audit's form."""

import ast
from collections.abc import Iterable, Iterator, Sequence

from factory.audit.code import Expr, File, Function, Stmt
from factory.hunt.names import Function as Definition
from factory.hunt.names import origins, written
from factory.hunt.source import Source

LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
ABORTS = ("abort", "exit", "fail", "error", "redirect", "_exit")


def read(source: Source) -> File | None:
    """None for what Python cannot parse."""
    module = source.module
    if module is None:
        return None
    maker = _Maker(source)
    top = Function(source.path, "", 1, len(source.lines), (), (), (), (), maker.block(module.body))
    return File(source.path, False, tuple(source.lines), (top, *maker.functions(module.body, "", "")))


class _Maker:
    def __init__(self, source: Source) -> None:
        self.known, self.path = origins(source), source.path

    def functions(self, body: Iterable[ast.AST], within: str, owner: str) -> Iterator[Function]:
        for node in body:
            if isinstance(node, Definition):
                name = f"{within}{node.name}"
                yield self.function(node, name, owner)
                yield from self.functions(node.body, f"{name}.", "")
            elif isinstance(node, ast.ClassDef):
                yield from self.functions(node.body, f"{within}{node.name}.", f"{within}{node.name}")
            elif isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
                yield from self.functions(ast.iter_child_nodes(node), within, owner)

    def function(self, node: Definition, name: str, owner: str) -> Function:
        known = node.args
        every = [*known.posonlyargs, *known.args, *known.kwonlyargs, *filter(None, (known.vararg, known.kwarg))]
        values = dict(zip(reversed([*known.posonlyargs, *known.args]), reversed(known.defaults), strict=False))
        values |= {arg: value for arg, value in zip(known.kwonlyargs, known.kw_defaults, strict=True) if value}
        called = {arg: written(value.func) for arg, value in values.items() if isinstance(value, ast.Call)}
        start = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
        return Function(
            self.path, name, start, node.end_lineno or node.lineno, tuple(arg.arg for arg in every),
            tuple(ast.unparse(arg.annotation) if arg.annotation else "" for arg in every),
            tuple(called.get(arg, "") for arg in every), tuple(map(self.expr, node.decorator_list)),
            self.block(node.body), owner,
        )  # fmt: skip

    def block(self, body: Sequence[ast.AST]) -> tuple[Stmt, ...]:
        return tuple(one for node in body for one in self.stmt(node))

    def stmt(self, node: ast.AST) -> Iterator[Stmt]:
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from self.assign(target, value, line)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from self.assign(target, value, line)
            case ast.AugAssign(target=target, value=value):
                both = Expr("text", line, args=(self.expr(target), self.expr(value)))
                yield from self.bound(target, both, line)
            case ast.Return(value=ast.expr() as value):
                yield Stmt("return", line, self.expr(value))
            case ast.If(test=test, body=body, orelse=orelse):
                yield Stmt("if", line, self.expr(test), body=self.block(body), orelse=self.block(orelse),
                           ends=(_leaves(body), _leaves(orelse)))  # fmt: skip
            case ast.For(target=target, iter=over, body=body) | ast.AsyncFor(target=target, iter=over, body=body):
                yield Stmt("loop", line, self.expr(over), _names(target), body=self.block(body))
            case ast.While(test=test, body=body):
                yield Stmt("loop", line, self.expr(test), body=self.block(body))
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    if item.optional_vars is None:
                        yield Stmt("do", line, self.expr(item.context_expr))
                    else:
                        yield from self.assign(item.optional_vars, item.context_expr, line)
                yield from self.block(body)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                yield from self.block([*body, *orelse])
                for handler in handlers:
                    yield from self.block(handler.body)
                yield from self.block(final)
            case ast.Match(subject=subject, cases=cases):
                for case in cases:
                    yield Stmt("if", line, self.expr(subject), body=self.block(case.body))
            case ast.Expr(value=value):
                yield Stmt("do", line, self.expr(value))
            case ast.Raise(exc=ast.expr() as value) | ast.Assert(test=value):
                yield Stmt("do", line, self.expr(value))

    def assign(self, target: ast.expr, value: ast.expr, line: int) -> Iterator[Stmt]:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for one, other in zip(target.elts, value.elts, strict=True):
                yield from self.assign(one, other, line)
        else:
            yield from self.bound(target, self.expr(value), line)

    def bound(self, target: ast.expr, value: Expr, line: int) -> Iterator[Stmt]:
        if isinstance(target, ast.Attribute | ast.Subscript):
            yield Stmt("store", line, value, place=self.expr(target))
        else:
            yield Stmt("assign", line, value, _names(target))

    def expr(self, node: ast.expr) -> Expr:
        line = node.lineno
        match node:
            case ast.Name(id=name):
                return Expr("name", line, self.known.get(name, name), text=name)
            case ast.Attribute(value=value, attr=attr):
                base = self.expr(value)
                return Expr("attr", line, _under(base, attr), base, text=attr)
            case ast.Subscript(value=value, slice=key):
                return Expr("index", line, base=self.expr(value), args=(self.expr(key),))
            case ast.Call():
                return self.call(node)
            case ast.Constant(value=value):
                return Expr("const", line, text=value if isinstance(value, str) else repr(value)[:2000])
            case ast.JoinedStr(values=values):
                return Expr("text", line, args=tuple(map(self.expr, values)))
            case ast.FormattedValue(value=value, conversion=conversion):
                inner = self.expr(value)
                return Expr("call", line, "repr", args=(inner,)) if conversion in (114, 97) else inner
            case ast.BinOp(left=left, op=ast.Mod(), right=right) if _is_text(left):
                return self.formatted(left, right if not isinstance(right, ast.Tuple) else None, right, line)
            case ast.BinOp(left=left, op=ast.Add() | ast.Div(), right=right):
                return Expr("text", line, args=(self.expr(left), self.expr(right)))
            case ast.Lambda(args=args, body=body):
                inner_body = (Stmt("return", line, self.expr(body)),)
                return Expr("lambda", line, params=tuple(arg.arg for arg in args.args), body=inner_body)
            case ast.Compare(left=left, ops=ops, comparators=others):
                words = " ".join(type(op).__name__.lower() for op in ops)
                return Expr("call", line, f"<{words}>", args=tuple(map(self.expr, (left, *others))))
            case ast.Dict(keys=keys, values=values):
                pairs = ((_key(key), self.expr(value)) for key, value in zip(keys, values, strict=True))
                return Expr("mix", line, "{}", keywords=tuple(pairs))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return Expr("call", line, "<if>", args=(self.expr(test), self.expr(body), self.expr(orelse)))
            case ast.Await(value=value) | ast.NamedExpr(value=value) | ast.Starred(value=value):
                return self.expr(value)
        parts = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)]
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            return self.comprehension(node, line)
        return Expr("mix", line, args=tuple(map(self.expr, parts)))

    def call(self, node: ast.Call) -> Expr:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "format" and _is_text(node.func.value):
            values = [*node.args, *(each.value for each in node.keywords)]
            return self.formatted(node.func.value, None, ast.Tuple(elts=values), node.lineno)
        func = self.expr(node.func)
        keywords = tuple((each.arg or "**", self.expr(each.value)) for each in node.keywords)
        base = func.base if func.kind == "attr" else None if func.kind == "name" else func
        return Expr("call", node.lineno, func.dotted, base, tuple(map(self.expr, node.args)),
                    keywords, func.text)  # fmt: skip

    def formatted(self, form: ast.expr, one: ast.expr | None, values: ast.expr, line: int) -> Expr:
        """`"…%s…" % value` and `"…{}…".format(value)`: the text before the first hole, the values, the rest."""
        text = form.value if isinstance(form, ast.Constant) and isinstance(form.value, str) else ""
        hole = min((at for at in (text.find("%"), text.find("{")) if at >= 0), default=len(text))
        inner = [one] if one is not None else list(getattr(values, "elts", [values]))
        parts = [Expr("const", line, text=text[:hole]), *map(self.expr, inner), Expr("const", line, text=text[hole:])]
        return Expr("text", line, args=tuple(parts))

    def comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, line: int
    ) -> Expr:  # fmt: skip
        """As a call with a lambda for each element: names that it binds come from what it goes over."""
        what = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        inner = Expr("mix", line, args=tuple(map(self.expr, what)))
        tests = [self.expr(test) for each in node.generators for test in each.ifs]
        for each in reversed(node.generators):
            names = tuple(name for name, _ in _names(each.target))
            body: tuple[Stmt, ...] = (Stmt("return", line, inner),)
            for test in tests:
                body = (Stmt("if", line, test, body=body),)
            inner = Expr("call", line, ".map", self.expr(each.iter), (Expr("lambda", line, params=names, body=body),))
        return inner


def _under(base: Expr, attr: str) -> str:
    return f"{base.dotted}.{attr}" if base.kind in ("name", "attr") else f".{attr}"


def _key(key: ast.expr | None) -> str:
    return "**" if key is None else key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _names(target: ast.expr) -> tuple[tuple[str, str], ...]:
    return tuple((each.id, "") for each in ast.walk(target) if isinstance(each, ast.Name))


def _leaves(body: Sequence[ast.stmt]) -> bool:
    last = body[-1] if body else None
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return written(last.value.func).rpartition(".")[2] in ABORTS
    return isinstance(last, LEAVES)
