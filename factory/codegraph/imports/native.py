"""Imports of Go (modules and folders), Rust (the module tree of a crate) and C and C++ (includes)."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from factory.codegraph.facts import Import
from factory.codegraph.imports.tree import Tree, folder_of, join, name_of, stem_of, upwards

_MODULE = re.compile(r'^\s*module\s+"?([^\s"]+)', re.MULTILINE)
_REPLACE = re.compile(r"^\s*(?:replace\s+)?(\S+)(?:\s+v\S+)?\s+=>\s+(\.\S*)", re.MULTILINE)
_SYSTEM = frozenset(
    f"{name}.h"
    for name in "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign "
    "stdarg stdatomic stdbool stddef stdint stdio stdlib string tgmath threads time uchar unistd wchar wctype".split()
)
_ROOTS = ("lib.rs", "main.rs")


def go(tree: Tree, path: str, import_: Import) -> Iterable[str]:
    """Every source file of the imported package's folder."""
    wanted = import_.module.strip('"`')
    for module, root in tree.once("go.mod", lambda: _modules(tree)):
        if wanted == module or wanted.startswith(f"{module}/"):
            return _package(tree, join(root, wanted[len(module) :].lstrip("/") or "."))
    if not tree.named("go.mod") and wanted.count("/") > 1:  # a GOPATH of old
        for tail in _tails(wanted):
            for folder in tree.folders_ending(tail, path):
                return _package(tree, folder)
    return ()


def _modules(tree: Tree) -> list[tuple[str, str]]:
    """(module path, folder), the longest path first."""
    found: dict[str, str] = {}
    for folder, text in tree.manifests("go.mod").items():
        if module := _MODULE.search(text):
            found[module[1]] = folder
        for name, target in _REPLACE.findall(text):
            found.setdefault(name, join(folder, target))
    return sorted(found.items(), key=lambda row: -len(row[0]))


def _package(tree: Tree, folder: str) -> list[str]:
    return [path for path in tree.files(folder, ".go") if not path.endswith("_test.go")]


def _tails(wanted: str) -> Iterator[str]:
    parts = wanted.split("/")
    yield from ("/".join(parts[start:]) for start in range(len(parts) - 1))


def include(tree: Tree, path: str, import_: Import) -> tuple[str, ...]:
    """Beside the file, then in an include folder above it, then the closest file that ends so."""
    wanted = import_.module.strip('"<>').removeprefix("./")
    beside = tree.first([join(folder_of(path), wanted)])
    if beside or wanted.startswith("../"):
        return beside
    above = tree.first(join(folder, f"{middle}/{wanted}") for folder in upwards(folder_of(path))
                       for middle in (".", "include", "src", "inc"))  # fmt: skip
    if above or wanted in _SYSTEM:
        return above
    return tuple(tree.ending(wanted, path)[:1])


def rust(tree: Tree, path: str, import_: Import) -> Iterator[str]:
    """`use crate::cart::{total, tax}` means cart.rs, and cart/tax.rs where that is a module."""
    for name in import_.names:
        if name not in ("*", "self"):
            yield from _walk(tree, path, f"{import_.module}::{name}", whole=True)
    yield from _walk(tree, path, import_.module)


def _walk(tree: Tree, path: str, written: str, whole: bool = False) -> tuple[str, ...]:
    """Down the modules as far as they go: the rest are items. `whole`: all of it must be a module."""
    parts = [part for part in written.split("::") if part]
    start = _start(tree, path, parts)
    if start is None:
        return ()
    place, parts = start
    found = place
    for number, part in enumerate(parts):
        below = _child(tree, found, part)
        if not below:
            return () if whole or (number == 0 and place == path) else (found,)
        found = below
    return (found,)


def _start(tree: Tree, path: str, parts: list[str]) -> tuple[str, list[str]] | None:
    """(file of the module that the path starts at, what is left of the path)"""
    first = parts[0] if parts else ""
    if first == "crate":
        root = _crate_root(tree, path)
        return (root, parts[1:]) if root else None
    if first in ("self", "super"):
        here = path
        while parts and parts[0] in ("self", "super"):
            if parts[0] == "super" and not (here := _parent(tree, here)):
                return None
            parts = parts[1:]
        return here, parts
    if first and _child(tree, path, first):
        return path, parts
    crates = tree.once("Cargo.toml", lambda: _crates(tree))
    return (crates[first], parts[1:]) if first in crates else None


def _crate_root(tree: Tree, path: str) -> str:
    for folder in upwards(folder_of(path)):
        for root in _ROOTS:
            for candidate in (f"{folder}/{root}", f"{folder}/src/{root}"):
                if candidate.lstrip("/") in tree:
                    return candidate.lstrip("/")
        if f"{folder}/Cargo.toml".lstrip("/") in tree:
            break
    return path  # a test, an example or a build script is a crate of its own


def _inside(path: str) -> str:
    """The folder that holds a module's children."""
    if name_of(path) in (*_ROOTS, "mod.rs"):
        return folder_of(path)
    return f"{folder_of(path)}/{stem_of(path)}".lstrip("/")


def _child(tree: Tree, path: str, name: str) -> str:
    inside = _inside(path)
    folders = [inside] if folder_of(path) == inside or not _own_root(path) else [inside, folder_of(path)]
    found = tree.first(f"{folder}/{name}{ending}".lstrip("/") for folder in folders for ending in (".rs", "/mod.rs"))
    return found[0] if found else ""


def _own_root(path: str) -> bool:
    """Files that cargo takes as crates: their modules stand beside them."""
    return name_of(folder_of(path)) in ("tests", "examples", "benches", "bin") or name_of(path) == "build.rs"


def _parent(tree: Tree, path: str) -> str:
    folder = folder_of(path)
    if name_of(path) == "mod.rs":
        folder = folder_of(folder)
    elif name_of(path) in _ROOTS:
        return ""
    names = [f"{folder}/{name}" for name in ("mod.rs", *_ROOTS)] + [f"{folder}.rs"]
    found = tree.first(name.lstrip("/") for name in names)
    return found[0] if found else ""


def _crates(tree: Tree) -> dict[str, str]:
    """Root file by the name that code writes: of each Cargo.toml in the tree."""
    found: dict[str, str] = {}
    for folder, text in tree.manifests("Cargo.toml").items():
        try:
            manifest = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError):
            continue
        library, package = manifest.get("lib"), manifest.get("package")
        library = library if isinstance(library, dict) else {}
        name = library.get("name") or (package.get("name") if isinstance(package, dict) else None)
        root = join(folder, str(library.get("path") or "src/lib.rs"))
        if isinstance(name, str) and root in tree:
            found[PurePosixPath(name).name.replace("-", "_")] = root
    return found
