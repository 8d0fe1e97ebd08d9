"""Names in a syntax tree: what a top-level statement defines and what it imports, for six grammars."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

_INSIDE = {  # statements whose body still is the top level
    "if_statement", "elif_clause", "else_clause", "try_statement", "except_clause", "finally_clause", "with_statement",
    "block", "ERROR",
}  # fmt: skip
_NAMED = {
    "function_definition", "class_definition",
    "function_declaration", "generator_function_declaration", "class_declaration", "abstract_class_declaration",
    "interface_declaration", "type_alias_declaration", "enum_declaration", "internal_module", "module",
    "function_signature",
    "function_item", "struct_item", "enum_item", "union_item", "trait_item", "type_item", "const_item", "static_item",
    "mod_item", "macro_definition",
    "record_declaration", "annotation_type_declaration",
    "type_spec", "type_alias", "const_spec", "var_spec",
}  # fmt: skip
_WRAPPED = {
    "decorated_definition", "export_statement", "ambient_declaration", "expression_statement", "type_declaration",
    "const_declaration", "var_declaration", "var_spec_list", "lexical_declaration", "variable_declaration",
}  # fmt: skip
_PARTS = {"method_declaration", "constructor_declaration", "function_item"}  # of a type or impl block
_MEMBERS = {"class_declaration", "interface_declaration", "enum_declaration", "record_declaration"}
_IMPORTS = {
    "import_statement", "import_from_statement", "future_import_statement", "import_declaration", "use_declaration",
    "export_clause", "namespace_export",
}  # fmt: skip


def statements(node: "Node") -> Iterator["Node"]:
    """The statements of a file, those under a top-level `if` or `try` too."""
    todo = list(reversed(node.named_children))  # no recursion: a hostile file nests deeper than Python's stack
    while todo:
        child = todo.pop()
        if child.type in _INSIDE:
            todo.extend(reversed(child.named_children))
        else:
            yield child


def definitions(node: "Node") -> Iterator[tuple[str, "Node"]]:
    """(name, node that holds the whole definition) for each name that a top-level statement defines."""
    todo = [(node, node)]
    while todo:
        inner, holder = todo.pop()
        if inner.type in _WRAPPED:
            keep = inner.type != "type_declaration"  # Go groups several types in one
            todo.extend((child, holder if keep else child) for child in reversed(inner.named_children))
        else:
            yield from ((name, _larger(holder, place)) for name, place in _defined(inner))


def _larger(holder: "Node", place: "Node") -> "Node":
    """The statement around a definition (its decorators, its `export`), unless the name is only a part of it."""
    return place if place.type in _PARTS else holder


def _defined(node: "Node") -> Iterator[tuple[str, "Node"]]:
    if node.type in ("assignment", "variable_declarator"):
        yield from ((name, node) for name in _targets(node) if not _private_variable(node, name))
    elif node.type == "method_declaration":  # Go: func (s *Server) Close()
        yield f"{_receiver(node)}.{_field(node, 'name')}", node
    elif node.type == "impl_item":
        yield from _members(_field(node, "type"), node)
    elif node.type == "type_alias_statement":  # Python: type Price = int
        yield _field(node, "left").split("[")[0], node
    elif node.type in _NAMED:
        for child in node.children_by_field_name("name"):
            name = _text(child)
            yield name, node
            if node.type in _MEMBERS and _is_java(node):
                yield from _members(name, node)


def imports(node: "Node") -> Iterator[str]:
    """Names that an import or re-export statement brings in: any identifier in it, "*" when it takes all."""
    if node.type in _IMPORTS:
        yield from _identifiers(node)
        if any(child.type in ("wildcard_import", "use_wildcard", "asterisk") for child in _descend(node)):
            yield "*"
    elif node.type == "export_statement":
        if any(child.type == "*" for child in node.children):
            yield "*"
        for child in node.named_children:
            if child.type in _IMPORTS:
                yield from _identifiers(child)


def _text(node: "Node") -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _field(node: "Node", name: str) -> str:
    child = node.child_by_field_name(name)
    return _text(child) if child else ""


def _targets(node: "Node") -> Iterator[str]:
    """Names on the left, of chains too (a = b = 1)."""
    here: Node | None = node
    while here is not None:
        left = here.child_by_field_name("left") or here.child_by_field_name("name")
        if left is not None and left.type == "identifier":
            yield _text(left)
        elif left is not None and left.type in ("pattern_list", "tuple_pattern", "object_pattern", "array_pattern"):
            yield from _identifiers(left)
        right = here.child_by_field_name("right")
        here = right if right is not None and right.type == "assignment" else None


def _private_variable(node: "Node", name: str) -> bool:
    return node.type == "assignment" and name.startswith("_") and not name.startswith("__")


def _identifiers(node: "Node") -> Iterator[str]:
    todo = [node]
    while todo:
        child = todo.pop()
        if child.type in ("identifier", "type_identifier", "shorthand_property_identifier_pattern"):
            yield _text(child)
        todo.extend(reversed(child.named_children))


def _receiver(node: "Node") -> str:
    receiver = node.child_by_field_name("receiver")
    return next((_text(part) for part in _descend(receiver) if part.type == "type_identifier"), "") if receiver else ""


def _descend(node: "Node") -> Iterator["Node"]:
    todo = [node]
    while todo:
        child = todo.pop()
        yield child
        todo.extend(reversed(child.named_children))


def _is_java(node: "Node") -> bool:
    body = node.child_by_field_name("body")
    return body is not None and (
        node.type == "record_declaration"
        or any(child.type in ("method_declaration", "field_declaration") for child in body.named_children)
        or any(child.type == "enum_body_declarations" for child in body.named_children)
    )


def _members(owner: str, node: "Node") -> Iterator[tuple[str, "Node"]]:
    """Methods of a Java type or a Rust impl block: there the file's top level alone would say too little."""
    body = node.child_by_field_name("body")
    for child in body.named_children if body is not None else ():
        if child.type in ("method_declaration", "constructor_declaration", "function_item"):
            yield f"{owner.split('<')[0]}.{_field(child, 'name')}", child
        elif child.type == "enum_body_declarations":
            for inner in child.named_children:
                if inner.type == "method_declaration":
                    yield f"{owner}.{_field(inner, 'name')}", inner
