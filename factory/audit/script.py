"""A JavaScript or TypeScript file in the audit's form, read by the code graph's grammars."""

import posixpath
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from factory.audit.code import Expr, File, Function, Stmt
from factory.codegraph.parse.languages import parse
from factory.hunt.source import Source

if TYPE_CHECKING:
    from factory.codegraph.parse.languages import Node

FUNCTIONS = ("function_declaration", "method_definition", "function_expression", "arrow_function",
             "generator_function_declaration", "function")  # fmt: skip
LEAVES = ("return_statement", "throw_statement", "continue_statement", "break_statement")
SAME = ("parenthesized_expression", "await_expression", "as_expression", "non_null_expression", "satisfies_expression",
        "spread_element", "type_assertion")  # fmt: skip
DEEPEST = 120  # nested expressions: no person wrote deeper ones


def read(source: Source) -> File | None:
    """None for what takes the grammar too long."""
    tree = parse(source.language, source.data)
    if tree is None:
        return None
    maker = _Maker(source.path)
    root = tree.root_node
    maker.note_imports(root)
    body = maker.block(root.named_children)
    top = Function(source.path, "", 1, len(source.lines), (), (), (), (), body)
    return File(source.path, True, tuple(source.lines), (top, *maker.found))


def module_name(path: str) -> str:
    stem = path.rpartition(".")[0] if "." in path.rpartition("/")[2] else path
    return stem.removesuffix("/index")


def _text(node: "Node | None") -> str:
    return node.text.decode("utf-8", "replace") if node is not None and node.text is not None else ""


def _line(node: "Node") -> int:
    return int(node.start_point[0]) + 1


