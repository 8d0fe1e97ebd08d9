"""Imports by name or path in Java, Kotlin, C#, PHP, Ruby, Swift and Bash: folders that are named like packages."""

import json
from collections.abc import Iterable, Iterator

from factory.codegraph.facts import Import
from factory.codegraph.imports.tree import Tree, folder_of, join, upwards

_JVM = (".java", ".kt", ".kts")


def java(tree: Tree, path: str, import_: Import) -> Iterator[str]:
    """`com.shop.Cart`, a member of it (static imports), a package's `*`, a Kotlin function of a package."""
    names = [name for name in import_.names if name != "*"]
    for full in [f"{import_.module}.{name}" for name in names] or [import_.module]:
        yield from _class(tree, path, full.split("."))
    if "*" in import_.names:
        tail = import_.module.replace(".", "/")
        for folder in tree.folders_ending(tail, path):
            yield from tree.files(folder, *_JVM)


def _class(tree: Tree, path: str, parts: list[str]) -> Iterable[str]:
    for size in range(len(parts), max(1, len(parts) - 3), -1):
        tail = "/".join(parts[:size])
        if found := [one for ending in _JVM for one in tree.ending(f"{tail}{ending}", path)]:
            return found[:1]
    return _defined_in(tree, path, parts[-1], "/".join(parts[:-1]))


def _defined_in(tree: Tree, path: str, name: str, folder: str) -> list[str]:
    """Kotlin's files need no name of what is in them, and may leave out the folders all packages share."""
    defining = [one for doc, _ in tree.view.postings("def", name) for one in tree.view.paths(doc)]
    folders = set(tree.folders_ending(folder, path))
    last = folder.rpartition("/")[2]
    inside = [one for one in defining if folder_of(one) in folders]
    return inside or [one for one in defining if one.endswith(".kt") and folder_of(one).rpartition("/")[2] == last]


def namespace(tree: Tree, path: str, import_: Import) -> Iterator[str]:
    """C#: the files that declare the namespace; where nothing says so, the folder that is named like it."""
    wanted = import_.module.removeprefix("static ").strip()
    declared = [one for doc, _ in tree.view.postings("def", wanted.rpartition(".")[2]) for one in tree.view.paths(doc)]
    found = [one for one in declared if _declares(tree, one, wanted)]
    if not found:
        parts = wanted.split(".")
        tails = [wanted, "/".join(parts), "/".join(parts[1:])]
        found = [one for tail in tails if tail for folder in tree.folders_ending(tail, path)
                 for one in tree.files(folder, ".cs")]  # fmt: skip
    yield from found


def _declares(tree: Tree, path: str, wanted: str) -> bool:
    symbols = tree.view.facts(path).symbols
    return any(one.kind == "module" and wanted in (one.name, one.full) for one in symbols) or any(
        wanted == one.full for one in symbols
    )


def php(tree: Tree, path: str, import_: Import) -> Iterator[str]:
    """`Shop\\Cart\\Total` by composer.json's PSR-4 folders, else by the end of the path; required files by path."""
    written = import_.module.strip("'\"")
    if written.endswith(".php"):
        yield from _beside(tree, path, written.lstrip("/"))
        return
    names = [f"{written}\\{name}" for name in import_.names if name != "*"] or [written]
    for name in names:
        full = name.replace("\\", "/").replace(".", "/").strip("/")
        mapped = tree.first(f"{join(folder, full[len(prefix) :].lstrip('/'))}.php"
                            for prefix, folder in tree.once("composer.json", lambda: _autoload(tree))
                            if full.startswith(prefix))  # fmt: skip
        yield from mapped or tree.ending(f"{full}.php", path)[:1] or _shorter(tree, path, full)


def _shorter(tree: Tree, path: str, full: str) -> list[str]:
    """Without the vendor's name, which has no folder."""
    tail = full.partition("/")[2]
    return tree.ending(f"{tail}.php", path)[:1] if "/" in tail else []


def _autoload(tree: Tree) -> list[tuple[str, str]]:
    """(prefix with slashes, folder) of every composer.json, the longest prefix first."""
    found: list[tuple[str, str]] = []
    for folder, text in tree.manifests("composer.json").items():
        try:
            manifest = json.loads(text)
        except (ValueError, RecursionError):
            continue
        for key in ("autoload", "autoload-dev"):
            part = manifest.get(key) if isinstance(manifest, dict) else None
            mapped = part.get("psr-4") if isinstance(part, dict) else None
            for prefix, targets in mapped.items() if isinstance(mapped, dict) else ():
                some = targets if isinstance(targets, list) else [targets]
                found += [(prefix.replace("\\", "/"), join(folder, one or ".")) for one in some if isinstance(one, str)]
    return sorted(found, key=lambda row: -len(row[0]))


def ruby(tree: Tree, path: str, import_: Import) -> list[str]:
    """require_relative is taken as `./x`; require looks into the folders above for lib, then anywhere."""
    wanted = import_.module.strip("'\"").removesuffix(".rb")
    if found := _beside(tree, path, f"{wanted}.rb"):
        return found
    if wanted.startswith("."):
        return []
    libraries = tree.first(f"{join(folder, middle)}/{wanted}.rb".lstrip("/") for folder in upwards(folder_of(path))
                           for middle in ("lib", "app", "spec", "test", "."))  # fmt: skip
    return list(libraries) or (tree.ending(f"{wanted}.rb", path)[:1] if "/" in wanted else [])


def bash(tree: Tree, path: str, import_: Import) -> list[str]:
    """A sourced file: variables in front of its name ("$here/lib.sh") are left off."""
    wanted = import_.module.strip("'\"")
    plain = wanted.rpartition("}")[2] if "}" in wanted else wanted
    if "$" in plain:
        plain = plain.rpartition("$")[2].partition("/")[2]
    plain = plain.lstrip("/)\"' ")
    return (_beside(tree, path, plain) or tree.ending(plain, path)[:1]) if plain else []


def _beside(tree: Tree, path: str, wanted: str) -> list[str]:
    return list(tree.first([join(folder_of(path), wanted), join("", wanted)]))


def swift(tree: Tree, path: str, import_: Import) -> list[str]:
    """A module of the package: the files under Sources/<name>."""
    name = import_.module.partition(".")[0]
    roots = tree.folders_ending(f"Sources/{name}", path)[:1]
    return [one for root in roots for one in tree.view.docs
            if one.startswith(f"{root}/") and one.endswith(".swift")]  # fmt: skip
