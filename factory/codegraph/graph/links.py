"""Links between files: what each imports, where a name in it may come from, and who imports it."""

from collections.abc import Iterator
from typing import NamedTuple

from factory.codegraph.imports.resolve import resolver_of
from factory.codegraph.imports.tree import folder_of, name_of, shared, stem_of
from factory.codegraph.view import View

HOPS = 4  # through files that only hand a name on
FEW_FILES = 400  # up to so many of a language all are asked whom they import
MOST_READ = 1500  # files that are asked whom they import, those in near folders first
MOST_NAMES = 40  # of a file, looked up to find who imports it
_INDEXES = ("__init__", "index", "mod", "lib", "main")
_HEADERS = (".h", ".hpp", ".hh", ".hxx")
_WHOLE = ("", "*", "default", "self")
_SHARED_FOLDER = ("go", "java", "kotlin", "php", "csharp")  # files of one folder see each other without an import
_INCLUDED = ("c", "cpp")
_SCRIPTS = ("javascript", "typescript", "tsx")


class Linked(NamedTuple):
    """An import that means files of the tree; `whole` when it takes the module and not names out of it."""

    module: str
    names: tuple[str, ...]
    paths: tuple[str, ...]
    line: int
    whole: bool


class Links:
    """The imports of one view."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._resolver = resolver_of(view)
        self._links: dict[str, tuple[Linked, ...]] = {}
        self._imported: dict[str, frozenset[str]] = {}
        self._sources: dict[tuple[str, str], frozenset[str]] = {}

    def of(self, path: str) -> tuple[Linked, ...]:
        """A file's imports that lead into the tree, by line."""
        if path not in self._links:
            rows = ((one, self._resolver.resolve(path, one)) for one in self.view.facts(path).imports)
            self._links[path] = tuple(
                Linked(one.module, one.names, paths, one.line, _takes_all(one.names, paths))
                for one, paths in rows
                if paths
            )
        return self._links[path]

    def sources(self, path: str, name: str) -> frozenset[str]:
        """The files that the top-level `name`, as it is used in `path`, may come from: itself first of all."""
        key = (path, name)
        if key not in self._sources:
            self._sources[key] = frozenset(self._walk(path, name))
        return self._sources[key]

    def leads(self, path: str, name: str, to: str) -> bool:
        """Whether `name`, as it is used in `path`, may by its imports be what the file `to` defines.

        `name` is qualified: a member counts as soon as the file of its type is imported.
        """
        outer, _, member = name.partition(".")
        if path == to or self.together(path, to) or (member and to in self._direct(path)):
            return True
        named = not member or outer in self.view.facts(path).idents
        return named and to in self.sources(path, outer)

    def _direct(self, path: str) -> frozenset[str]:
        if path not in self._imported:
            self._imported[path] = frozenset(to for one in self.of(path) for to in one.paths)
        return self._imported[path]

    def together(self, one: str, other: str) -> bool:
        """Whether the files see each other without an import."""
        docs = self.view.docs
        language = docs[one].language
        if language != docs[other].language or language not in _SHARED_FOLDER:
            return False
        return _package(one) == _package(other)

    def importers(self, path: str) -> tuple[dict[str, Linked], int]:
        """(the files that import `path`, each by its import; how many that may were not read)"""
        found = {}
        candidates = self._candidates(path)
        for other in candidates[:MOST_READ]:
            link = next((one for one in self.of(other) if path in one.paths), None)
            if link and other != path:
                found[other] = link
        return found, max(0, len(candidates) - MOST_READ)

    def _walk(self, path: str, name: str) -> Iterator[str]:
        seen, edge = {path}, [path]
        yield path
        for hop in range(HOPS):
            edge = [to for here in edge for to in self._next(here, name, first=hop == 0) if to not in seen]
            seen.update(edge)
            yield from edge
            yield from (source for header in edge if header.endswith(_HEADERS) for source in self._bodies(header))

    def _next(self, path: str, name: str, first: bool) -> Iterator[str]:
        """Where an import of `name` goes on: a whole module only where it is used, or where all is handed on."""
        through = first or self.view.docs[path].language in _INCLUDED
        for link in self.of(path):
            if name in link.names or "*" in link.names or (link.whole and through):
                yield from link.paths

    def _bodies(self, header: str) -> Iterator[str]:
        """cart.c and cart.cpp, for what cart.h declares."""
        stem = stem_of(header)
        for ending in (".c", ".cc", ".cpp", ".cxx"):
            yield from self._resolver.tree.named(f"{stem}{ending}")

    def _candidates(self, path: str) -> list[str]:
        """Files that may import this one: all of a small tree, else those that name it or what it defines."""
        language = self.view.docs[path].language
        family = _SCRIPTS if language in _SCRIPTS else _INCLUDED if language in _INCLUDED else (language,)
        alike = [doc.path for doc in self.view.docs.values() if doc.language in family]
        if len(alike) <= FEW_FILES:
            return alike
        stem = stem_of(path)
        names = [name_of(folder_of(path)) if stem in _INDEXES else stem.partition(".")[0]]
        names += [one.name for one in self.view.facts(path).symbols if not one.owner][:MOST_NAMES]
        docs = {doc for name in dict.fromkeys(names) if name for doc, _ in self.view.postings("name", name)}
        return sorted((one for doc in docs for one in self.view.paths(doc)), key=lambda one: (-shared(one, path), one))


def _takes_all(names: tuple[str, ...], paths: tuple[str, ...]) -> bool:
    """`import cart`, `from shop import cart` where that is a file, `import cart from "./cart"`."""
    stems = {name_of(folder_of(path)) if stem_of(path) in _INDEXES else stem_of(path) for path in paths}
    return not names or any(name in _WHOLE or name in stems for name in names)


def _package(path: str) -> str:
    """A package's folder, the same for its tests under another root (src/test/java/com/shop)."""
    folder = folder_of(path)
    for root in ("/java/", "/kotlin/"):
        if root in f"/{folder}/":
            return f"/{folder}/".rpartition(root)[2]
    return f"/{folder}/"