class _Maker:
    def __init__(self, path: str) -> None:
        self.path = path
        self.known: dict[str, str] = {}
        self.found: list[Function] = []
        self.depth = 0

    def note_imports(self, root: "Node") -> None:
        for node in root.named_children:
            if node.type == "import_statement":
                module = self.module(_text(node.child_by_field_name("source")).strip("'\"`"))
                self.imported(node, module)
            elif node.type in ("lexical_declaration", "variable_declaration"):
                for one in node.named_children:
                    value = one.child_by_field_name("value")
                    if value is not None and _text(value.child_by_field_name("function")) == "require":
                        called = _text(value.child_by_field_name("arguments")).strip("()'\"` ")
                        self.required(one.child_by_field_name("name"), self.module(called))

    def module(self, name: str) -> str:
        """A relative module by its path in the tree."""
        name = name.removeprefix("node:")
        if not name.startswith("."):
            return name.replace("/", ".") if name in ("fs/promises",) else name
        return module_name(posixpath.normpath(posixpath.join(posixpath.dirname(self.path), name)) + ".")

    def imported(self, node: "Node", module: str) -> None:
        for each in _walk(node):
            if each.type == "import_specifier":
                name = _text(each.child_by_field_name("name"))
                self.known[_text(each.child_by_field_name("alias")) or name] = f"{module}.{name}"
            elif each.type in ("import_clause", "namespace_import"):
                self.known |= {_text(one): module for one in each.named_children if one.type == "identifier"}

    def required(self, name: "Node | None", module: str) -> None:
        if name is None:
            return
        if name.type == "identifier":
            self.known[_text(name)] = module
        for local, key in _pattern(name):
            if key:
                self.known[local] = f"{module}.{key}"

    def block(self, nodes: Iterable["Node"]) -> tuple[Stmt, ...]:
        return tuple(one for node in nodes for one in self.stmt(node))

    def inner(self, node: "Node | None") -> tuple[Stmt, ...]:
        if node is None:
            return ()
        return self.block(node.named_children if node.type in ("statement_block", "else_clause") else [node])

    def stmt(self, node: "Node") -> Iterator[Stmt]:
        line, kind = _line(node), node.type
        if kind in ("lexical_declaration", "variable_declaration"):
            for one in node.named_children:
                yield from self.declared(one, line)
        elif kind == "expression_statement" and node.named_children:
            yield from self.done(node.named_children[0], line)
        elif kind == "return_statement" and node.named_children:
            yield Stmt("return", line, self.expr(node.named_children[0]))
        elif kind == "if_statement":
            then, other = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
            test = self.maybe(node.child_by_field_name("condition"))
            yield Stmt("if", line, test, body=self.inner(then), orelse=self.inner(other), ends=(_leaves(then), False))
        elif kind in ("for_in_statement", "for_statement", "while_statement", "do_statement"):
            bound = node.child_by_field_name("left")
            over = self.maybe(node.child_by_field_name("right") or node.child_by_field_name("condition"))
            targets = tuple((name, "") for name, _ in _pattern(bound)) if bound is not None else ()
            yield Stmt("loop", line, over, targets, body=self.inner(node.child_by_field_name("body")))
        elif kind in ("function_declaration", "generator_function_declaration"):
            self.function(node, _text(node.child_by_field_name("name")), "")
        elif kind in ("class_declaration", "class"):
            self.members(node)
        elif kind == "throw_statement":
            yield Stmt("do", line, self.expr(node.named_children[0]))
        elif kind in ("statement_block", "try_statement", "export_statement", "catch_clause", "finally_clause",
                      "switch_statement", "switch_body", "switch_case", "labeled_statement"):  # fmt: skip
            value = node.child_by_field_name("value") if kind == "export_statement" else None
            if value is not None and value.type in FUNCTIONS:
                self.function(value, "default", "")
            else:
                yield from self.block(node.named_children)

    def declared(self, node: "Node", line: int) -> Iterator[Stmt]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            return
        if value.type in FUNCTIONS and name.type == "identifier":
            self.function(value, _text(name), "")
        else:
            yield Stmt("assign", line, self.expr(value), _pattern(name))

    def done(self, node: "Node", line: int) -> Iterator[Stmt]:
        if node.type not in ("assignment_expression", "augmented_assignment_expression"):
            yield Stmt("do", line, self.expr(node))
            return
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return
        if right.type in FUNCTIONS and "exports" in _text(left)[:20]:
            self.function(right, _text(left).rpartition(".")[2], "")
            return
        value = self.expr(right)
        if node.type != "assignment_expression":
            value = Expr("text", line, args=(self.expr(left), value))
        if left.type in ("member_expression", "subscript_expression"):
            yield Stmt("store", line, value, place=self.expr(left))
        else:
            yield Stmt("assign", line, value, _pattern(left))

    def members(self, node: "Node") -> None:
        owner, body = _text(node.child_by_field_name("name")), node.child_by_field_name("body")
        for one in body.named_children if body is not None else ():
            if one.type == "method_definition":
                self.function(one, f"{owner}.{_text(one.child_by_field_name('name'))}", owner)

    def function(self, node: "Node", name: str, owner: str) -> None:
        start, end = _line(node), int(node.end_point[0]) + 1
        params, body = self.params(node), self.body(node)
        self.found.append(Function(self.path, name, start, end, params, ("",) * len(params), ("",) * len(params), (),
                                   body, owner))  # fmt: skip

    def params(self, node: "Node") -> tuple[str, ...]:
        one, many = node.child_by_field_name("parameter"), node.child_by_field_name("parameters")
        if one is not None:
            return (_text(one),)
        found = []
        for each in many.named_children if many else ():
            inner = each.child_by_field_name("pattern") or each.child_by_field_name("left") or each
            found.append(_text(inner) if inner.type == "identifier" else ",".join(name for name, _ in _pattern(inner)))
        return tuple(found)

    def body(self, node: "Node") -> tuple[Stmt, ...]:
        body = node.child_by_field_name("body")
        if body is None:
            return ()
        if body.type == "statement_block":
            return self.block(body.named_children)
        return (Stmt("return", _line(body), self.expr(body)),)

    def maybe(self, node: "Node | None") -> Expr | None:
        return self.expr(node) if node is not None else None

    def expr(self, node: "Node") -> Expr:
        self.depth += 1
        try:
            return self._expr(node) if self.depth < DEEPEST else Expr("const", _line(node))
        finally:
            self.depth -= 1

    def _expr(self, node: "Node") -> Expr:
        line, kind = _line(node), node.type
        if kind in SAME and node.named_children:
            return self.expr(node.named_children[0])
        if kind in ("identifier", "this", "shorthand_property_identifier"):
            name = _text(node)
            return Expr("name", line, self.known.get(name, name), text=name)
        if kind == "member_expression":
            base, name = self._of(node, "object"), _text(node.child_by_field_name("property"))
            dotted = f"{base.dotted}.{name}" if base.kind in ("name", "attr") else f".{name}"
            return Expr("attr", line, dotted, base, text=name)
        if kind == "subscript_expression":
            return Expr("index", line, base=self._of(node, "object"), args=(self._of(node, "index"),))
        if kind in ("call_expression", "new_expression"):
            return self.call(node, line)
        if kind in ("string", "number", "regex", "true", "false", "null", "undefined"):
            return Expr("const", line, text=_text(node)[1:-1] if kind == "string" else _text(node))
        if kind == "template_string":
            parts = [Expr("const", _line(each), text=_text(each)) if each.type == "string_fragment"
                     else self.expr(each.named_children[0]) for each in node.named_children
                     if each.type == "string_fragment" or each.named_children]  # fmt: skip
            return Expr("text", line, args=tuple(parts))
        if kind == "binary_expression":
            return self.binary(node, line)
        if kind == "ternary_expression":
            parts = [self._of(node, each) for each in ("condition", "consequence", "alternative")]
            return Expr("call", line, "<if>", args=tuple(parts))
        if kind in FUNCTIONS:
            return Expr("lambda", line, params=self.params(node), body=self.body(node))
        if kind == "object":
            return self.object(node, line)
        if kind == "unary_expression":
            return Expr("call", line, "<not>", args=tuple(self.expr(each) for each in node.named_children))
        if kind == "assignment_expression":
            return self._of(node, "right")
        return Expr("mix", line, args=tuple(self.expr(each) for each in node.named_children))

    def _of(self, node: "Node", field: str) -> Expr:
        found = node.child_by_field_name(field)
        return self.expr(found) if found is not None else Expr("const", _line(node))

    def call(self, node: "Node", line: int) -> Expr:
        func = self._of(node, "function" if node.type == "call_expression" else "constructor")
        arguments = node.child_by_field_name("arguments")
        if arguments is not None and arguments.type == "template_string":  # a tag: sql`…${value}…` binds by itself
            return Expr("call", line, "<tag>", args=(self.expr(arguments),))
        args = tuple(self.expr(each) for each in (arguments.named_children if arguments is not None else ())
                     if each.type != "comment")  # fmt: skip
        base = func.base if func.kind == "attr" else None if func.kind == "name" else func
        return Expr("call", line, func.dotted, base, args, text=func.text)

    def binary(self, node: "Node", line: int) -> Expr:
        sign = _text(node.child_by_field_name("operator"))
        both = (self._of(node, "left"), self._of(node, "right"))
        if sign == "+":
            return Expr("text", line, args=both)
        if sign in ("||", "??", "&&"):
            return Expr("mix", line, args=both, dotted=sign)
        return Expr("call", line, f"<{sign}>", args=both)

    def object(self, node: "Node", line: int) -> Expr:
        pairs, methods = [], []
        for each in node.named_children:
            if each.type == "pair":
                key = _text(each.child_by_field_name("key")).strip("'\"")
                pairs.append((key, self._of(each, "value")))
            elif each.type == "shorthand_property_identifier":
                pairs.append((_text(each), self.expr(each)))
            elif each.type == "spread_element":
                pairs.append(("**", self.expr(each)))
            elif each.type == "method_definition":
                methods.append(Expr("lambda", _line(each), params=self.params(each), body=self.body(each)))
        return Expr("mix", line, "{}", args=tuple(methods), keywords=tuple(pairs))


def _walk(node: "Node") -> Iterator["Node"]:
    yield node
    for each in node.named_children:
        yield from _walk(each)


def _pattern(node: "Node") -> tuple[tuple[str, str], ...]:
    """(local name, key it is taken from) of what a pattern binds."""
    if node.type == "identifier":
        return ((_text(node), ""),)
    found: list[tuple[str, str]] = []
    for each in node.named_children:
        if each.type == "shorthand_property_identifier_pattern":
            found.append((_text(each), _text(each)))
        elif each.type == "object_assignment_pattern":
            name = _text(each.child_by_field_name("left"))
            found.append((name, name))
        elif each.type == "pair_pattern":
            key, value = _text(each.child_by_field_name("key")), each.child_by_field_name("value")
            found += [(name, key) for name, _ in (_pattern(value) if value is not None else ())]
        elif each.type in ("identifier", "array_pattern", "object_pattern", "rest_pattern", "assignment_pattern"):
            found += _pattern(each)
    return tuple(found)


def _leaves(node: "Node | None") -> bool:
    last = node.named_children[-1] if node and node.type == "statement_block" and node.named_children else node
    return last is not None and last.type in LEAVES
