"""Imports of JavaScript and TypeScript: relative paths, tsconfig's paths and baseUrl, packages of the workspace."""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from factory.codegraph.facts import Import
from factory.codegraph.imports.tree import Tree, folder_of, join, upwards

_ENDINGS = (".ts", ".tsx", ".d.ts", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json", ".vue", ".svelte")
_WRITTEN = {".js": (".ts", ".tsx", ".d.ts"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
_CONFIGS = ("tsconfig.json", "jsconfig.json", "tsconfig.base.json")
_ENTRIES = ("source", "types", "typings", "module", "main", "browser")  # of a package.json, those of sources first
_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA = re.compile(r",(\s*[}\]])")


def script(tree: Tree, path: str, import_: Import) -> Iterator[str]:
    """Of a package's inside (`@shop/core/cart`) the source, never what a build would have made of it."""
    wanted = import_.module.strip("'\"`").partition("?")[0]
    if wanted.startswith("."):
        yield from _file(tree, join(folder_of(path), wanted))
        return
    for found in (_mapped(tree, path, wanted), _workspace(tree, wanted), _aliased(tree, path, wanted)):
        if found:
            yield from found
            return


def _file(tree: Tree, base: str) -> tuple[str, ...]:
    """The file that a path without its ending means, or the index of a folder ('' = the root)."""
    stem, dot, ending = base.rpartition(".")
    written = [f"{stem}{other}" for other in _WRITTEN.get(dot + ending, ())]
    indexes = [f"{base}/index{ending}".lstrip("/") for ending in _ENDINGS]
    return tree.first([base, *(f"{base}{ending}" for ending in _ENDINGS), *written, *indexes])


def _mapped(tree: Tree, path: str, wanted: str) -> tuple[str, ...]:
    """By the nearest tsconfig.json that says something about it."""
    for folder in upwards(folder_of(path)):
        for pattern, target in _paths_at(tree, folder):
            start, star, end = pattern.partition("*")
            if wanted == pattern or (star and wanted.startswith(start) and wanted.endswith(end)):
                middle = wanted[len(start) : len(wanted) - len(end)] if star else ""
                if found := _file(tree, join("", target.replace("*", middle))):
                    return found
    return ()


def _paths_at(tree: Tree, folder: str) -> tuple[tuple[str, str], ...]:
    """(pattern, target from the root) of the configurations in one folder, the most special first."""

    def read() -> tuple[tuple[str, str], ...]:
        configs = [config for name in _CONFIGS if (config := f"{folder}/{name}".lstrip("/")) in tree]
        found = dict.fromkeys(row for config in configs for row in _paths(tree, config))
        return tuple(sorted(found, key=lambda row: (row[0] == "*", -len(row[0]))))

    return tree.once(("tsconfig", folder), read)


def _paths(tree: Tree, config: str, depth: int = 0) -> list[tuple[str, str]]:
    read = _json(tree.view.text(config))
    options = _dict(read.get("compilerOptions"))
    base = options.get("baseUrl")
    root = join(folder_of(config), base) if isinstance(base, str) else folder_of(config)
    found = [
        (pattern, f"{root}/{target.removeprefix('./')}".lstrip("/"))
        for pattern, targets in _dict(options.get("paths")).items()
        for target in (targets if isinstance(targets, list) else ())
        if isinstance(target, str)
    ]
    if isinstance(base, str):
        found.append(("*", f"{root}/*".lstrip("/")))
    above = read.get("extends")
    if not found and isinstance(above, str) and above.startswith(".") and depth < 3:
        parent = join(folder_of(config), above if above.endswith(".json") else f"{above}.json")
        return _paths(tree, parent, depth + 1) if parent in tree else []
    return found


def _workspace(tree: Tree, wanted: str) -> tuple[str, ...]:
    """A package of this very repository, by the name in its package.json."""
    packages = tree.once("package.json", lambda: _packages(tree))
    parts = wanted.split("/")
    size = 2 if wanted.startswith("@") else 1
    name, rest = "/".join(parts[:size]), "/".join(parts[size:])
    if name not in packages:
        return ()
    folder = packages[name]
    if rest:
        return _file(tree, join(folder, rest)) or _file(tree, join(folder, f"src/{rest}"))
    return _entry(tree, folder)


def _entry(tree: Tree, folder: str) -> tuple[str, ...]:
    manifest = _json(tree.view.text(f"{folder}/package.json".lstrip("/")))
    for key in _ENTRIES:
        value = manifest.get(key)
        if isinstance(value, str) and (found := _file(tree, join(folder, value))):
            return found
    return _file(tree, join(folder, "src/index")) or _file(tree, join(folder, "index"))


def _packages(tree: Tree) -> dict[str, str]:
    """Folder by name."""
    names: dict[str, str] = {}
    for folder, text in tree.manifests("package.json").items():
        name = _json(text).get("name")
        if isinstance(name, str) and name:
            names.setdefault(name, folder)
    return names


def _aliased(tree: Tree, path: str, wanted: str) -> tuple[str, ...]:
    """`@/cart` and `~/cart`, as bundlers take them: from the nearest src, or from the root."""
    if not wanted.startswith(("@/", "~/")):
        return ()
    for folder in upwards(folder_of(path)):
        if found := _file(tree, join(folder, f"src/{wanted[2:]}")) or _file(tree, join(folder, wanted[2:])):
            return found
    return ()


@lru_cache(maxsize=256)
def _json(text: str) -> dict[str, Any]:
    """An object, comments and trailing commas forgiven; {} for what is none."""
    try:
        return _dict(json.loads(_COMMA.sub(r"\1", _COMMENT.sub(lambda found: found[1] or "", text))))
    except (ValueError, RecursionError):
        return {}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
