"""Definitions that nothing in a tree names: not code, a text, a template, configuration or documentation.

Stricter than vulture and than the graph alone. What is left out may be called from elsewhere: a library's public names,
what a decorator hands out, methods of a class whose base is not known here, and names that are put together in code.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from factory.hunt.detector import Hit
from factory.hunt.ground import Ground
from factory.hunt.source import SCRIPT, Source

_FOUND_BY_NAME = re.compile(
    r"^(__\w+__|test\w*|pytest_\w+|visit_\w+|depart_\w+|generic_visit|do_[A-Z]+|on_\w+|handle_\w+|setup\w*|teardown\w*"
    r"|_call_print|_(getattr|getitem|getiter|write|inplacevar|(iter_)?unpack_sequence)_"  # RestrictedPython
    r"|setUp\w*|tearDown\w*|main|upgrade|downgrade|handler|lambda_handler|application|app|create_app|run|register"
    r"|conf\w*|post_\w+|pre_\w+|when_\w+|worker_\w+|child_\w+|default|get_\w+|load_\w+|includeme|forwards|backwards)$"
)
_SET_APART = re.compile(
    r"(^|/)(migrations?|alembic|versions|examples?|samples?|demos?|docs?|templates?|stubs?|typings|plugins?|fixtures?"
    r"|hooks?|conf|settings|playground|sandbox|templatetags|types?)/|(^|/)(__init__|conf|setup|conftest|settings|noxfile|tasks|fabfile"
    r"|gunicorn[\w.]*|manage|wsgi|asgi|dodo|hooks?|plugins?)\.py$|\.pyi$|\.d\.ts$|\.config\.[cm]?[jt]s$|\.stories\.[jt]sx?$"
)
_PACKAGED = ("setup.py", "setup.cfg", "pyproject.toml")
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def sifted(ground: Ground, hits: Sequence[Hit]) -> Iterator[Hit]:
    """Those of vulture's that no word in the tree speaks for."""
    public = _is_library(ground)
    by_path: dict[str, list[Hit]] = {}
    for hit in hits:
        if hit.path in ground.known and not _SET_APART.search(hit.path) and _is_dead(ground, hit.quoted, public):
            by_path.setdefault(hit.path, []).append(hit)
    for path, mine in by_path.items():
        source = ground.source(path)
        for hit in mine:
            node = _definition(source, hit)
            if node is not None and not source.is_test and _is_plain(source, node):
                yield replace(hit, message=f"`{node.name}` is defined and named nowhere else in the tree",
                              quoted=source.line(node.lineno).strip(), end=hit.start, confidence=None,
                              fix="Remove it, or call it where it was meant to be called.")  # fmt: skip


def scripts(ground: Ground) -> Iterator[Hit]:
    """The same for JavaScript and TypeScript: functions and classes that are not exported, from the graph."""
    view = ground.view() if ground.view else None
    if view is None:
        return
    for path, doc in view.docs.items():
        if doc.language not in SCRIPT or doc.test or path not in ground.known or _SET_APART.search(path):
            continue
        source = None
        for symbol in view.facts(path).symbols:
            if symbol.kind in ("function", "class") and not symbol.owner and ground.words.count(symbol.name) == 1:
                source = source or ground.source(path)
                line = source.line(symbol.line)
                if re.match(r"\s*(async\s+)?(function\b|class\b)", line):
                    yield Hit(path, symbol.line, f"`{symbol.name}` is defined and named nowhere else in the tree",
                              quoted=line.strip(), fix="Remove it, or export it to whom it is for.")  # fmt: skip


def _is_library(ground: Ground) -> bool:
    """Whether others import what is here: then its public names are not ours to judge."""
    return any(
        name in ground.known and (name != "pyproject.toml" or "[build-system]" in ground.source(name).text)
        for name in _PACKAGED
    )


def _is_dead(ground: Ground, name: str, public: bool) -> bool:
    private = name.startswith("_")
    if len(name) < 3 or _FOUND_BY_NAME.match(name) or (public and not private):
        return False
    return ground.words.count(name) == 1 and not _is_put_together(ground, name)


def _is_put_together(ground: Ground, name: str) -> bool:
    """Whether a part of the name stands in the tree by itself, as in getattr(self, f"export_{kind}")."""
    cuts = [match.start() + 1 for match in re.finditer(r"(?<=[^_])_", name)]
    starts = (name[:cut] for cut in cuts)
    ends = (name[cut - 1 :] for cut in cuts)
    return any(ground.words.code[part] for part in (*starts, *ends) if len(part) > 2)


def _definition(source: Source, hit: Hit) -> Definition | None:
    nodes: tuple[Definition, ...] = (
        *source.nodes(ast.FunctionDef), *source.nodes(ast.AsyncFunctionDef), *source.nodes(ast.ClassDef),
    )  # fmt: skip
    for node in nodes:
        first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
        if node.name == hit.quoted and first <= hit.start <= node.lineno:
            return node
    return None


def _is_plain(source: Source, node: Definition) -> bool:
    """Neither decorated nor in, or of, a class that somebody else may call into; not in a branch by platform."""
    if node.decorator_list or (isinstance(node, ast.ClassDef) and (node.bases or node.keywords)):
        return False
    for parent in source.parents(node):
        if isinstance(parent, ast.ClassDef) and (parent.bases or parent.keywords or parent.decorator_list):
            return False
        if isinstance(parent, ast.If | ast.Try):
            return False
    return PurePosixPath(source.path).suffix == ".py" and "__getattr__" not in source.text
