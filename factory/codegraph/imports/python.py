"""Python's imports: relative ones by their dots, absolute ones from whatever folder turns out to be a source root."""

import sys
from collections.abc import Iterator

from factory.codegraph.facts import Import
from factory.codegraph.imports.tree import Tree, folder_of, join, shared

_ENDINGS = (".py", ".pyi", "/__init__.py", "/__init__.pyi")


def python(tree: Tree, path: str, import_: Import) -> Iterator[str]:
    """`from shop import cart` means shop/cart.py where there is one; the package itself for its other names."""
    whole = False
    for name in import_.names:
        part = _module(tree, path, f"{import_.module}{'' if import_.module.endswith('.') else '.'}{name}")
        yield from part
        whole = whole or not part
    if whole or not import_.names:
        yield from _module(tree, path, import_.module)


def _module(tree: Tree, path: str, module: str) -> list[str]:
    name = module.lstrip(".")
    dots = len(module) - len(name)
    tail = name.replace(".", "/")
    if not dots:
        return _absolute(tree, path, tail) if tail and not tail.endswith("*") else []
    folder = folder_of(path)
    for _ in range(dots - 1):
        if not folder:
            return []
        folder = folder_of(folder)
    base = join(folder, tail) if tail else folder
    return _at(tree, base) if base or not tail else []


def _at(tree: Tree, base: str) -> list[str]:
    return [found for ending in _ENDINGS if (found := f"{base}{ending}".lstrip("/")) in tree]


def _absolute(tree: Tree, path: str, tail: str) -> list[str]:
    """The module from the best source root: one whose folder is no package itself, the closest to who asks."""
    roots = tree.once(("python", tail), lambda: _roots(tree, tail))
    if tail in sys.stdlib_module_names:  # `import json` beside some script called json.py elsewhere
        roots = roots & {"", "src", folder_of(path)}
    if not roots:
        return []
    best = min(roots, key=lambda root: (-shared(f"{root}/x", path), root.count("/"), root))
    return _at(tree, f"{best}/{tail}".lstrip("/"))


def _roots(tree: Tree, tail: str) -> set[str]:
    found = [one for ending in _ENDINGS for one in tree.ending(f"{tail}{ending}", "")]
    roots = {one[: one.rindex(tail)].rstrip("/") for one in found}
    return {root for root in roots if not _package(tree, root)}


def _package(tree: Tree, folder: str) -> bool:
    return bool(folder) and f"{folder}/__init__.py" in tree
